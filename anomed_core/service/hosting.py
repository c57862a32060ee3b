"""Open a challenge: ask its owner what it declares, judge that, and fix its fingerprint."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs
import pluggy

from anomed_core.errors import (
    AnomedError,
    ConfigError,
    ContractError,
    PluginBrokenError,
    PluginConflictError,
)
from anomed_core.hookspecs.creation import CreationContext
from anomed_core.ledger import Provenance
from anomed_core.model import (
    BothRoles,
    Challenge,
    ChallengeSpec,
    DataProduct,
    HouseAttack,
    HouseEntry,
    Metric,
    Phase,
    Purpose,
    Role,
    ShownRanking,
    Split,
    SubmissionKind,
)
from anomed_core.plugins import (
    LoadedType,
    PluginRegistry,
    collected,
    one_line,
)
from anomed_core.sampling import Lottery
from anomed_core.service.fingerprint import fingerprint_of, settings_digest
from anomed_core.service.ranking.declared_metrics import (
    KINDS,
    blamed_kind,
    blaming,
    declared_attacks,
    declared_metrics,
    refuse_twins,
)
from anomed_core.service.ranking.declared_rankings import (
    Declarations,
    ResolvedRanking,
    declared_entries,
    declared_rankings,
)
from anomed_core.state import ArtifactStore
from anomed_core.version import __version__

_PRODUCTS = "anomed_data_products"


@attrs.frozen(kw_only=True)
class HostedChallenge:
    """An open challenge with everything its plugin declared.

    Attributes
    ----------
    challenge
        What hooks receive.
    type
        Its type and the plugin that owns it.
    products
        Declared data products by path.
    kinds
        Declared submission kinds.
    metrics
        Declared metrics by name of the kind, in declared order.
    house_attacks
        Attacks that the server runs.
    house_entries
        What the house enters itself.
    rankings
        Who wins; the headline first.
    extra_routes
        Resources by relative path.
    phases
        When submissions for each split are taken.
    shown
        Who sees the rankings, and from when.
    both_roles
        Whether one team may hold tokens of both roles.
    fingerprint
        Digest of data, draws, declarations and the settings that decide scores.
    settings_digest
        Digest of all settings of its type.
    registry
        Where its hooks are asked.
    """

    challenge: Challenge
    type: LoadedType
    products: Mapping[str, DataProduct]
    kinds: tuple[SubmissionKind, ...]
    metrics: Mapping[str, tuple[Metric, ...]]
    house_attacks: tuple[HouseAttack, ...]
    house_entries: tuple[HouseEntry, ...]
    rankings: tuple[ResolvedRanking, ...]
    extra_routes: Mapping[str, Any]
    phases: Mapping[Split, Phase]
    shown: ShownRanking
    both_roles: BothRoles
    fingerprint: str
    settings_digest: str
    registry: PluginRegistry = attrs.field(repr=False, eq=False)

    @property
    def id(self) -> str:
        """Identifier of the challenge."""
        return self.challenge.id

    @property
    def provenance(self) -> Provenance:
        """Which code scores it."""
        info = self.type.info
        return Provenance(
            core_version=__version__,
            plugin=self.type.plugin_name,
            plugin_version=info.version if info else "",
        )

    @property
    def attacks_by_itself(self) -> bool:
        """Whether there are house attacks that run after scores."""
        return not all(attack.on_request for attack in self.house_attacks)

    @property
    def attacked_kinds(self) -> tuple[SubmissionKind, ...]:
        """What attackers may be handed: the owner's kinds that anonymizers submit."""
        return tuple(
            kind
            for kind in self.kinds
            if kind.purpose is Purpose.UTILITY and kind.submitter is Role.ANONYMIZER
        )

    def kind(self, name: str) -> SubmissionKind:
        """Return a submission kind by its name."""
        return next(kind for kind in self.kinds if kind.name == name)

    def kinds_at(self, path: str) -> list[SubmissionKind]:
        """Return the submission kinds that share a path."""
        return [kind for kind in self.kinds if kind.path == path]

    def hook(self, name: str) -> pluggy.HookCaller:
        """Return the caller of a hook for this challenge's type."""
        return self.registry.caller(self.challenge.type, name)


def open_challenge(
    spec: ChallengeSpec, *, registry: PluginRegistry, secret: bytes, artifacts: ArtifactStore
) -> HostedChallenge:
    """Create a challenge and collect its declarations.

    Parameters
    ----------
    spec
        What the organiser decided.
    registry
        Holds the challenge's type.
    secret
        The server's secret.
    artifacts
        Where frozen arrays are kept.

    Returns
    -------
    HostedChallenge
        Ready to be served.

    Raises
    ------
    ConfigError
        If the configuration does not suit the type.
    PluginBrokenError
        If a hook raises or returns what its specification does not allow.
    PluginConflictError
        If two declarations claim one route or one metric; the message names both.
    """
    loaded = registry.challenge_type(spec.type)
    lottery = (
        Lottery(secret, f"challenge {spec.id}")
        if spec.seed is None
        else Lottery.seeded(spec.seed, f"challenge {spec.id}")
    )
    context = CreationContext(
        challenge_id=spec.id,
        lottery=lottery,
        artifacts=artifacts,
        sources=registry.data_sources(),
        settings=settings_digest(spec.config),
    )
    try:
        challenge = Challenge(
            id=spec.id,
            type=loaded.type.name,
            title=spec.title or loaded.type.title,
            description=spec.description or loaded.type.description,
            definition=_created(spec, loaded, registry, context),
            config=spec.config,
            lottery=lottery,
        )
        return _declared(challenge, loaded, registry, context, spec)
    except ContractError as error:
        raise PluginBrokenError(
            f"challenge {spec.id!r}: {loaded.info or loaded.plugin_name}: {error}"
        ) from error
    except ConfigError as error:
        raise error.of_challenge(spec.id) from error
    except AnomedError:
        raise
    except Exception as error:
        raise PluginBrokenError(
            f"challenge {spec.id!r}: {loaded.info or loaded.plugin_name} raised {one_line(error)}"
        ) from error


