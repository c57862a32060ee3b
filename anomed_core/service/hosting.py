"""Open a challenge: ask its owner what it declares, judge that, and fix its fingerprint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import pluggy

from anomed_core.errors import CULPRIT_NOTE, ContractError
from anomed_core.hookspecs.creation import CreationContext, TakenPoint
from anomed_core.ledger import Provenance
from anomed_core.model import (
    Account,
    BothRoles,
    Challenge,
    ChallengePages,
    ChallengeSpec,
    DataProduct,
    FinalScores,
    ForeignProtocol,
    HouseAttack,
    HouseEntry,
    Metric,
    Operation,
    Phase,
    ShownRanking,
    Split,
    SubmissionKind,
)
from anomed_core.plugins import LoadedType, PluginRegistry
from anomed_core.plugins.diagnosis import (
    Implementation,
    blamed_on,
    place_of,
    place_of_function,
)
from anomed_core.sampling import Lottery
from anomed_core.service.declared_parts import attacked_by, declared_parts
from anomed_core.service.fingerprint import fingerprint_of, settings_digest
from anomed_core.service.ranking.asked_rankings import declared_entries, declared_rankings
from anomed_core.service.ranking.declared_metrics import declared_attacks, declared_metrics
from anomed_core.service.ranking.declared_rankings import Declarations, ResolvedRanking
from anomed_core.state import ArtifactStore
from anomed_core.version import __version__


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
    operations
        Declared operations.
    accounts
        What operations are paid from, by name.
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
    protocols
        How what is below a path is written, by that path.
    added
        Extensions whose products, kinds and operations these are, by path and by the kind's name.
    involved
        Who knows of an added kind, by its name: who declared it, or a metric of it.
    phases
        When submissions for each split are taken.
    shown
        Who sees the rankings, and from when.
    pages
        What stands on its first page.
    both_roles
        Whether one team may hold tokens of both roles.
    finals
        Whether scores of finals are sealed until they close; ``None`` if its kinds decide.
    taken
        What it is made with that other distributions offer.
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
    operations: tuple[Operation, ...]
    accounts: Mapping[str, Account]
    metrics: Mapping[str, tuple[Metric, ...]]
    house_attacks: tuple[HouseAttack, ...]
    house_entries: tuple[HouseEntry, ...]
    rankings: tuple[ResolvedRanking, ...]
    extra_routes: Mapping[str, Any]
    protocols: Mapping[str, ForeignProtocol]
    added: Mapping[str, str]
    involved: Mapping[str, frozenset[str]]
    phases: Mapping[Split, Phase]
    shown: ShownRanking
    pages: ChallengePages
    both_roles: BothRoles
    finals: FinalScores | None
    taken: tuple[TakenPoint, ...]
    fingerprint: str
    settings_digest: str
    registry: PluginRegistry = attrs.field(repr=False, eq=False)

    @property
    def id(self) -> str:
        """Identifier of the challenge."""
        return self.challenge.id

    def plugin_of(self, name: str) -> str:
        """Return who declared a product, kind or operation, by its path or the kind's name."""
        return self.added.get(name, self.type.plugin_name)

    def knows(self, plugin: str, kind: str) -> bool:
        """Return whether a plugin can know what the submissions of a kind are.

        Everybody knows the owner's kinds; those of an extension are known to whoever declared them,
        or a metric of them. Nobody knows those that are not declared any more.
        """
        return kind in self.metrics and plugin in self.involved.get(kind, {plugin})

    @property
    def provenance(self) -> Provenance:
        """Which code the challenge is of."""
        return self.provenance_of("")

    def provenance_of(self, kind: str) -> Provenance:
        """Return which code scores a kind: of the owner's, what it has taken of others, too."""
        plugin = self.plugin_of(kind)
        info = self.registry.info(plugin)
        versions = {info.version: None} if info else {}
        if plugin == self.type.plugin_name:
            versions |= {point.distribution: None for point in self.taken}
        return Provenance(
            core_version=__version__, plugin=plugin, plugin_version=" + ".join(versions)
        )

    @property
    def attacks_by_itself(self) -> bool:
        """Whether there are house attacks that run after scores."""
        return not all(attack.on_request for attack in self.house_attacks)

    @property
    def attacked_kinds(self) -> tuple[str, ...]:
        """What attackers are handed that name nothing else: the owner's kinds of anonymizers."""
        return tuple(
            kind.name for kind in self.kinds if kind.is_attackable and kind.name not in self.added
        )

    def attacked_by(self, attack: SubmissionKind | DataProduct) -> tuple[str, ...]:
        """Return the names of the kinds whose submissions an attack, or a product, is handed."""
        kinds = [(self.plugin_of(other.name), other) for other in self.kinds]
        return tuple(other.name for other in attacked_by(attack, kinds, self.type.plugin_name))

    def kind(self, name: str) -> SubmissionKind:
        """Return a submission kind by its name."""
        return next(kind for kind in self.kinds if kind.name == name)

    def operation(self, name: str) -> Operation:
        """Return an operation by its name."""
        return next(operation for operation in self.operations if operation.name == name)

    def kinds_at(self, path: str) -> list[SubmissionKind]:
        """Return the submission kinds that share a path."""
        return [kind for kind in self.kinds if kind.path == path]

    def hook(self, name: str, about: str = "") -> pluggy.HookCaller:
        """Return the caller of a hook for this challenge's type.

        Parameters
        ----------
        name
            Name of the hook.
        about
            Path of the product, or name of the kind, that the hook is about: who declared it is
            asked, and who knows of it may wrap the answer.
        """
        return self.registry.caller(
            self.challenge.type,
            name,
            declarer=self.plugin_of(about),
            among=self.involved.get(about),
        )

    def answering(self, name: str, about: str) -> Implementation | None:
        """Return what answers a hook about a product or kind, if its plugin implements it."""
        implementations = self.registry.implementations(name, self.challenge.type)
        declarer = self.plugin_of(about)
        return next((one for one in implementations if one.plugin_name == declarer), None)

    def blame(self, name: str, about: str, function: object = None) -> str:
        """Return a note about who gave what is wrong: a declared function, or who answers a hook.

        Parameters
        ----------
        name
            Name of the hook.
        about
            Path of the product, or name of the kind, that the hook is about.
        function
            What was declared to give it, if anything was.
        """
        answering = self.answering(name, about)
        noted = place_of_function(function) or (place_of(answering) if answering else "")
        return noted or f"{CULPRIT_NOTE} {self.plugin_of(about)!r}"


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
    with blamed_on(registry.label(loaded.plugin_name), spec.id):
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
    parts = declared_parts(challenge, registry)
    kinds = tuple(kind for _, kind in parts.kinds)
    metrics = declared_metrics(challenge, registry, parts.kinds)
    attacks = declared_attacks(challenge, registry, metrics.by_kind)
    entries = declared_entries(challenge, registry, kinds, attacks)
    added = parts.added_to(loaded.plugin_name)
    context.close()
    declared = Declarations(
        kinds=kinds, metrics=metrics.by_kind, attacks=attacks, entries=entries, added=added
    )
    return HostedChallenge(
        challenge=challenge,
        type=loaded,
        products={product.path: product for _, product in parts.products},
        kinds=kinds,
        operations=tuple(operation for _, operation in parts.operations),
        accounts=parts.accounts,
        metrics=metrics.by_kind,
        house_attacks=attacks,
        house_entries=entries,
        rankings=declared_rankings(challenge, registry, declared),
        extra_routes=parts.extra_routes,
        protocols={protocol.prefix: protocol for _, protocol in parts.protocols},
        added=added,
        involved=metrics.involved,
        phases=spec.phases,
        shown=spec.ranking,
        pages=spec.pages,
        both_roles=spec.both_roles or loaded.type.both_roles,
        finals=spec.finals,
        taken=context.taken,
        fingerprint=fingerprint_of(
            loaded.type.name, spec.config, context, metrics.by_kind, attacks
        ),
        settings_digest=settings_digest(spec.config),
        registry=registry,
    )
