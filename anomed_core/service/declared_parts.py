"""What a challenge hands out, takes and answers, and whose: all that has a path."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from anomed_core.errors import ContractError, PluginConflictError
from anomed_core.model import (
    Account,
    Challenge,
    DataProduct,
    ForeignProtocol,
    Operation,
    Split,
    SubmissionKind,
)
from anomed_core.plugins import PluginRegistry, declared
from anomed_core.plugins.diagnosis import blamed_on, noting_culprit
from anomed_core.service.ranking.declared_metrics import KINDS, blamed_kind, blaming, refuse_twins

_PRODUCTS = "anomed_data_products"
_OPERATIONS = "anomed_operations"


@attrs.frozen(kw_only=True)
class Parts:
    """What the owner of a type and extensions declare about a challenge.

    Attributes
    ----------
    products
        Data products and their plugins.
    kinds
        Submission kinds and their plugins.
    operations
        Operations and their plugins.
    extra_routes
        The owner's resources by relative path.
    protocols
        How what is below a path is written, and their plugins.
    """

    products: Sequence[tuple[str, DataProduct]]
    kinds: Sequence[tuple[str, SubmissionKind]]
    operations: Sequence[tuple[str, Operation]]
    extra_routes: Mapping[str, Any]
    protocols: Sequence[tuple[str, ForeignProtocol]]

    def added_to(self, owner: str) -> dict[str, str]:
        """Return the plugin of each path and each kind's name that is not the owner's."""
        named = [(plugin, product.path) for plugin, product in self.products]
        named += [(plugin, protocol.prefix) for plugin, protocol in self.protocols]
        named += [(plugin, operation.path) for plugin, operation in self.operations]
        named += [(plugin, name) for plugin, kind in self.kinds for name in (kind.name, kind.path)]
        return {name: plugin for plugin, name in named if plugin != owner}

    @property
    def accounts(self) -> dict[str, Account]:
        """What operations are paid from, by name."""
        return {
            account.name: account
            for _, operation in self.operations
            for account in operation.accounts
        }

    def paths(self, owner: str) -> list[tuple[str, str]]:
        """Return every path, and the plugin that declares it."""
        named = [(product.path, plugin) for plugin, product in self.products]
        named += [(kind.path, plugin) for plugin, kind in self.kinds]
        named += [(operation.path, plugin) for plugin, operation in self.operations]
        return [*((path, owner) for path in self.extra_routes), *named]


def declared_parts(challenge: Challenge, registry: PluginRegistry) -> Parts:
    """Ask for all that has a route, and refuse what does not fit together.

    Raises
    ------
    PluginBrokenError
        If a hook raises or returns what its specification does not allow.
    PluginConflictError
        If two declarations claim one route or one name; the message names both.
    """
    products = [
        (plugin, attrs.evolve(product, data=blaming(product.data, plugin, _PRODUCTS)))
        for plugin, product in declared(registry, challenge, _PRODUCTS, DataProduct)
    ]
    kinds = [
        (plugin, blamed_kind(kind, plugin))
        for plugin, kind in declared(registry, challenge, KINDS, SubmissionKind)
    ]
    operations = [
        (plugin, _blamed_operation(operation, plugin))
        for plugin, operation in declared(registry, challenge, _OPERATIONS, Operation)
    ]
    owner = registry.challenge_type(challenge.type).plugin_name
    routes = _merged(registry.caller(challenge.type, "anomed_extra_routes")(challenge=challenge))
    parts = Parts(
        products=products, kinds=kinds, operations=operations, extra_routes=routes, protocols=()
    )
    _refuse_clashes(parts, registry, owner)
    for plugin, kind in kinds:
        with blamed_on(registry.label(plugin), challenge.id):
            _refuse_unattackable(kind, attacked_by(kind, kinds, owner))
    for plugin, product in products:
        with blamed_on(registry.label(plugin), challenge.id):
            attacked_by(product, kinds, owner)
    _refuse_unfit_accounts(parts, registry, challenge.id)
    return attrs.evolve(parts, protocols=_protocols(challenge, registry, parts.paths(owner)))


def _refuse_clashes(parts: Parts, registry: PluginRegistry, owner: str) -> None:
    """Refuse two declarations of one route, or of one name."""
    label = registry.label
    _refuse_shared_paths(
        [
            *((p.path, f"data product {p.path}", label(who)) for who, p in parts.products),
            *_paths_of_kinds(registry, parts.kinds),
            *((o.path, f"operation {o.name!r}", label(who)) for who, o in parts.operations),
            *((path, f"extra route {path}", label(owner)) for path in parts.extra_routes),
        ]
    )
    refuse_twins((k.name, f"submission kind {k.name!r}", label(who)) for who, k in parts.kinds)
    refuse_twins((o.name, f"operation {o.name!r}", label(who)) for who, o in parts.operations)


def _refuse_unfit_accounts(parts: Parts, registry: PluginRegistry, challenge: str) -> None:
    """Refuse two accounts of one name, and to require one that nobody declares."""
    for plugin, operation in parts.operations:
        with blamed_on(registry.label(plugin), challenge):
            for account in operation.accounts:
                if account != parts.accounts[account.name]:
                    raise ContractError(
                        f"the operation {operation.name!r} declares the account {account.name!r} "
                        "otherwise than another operation; declare it once and use it in both"
                    )
    required = [(plugin, one.path, one.requires_sealed) for plugin, one in parts.products]
    required += [(plugin, one.path, one.requires_sealed) for plugin, one in parts.kinds]
    required += [(plugin, one.path, one.requires_sealed) for plugin, one in parts.operations]
    for plugin, path, name in required:
        if name and name not in parts.accounts:
            with blamed_on(registry.label(plugin), challenge):
                raise ContractError(
                    f"{path} requires the account {name!r} to be sealed, which no operation "
                    f"declares; declared are {sorted(parts.accounts)}"
                )


def _protocols(
    challenge: Challenge, registry: PluginRegistry, paths: Iterable[tuple[str, str]]
) -> list[tuple[str, ForeignProtocol]]:
    """Return protocols and plugins; each is spoken at one's own paths, and below no other one."""
    protocols: list[tuple[str, ForeignProtocol]] = []
    for plugin, protocol in declared(registry, challenge, "anomed_protocols", ForeignProtocol):
        claimed = [
            (path, whose)
            for path, whose in paths
            if whose != plugin and is_below(path, protocol.prefix)
        ]
        claimed += [
            (other.prefix, whose)
            for whose, other in protocols
            if is_below(other.prefix, protocol.prefix) or is_below(protocol.prefix, other.prefix)
        ]
        for path, whose in claimed:
            raise PluginConflictError(
                f"the protocol below {protocol.prefix} of {registry.label(plugin)} would write "
                f"for {path} of {registry.label(whose)}; give it another prefix"
            )
        protocols.append((plugin, protocol))
    return protocols


