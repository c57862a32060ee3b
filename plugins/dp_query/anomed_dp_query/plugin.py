"""The challenge type ``dp-query``: the hooks, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from anomed_core import Challenge, ChallengeType, CreationContext, DataProduct, hookimpl

if TYPE_CHECKING:
    from anomed_dp_query.challenge.arena import Arena

ANOMED_API = 1

NAME = "dp-query"


@hookimpl
def anomed_challenge_types() -> list[ChallengeType]:
    """Announce questions to hidden tables."""
    return [
        ChallengeType(
            name=NAME,
            title="Questions to hidden tables",
            description="Anonymizers ask tables that nobody sees, within a budget of privacy; "
            "deanonymizers find out who is in them from what was answered.",
            config_class="anomed_dp_query.challenge.config:DpQueryConfig",
            both_roles="refuse",
            is_drawn=False,
            demo_config={
                "id": "hospital",
                "title": "Hospital register",
                "datasets": {"REGISTER": {"source": "simulated:hospital-register?n=5000&seed=7"}},
            },
        )
    ]


@hookimpl
def anomed_create_challenge(config: Any, context: CreationContext) -> Arena:
    """Load the tables, once for all workers."""
    from anomed_dp_query.challenge.arena import open_arena

    return open_arena(config, context)


@hookimpl
def anomed_data_products(challenge: Challenge) -> list[DataProduct]:
    """Hand out what is public about the tables."""
    from anomed_dp_query.challenge.products import data_products

    return data_products(challenge.definition)
