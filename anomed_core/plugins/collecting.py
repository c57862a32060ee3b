"""Ask every plugin that may answer, judge what it answers, and say whose it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeVar

from anomed_core.errors import PluginBrokenError
from anomed_core.model import Challenge
from anomed_core.plugins.diagnosis import blamed_on
from anomed_core.plugins.loading import ADDING_HOOKS
from anomed_core.plugins.results import collected

if TYPE_CHECKING:
    from anomed_core.plugins.registry import PluginRegistry

Item = TypeVar("Item")


def declared(
    registry: PluginRegistry, challenge: Challenge, hook: str, expected: type[Item]
) -> list[tuple[str, Item]]:
    """Ask owner and extensions what they declare about a challenge.

    Parameters
    ----------
    registry
        Holds them.
    challenge
        What they are asked about.
    hook
        Name of a collecting hook whose only argument is the challenge.
    expected
        Class of every declaration.

    Returns
    -------
    list of (str, object)
        Plugin's name and what it declares: the owner's first, as wrappers of extensions have it,
        then those of extensions by name.

    Raises
    ------
    PluginBrokenError, ConfigError
        If one raises, or answers anything else; the message names it.
    """
    owner = registry.challenge_type(challenge.type).plugin_name
    declarations: list[tuple[str, Item]] = []
    if hook in ADDING_HOOKS:
        with blamed_on(registry.label(owner), challenge.id):
            answers = registry.caller(challenge.type, hook)(challenge=challenge)
            declarations += [(owner, item) for item in collected(answers, expected, hook)]
    for implementation in registry.implementations(hook, challenge.type):
        plugin = implementation.plugin_name
        if plugin == owner and hook in ADDING_HOOKS:
            continue
        with blamed_on(registry.label(plugin), challenge.id):
            answer = implementation(challenge=challenge)
            answers = [] if answer is None else [answer]
            declarations += [(plugin, item) for item in collected(answers, expected, hook)]
    return declarations


def offered(
    registry: PluginRegistry, hook: str, expected: type[Item]
) -> Iterator[tuple[str, Item]]:
    """Yield what the loaded plugins answer to a hook without arguments, and whose it is.

    Raises
    ------
    PluginBrokenError
        If a plugin raises, or answers something else.
    """
    for implementation in registry.implementations(hook):
        owner = implementation.plugin_name
        try:
            answer = implementation()
        except Exception as error:  # a third-party hook may raise anything
            raise PluginBrokenError(
                f"plugin {owner!r}: {hook} raised {type(error).__name__}: {error}"
            ) from error
        for item in collected([answer], expected, hook):
            yield owner, item