def _created(
    spec: ChallengeSpec, loaded: LoadedType, registry: PluginRegistry, context: CreationContext
) -> Any:
    definition = registry.caller(loaded.type.name, "anomed_create_challenge")(
        type_name=loaded.type.name, config=spec.config, context=context
    )
    if definition is None:
        raise ContractError("anomed_create_challenge returned None")
    return definition


def _declared(
    challenge: Challenge,
    loaded: LoadedType,
    registry: PluginRegistry,
    context: CreationContext,
    spec: ChallengeSpec,
) -> HostedChallenge:
    name = loaded.type.name

    def owners(hook: str, expected: type) -> list[Any]:
        results = registry.caller(name, hook)(challenge=challenge)
        return collected(results, expected, hook)

    products = [
        attrs.evolve(product, data=blaming(product.data, loaded.plugin_name, _PRODUCTS))
        for product in owners(_PRODUCTS, DataProduct)
    ]
    kinds = [blamed_kind(kind, loaded.plugin_name) for kind in owners(KINDS, SubmissionKind)]
    extra_routes = _merged(registry.caller(name, "anomed_extra_routes")(challenge=challenge))
    _refuse_shared_paths(
        [(product.path, f"data product {product.path}") for product in products]
        + _paths_of_kinds(kinds)
        + [(path, f"extra route {path}") for path in extra_routes]
    )
    refuse_twins([(kind.name, f"submission kind {kind.name!r}") for kind in kinds])
    _refuse_unattackable(kinds)
    metrics = declared_metrics(challenge, registry, kinds)
    attacks = declared_attacks(challenge, registry, metrics)
    entries = declared_entries(challenge, registry, kinds, attacks)
    declared = Declarations(kinds=kinds, metrics=metrics, attacks=attacks, entries=entries)
    return HostedChallenge(
        challenge=challenge,
        type=loaded,
        products={product.path: product for product in products},
        kinds=tuple(kinds),
        metrics=metrics,
        house_attacks=attacks,
        house_entries=entries,
        rankings=declared_rankings(challenge, registry, declared),
        extra_routes=extra_routes,
        phases=spec.phases,
        shown=spec.ranking,
        both_roles=spec.both_roles or loaded.type.both_roles,
        fingerprint=fingerprint_of(name, spec.config, context, metrics, attacks),
        settings_digest=settings_digest(spec.config),
        registry=registry,
    )


def _refuse_unattackable(kinds: Sequence[SubmissionKind]) -> None:
    """Refuse attacks that could never be scored, since nothing is kept that they need."""
    kept: set[Split] = set()
    for kind in kinds:
        if kind.purpose is Purpose.UTILITY and kind.submitter is Role.ANONYMIZER:
            kept |= kind.keeps & set(kind.splits)
    for kind in kinds:
        missing = [split for split in kind.splits if split not in kept]
        if kind.with_target and (missing if kind.same_split else not kept):
            raise ContractError(
                f"the submission kind {kind.name!r} attacks what an anonymizer has submitted, but "
                f"no kind of anonymizers keeps that for {' and '.join(missing)}; declare one that "
                "does, or with_target=False for attacks that need none"
            )


def _merged(results: Iterable[Any]) -> dict[str, Any]:
    routes: dict[str, Any] = {}
    for result in results:
        if not isinstance(result, Mapping):
            raise ContractError(
                f"anomed_extra_routes must return a mapping, got {type(result).__name__}"
            )
        for path, resource in result.items():
            if not isinstance(path, str) or not path.startswith("/"):
                raise ContractError(f"extra routes start with a slash, got {path!r}")
            routes[path] = resource
    return routes


def _paths_of_kinds(kinds: Sequence[SubmissionKind]) -> list[tuple[str, str]]:
    """Return who claims which path; kinds told apart by a selector share one claim."""
    claims = []
    first: dict[tuple[str, str], SubmissionKind] = {}
    for kind in kinds:
        chosen_by = kind.selector[0] if kind.selector else f"={kind.name}"
        if (kind.path, chosen_by) not in first:
            first[kind.path, chosen_by] = kind
            claims.append((kind.path, f"submission kind {kind.name!r}"))
    return claims


def _refuse_shared_paths(claims: list[tuple[str, str]]) -> None:
    taken: dict[str, str] = {}
    for path, claimant in claims:
        if path in taken:
            raise PluginConflictError(
                f"the route {path} is claimed twice: by {taken[path]} and by {claimant}"
            )
        taken[path] = claimant