def is_below(path: str, prefix: str) -> bool:
    """Return whether a path is a prefix itself, or below it.

    Examples
    --------
    >>> is_below("/other/a", "/other"), is_below("/others", "/other")
    (True, False)
    """
    return path == prefix or path.startswith(f"{prefix}/")


def _blamed_operation(operation: Operation, plugin: str) -> Operation:
    """Return an operation whose functions are blamed on its plugin when they raise."""
    return attrs.evolve(
        operation,
        run=noting_culprit(operation.run, plugin, _OPERATIONS),
        price=blaming(operation.price, plugin, _OPERATIONS),
    )


def attacked_by(
    attack: SubmissionKind | DataProduct, kinds: Iterable[tuple[str, SubmissionKind]], owner: str
) -> list[SubmissionKind]:
    """Return what an attack or a product may be handed: of its own choice, or what the owner takes.

    Raises
    ------
    ContractError
        If it chooses what nobody declares, or what is no utility of anonymizers.
    """
    attackable = [(plugin, other) for plugin, other in kinds if other.is_attackable]
    if not attack.attacks:
        return [other for plugin, other in attackable if plugin == owner]
    chosen = [other for _, other in attackable if other.name == attack.attacks]
    if not chosen:
        what = (
            f"the submission kind {attack.name!r}"
            if isinstance(attack, SubmissionKind)
            else f"the data product {attack.path}"
        )
        raise ContractError(
            f"{what} attacks {attack.attacks!r}; anonymizers submit "
            f"{sorted(other.name for _, other in attackable)} for their utility"
        )
    return chosen


def _refuse_unattackable(kind: SubmissionKind, attacked: Iterable[SubmissionKind]) -> None:
    """Refuse attacks that could never be scored, since nothing is kept that they need."""
    kept: set[Split] = set()
    for other in attacked:
        kept |= other.keeps & set(other.splits)
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


def _paths_of_kinds(
    registry: PluginRegistry, kinds: Iterable[tuple[str, SubmissionKind]]
) -> list[tuple[str, str, str]]:
    """Return who claims which path; a plugin's kinds told apart by a selector share one claim."""
    claims: dict[tuple[str, str, str], tuple[str, str, str]] = {}
    for plugin, kind in kinds:
        chosen_by = kind.selector[0] if kind.selector else f"={kind.name}"
        claim = (kind.path, f"submission kind {kind.name!r}", registry.label(plugin))
        claims.setdefault((plugin, kind.path, chosen_by), claim)
    return list(claims.values())


def _refuse_shared_paths(claims: Iterable[tuple[str, str, str]]) -> None:
    """Refuse two claims on one path; each comes with what claims it, and the plugin's label."""
    taken: dict[str, tuple[str, str]] = {}
    for path, claimant, plugin in claims:
        if path not in taken:
            taken[path] = claimant, plugin
            continue
        first, other = taken[path]
        if other != plugin:
            raise PluginConflictError(
                f"the route {path} is claimed twice: by {first} of {other} and by {claimant} of "
                f"{plugin}"
            )
        raise PluginConflictError(
            f"the route {path} is claimed twice: by {first} and by {claimant}"
        )
