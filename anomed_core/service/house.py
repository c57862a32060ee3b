"""The house: all challenges of a server with the ledger, the engine and the state they share."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable, Mapping
from typing import Any

import attrs
import structlog

from anomed_core.config import ChallengeTable, ServerSettings, structure
from anomed_core.engine import Engine, InlineEngine
from anomed_core.errors import ConfigError, PluginBrokenError
from anomed_core.ledger import Ledger, Quota, SqlLedger
from anomed_core.model import ChallengeSpec, ChallengeType
from anomed_core.plugins import PluginRegistry
from anomed_core.service.desk import SubmissionDesk
from anomed_core.service.hosting import HostedChallenge, open_challenge
from anomed_core.state import StateDirectory
from anomed_core.state.payloads import PayloadStore

log = structlog.get_logger(__name__)

_LEASE_MARGIN_S = 30.0


@attrs.frozen(kw_only=True)
class House:
    """Everything that a server needs to answer requests.

    Attributes
    ----------
    challenges
        Hosted challenges by id.
    ledger, desk, state, settings, registry
        What they share.
    """

    challenges: Mapping[str, HostedChallenge]
    ledger: Ledger
    desk: SubmissionDesk
    state: StateDirectory
    settings: ServerSettings
    registry: PluginRegistry

    def close(self) -> None:
        """Release what is held open."""
        self.desk.engine.close()
        self.ledger.close()


def open_house(
    specs: Iterable[ChallengeSpec],
    *,
    registry: PluginRegistry,
    settings: ServerSettings | None = None,
    accept_change: bool = False,
    environment: Mapping[str, str] = os.environ,
) -> House:
    """Open challenges, ledger and engine.

    Parameters
    ----------
    specs
        The challenges.
    registry
        Holds their types.
    settings
        What the organiser decided about the server.
    accept_change
        Whether a challenge may have other data or metrics than its recorded scores.
    environment
        ``ANOMED_SECRET`` is read from it.

    Returns
    -------
    House
        Close it in the end.

    Raises
    ------
    UsageError
        If something an organiser decided is wrong.
    LedgerMismatchError
        If the ledger belongs to other data or metrics.
    """
    settings = settings or ServerSettings()
    state = StateDirectory(settings.state)
    secret = state.secret(environment.get("ANOMED_SECRET"))
    hosted: dict[str, HostedChallenge] = {}
    for spec in specs:
        if spec.id in hosted:
            raise ConfigError(f"challenges.{spec.id}", "the id is used twice")
        if spec.seed is not None:
            log.warning(
                "this challenge has a fixed seed: whoever knows it can compute the ground truth",
                challenge=spec.id,
                seed=spec.seed,
            )
        hosted[spec.id] = open_challenge(
            spec, registry=registry, secret=secret, artifacts=state.artifacts
        )
    if not hosted:
        raise ConfigError("challenges", "there is none; add a table [challenges.<id>]")
    ledger = SqlLedger(settings.ledger or state.ledger_url)
    for challenge in hosted.values():
        ledger.open_challenge(challenge.id, challenge.fingerprint, accept_change=accept_change)
    return House(
        challenges=hosted,
        ledger=ledger,
        desk=SubmissionDesk(
            ledger=ledger,
            engine=_engine(),
            payloads=PayloadStore(state.payloads),
            limits=settings.limits,
            quota=_quota(settings),
            lease_s=settings.evaluation_timeout_s + _LEASE_MARGIN_S,
        ),
        state=state,
        settings=settings,
        registry=registry,
    )


def _engine() -> Engine:
    return InlineEngine()


def _quota(settings: ServerSettings) -> Quota | None:
    if not settings.quota.tuning_attempts:
        return None
    return Quota(attempts=settings.quota.tuning_attempts, period_s=settings.quota.period_s)


def specs_from_tables(
    tables: Iterable[ChallengeTable], registry: PluginRegistry
) -> list[ChallengeSpec]:
    """Load the types that a configuration names and structure their options.

    Raises
    ------
    PluginError
        If a type cannot be loaded.
    ConfigError
        If an option is wrong.
    """
    specs = []
    for table in tables:
        challenge_type = _loaded(table.type, registry)
        specs.append(
            ChallengeSpec(
                id=table.id,
                type=challenge_type.name,
                title=table.title,
                description=table.description,
                seed=table.seed,
                config=structure(
                    table.options, config_class(challenge_type), key=f"challenges.{table.id}"
                ),
            )
        )
    return specs


def _loaded(name: str, registry: PluginRegistry) -> ChallengeType:
    loaded = {known.type.name: known.type for known in registry.types}
    if name in loaded:
        return loaded[name]
    challenge_type = registry.load(name)
    if challenge_type is None:
        raise PluginBrokenError(f"plugin {name!r} is an extension; it owns no challenge type")
    return challenge_type


def demo_table(challenge_type: ChallengeType) -> ChallengeTable:
    """Return the challenge that a type is served with when there is no configuration."""
    options: dict[str, Any] = dict(challenge_type.demo_config)
    return ChallengeTable(
        id=options.pop("id", challenge_type.name),
        type=challenge_type.name,
        title=options.pop("title", challenge_type.title),
        description=options.pop("description", challenge_type.description),
        options=options,
    )


def config_class(challenge_type: ChallengeType) -> type[Any]:
    """Return a type's config class, importing it if it was announced by name.

    Raises
    ------
    PluginBrokenError
        If there is no such class or it is no attrs class.
    """
    found: Any = challenge_type.config_class
    if isinstance(found, str):
        module, _, name = found.partition(":")
        try:
            found = getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError) as error:
            raise PluginBrokenError(
                f"challenge type {challenge_type.name!r} names the config class "
                f"{challenge_type.config_class!r}, which cannot be imported: {error}"
            ) from error
    if not attrs.has(found):
        raise PluginBrokenError(
            f"challenge type {challenge_type.name!r}: its config class must be an attrs class"
        )
    cls: type[Any] = found
    return cls
