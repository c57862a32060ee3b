"""Announcing: which type a plugin owns, and how a challenge of it comes to life."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from anomed_core.hookspecs._markers import hookspec

if TYPE_CHECKING:
    from anomed_core.hookspecs.creation import CreationContext
    from anomed_core.model import ChallengeType


@hookspec
def anomed_challenge_types() -> Iterable[ChallengeType]:  # type: ignore[empty-body]
    """Announce the challenge type that this plugin owns.

    Called once when the plugin is loaded; everybody. Must be cheap: name the config class as
    ``"module:Class"`` instead of importing what is heavy. A type whose name is not the entry
    point's is an error. If it raises, the plugin is broken: fatal if it was named, listed
    otherwise.

    Returns
    -------
    iterable of ChallengeType
        Exactly one; another number of types is an error.

    Examples
    --------
    >>> from anomed_core import ChallengeType, hookimpl
    >>> @hookimpl
    ... def anomed_challenge_types():
    ...     return [ChallengeType(name="my-type", title="Mine", config_class="my_package:Config")]
    >>> anomed_challenge_types()[0].name
    'my-type'
    """


@hookspec(firstresult=True)
def anomed_create_challenge(type_name: str, config: Any, context: CreationContext) -> Any:
    """Load what a challenge needs: its data, its settings, its secret draws.

    Called once per challenge and process, before the first request; owner. Heavy loading belongs
    here, behind ``context.freeze``, which runs it in one process and gives all others memory maps.
    If it raises, the server refuses to start; raise `ConfigError` for what the organiser can mend.

    Parameters
    ----------
    type_name
        Slug of the type.
    config
        Object of the type's config class, ``challenge.config`` in all other hooks. All its fields
        decide whether scores are comparable, but those with
        ``attrs.field(metadata={"fingerprint": False})``: they may change meanwhile.
    context
        The challenge's id, its lottery, data sources and frozen arrays.

    Returns
    -------
    object
        Anything but ``None``; handed to all other hooks as ``challenge.definition``.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from anomed_core import Lottery, hookimpl
    >>> @hookimpl
    ... def anomed_create_challenge(config, context):
    ...     def draw():
    ...         return {"members": context.lottery.sample(1000, config.size, "members")}
    ...     return context.freeze("members", f"{config.size}", draw)
    >>> context = SimpleNamespace(
    ...     lottery=Lottery.seeded(1, scope="example"), freeze=lambda name, key, build: build()
    ... )
    >>> anomed_create_challenge(SimpleNamespace(size=3), context)["members"].shape
    (3,)
    """
