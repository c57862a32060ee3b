"""The contract between the core and its plugins: hook specifications of API 1.

A plugin is a module (or an object) that sets ``ANOMED_API = 1`` and holds functions marked with
`anomed_core.hookimpl`. Arguments are frozen value objects and never web requests, so every hook can
be called from a unit test. An implementation may leave out arguments that it does not need.

Who is called is part of each contract:

*owner*
    Only the plugin that announced the challenge's type. Extensions may wrap the call
    (``@hookimpl(wrapper=True)``) but not answer it.
*declarer*
    Only the plugin that declared the data product or the submission kind which the hook is about:
    the owner of the type, or an extension for what it has added. Extensions may wrap the call; the
    evaluation of an added kind is wrapped only by those who declare a metric of it, as nobody else
    knows that there is such a kind.
*owner and extensions*
    The owner first, then every loaded extension; other challenge types are never asked. Products,
    submission kinds, operations, baselines and rankings of the owner may be wrapped, too.
*everybody*
    Every loaded plugin.

What happens when an implementation raises is part of each contract, too. *Refuses to start* means
that ``anomed serve`` ends with one line naming the plugin and exit code 2. *Our fault* means that
the participant gets a 503 with an id, keeps the attempt, and the log holds the traceback.
"""

from __future__ import annotations

from anomed_core.hookspecs._markers import API, OLDEST_API, PROJECT, hookimpl, hookspec
from anomed_core.hookspecs.announcing import (
    anomed_challenge_types,
    anomed_create_challenge,
)
from anomed_core.hookspecs.around import (
    anomed_authorize,
    anomed_baselines,
    anomed_cli_commands,
    anomed_data_sources,
    anomed_deliver_score,
    anomed_environments,
    anomed_extra_routes,
    anomed_health,
    anomed_protocols,
    anomed_report,
    anomed_score_recorded,
)
from anomed_core.hookspecs.calling import anomed_operations
from anomed_core.hookspecs.data_provision import (
    anomed_data_products,
    anomed_dummy_data,
    anomed_provide_data,
)
from anomed_core.hookspecs.order_of_play import anomed_house_entries, anomed_rankings
from anomed_core.hookspecs.threat_evaluation import (
    anomed_evaluate_threat,
    anomed_house_attacks,
)
from anomed_core.hookspecs.utility_evaluation import (
    anomed_evaluate_utility,
    anomed_metrics,
    anomed_submission_kinds,
    anomed_validate_submission,
)

__all__ = [
    "API",
    "OLDEST_API",
    "PROJECT",
    "anomed_authorize",
    "anomed_baselines",
    "anomed_challenge_types",
    "anomed_cli_commands",
    "anomed_create_challenge",
    "anomed_data_products",
    "anomed_data_sources",
    "anomed_deliver_score",
    "anomed_dummy_data",
    "anomed_environments",
    "anomed_evaluate_threat",
    "anomed_evaluate_utility",
    "anomed_extra_routes",
    "anomed_health",
    "anomed_house_attacks",
    "anomed_house_entries",
    "anomed_metrics",
    "anomed_operations",
    "anomed_protocols",
    "anomed_provide_data",
    "anomed_rankings",
    "anomed_report",
    "anomed_score_recorded",
    "anomed_submission_kinds",
    "anomed_validate_submission",
    "hookimpl",
    "hookspec",
]
