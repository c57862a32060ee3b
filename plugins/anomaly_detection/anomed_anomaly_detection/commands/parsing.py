"""Nested flags: only what the arguments name is loaded, and errors are one line."""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn

from simple_parsing import ArgumentGenerationMode, ArgumentParser, NestedMode
from simple_parsing.helpers.subgroups import subgroups

from anomed_core import UsageError

HELP = {"-h", "--help"}
_DESTINATION = "chosen"


class _Parser(ArgumentParser):
    """Raises where argparse would print its usage and leave."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message.replace(f"{_DESTINATION}.", ""))


def value_of(arguments: Sequence[str], flag: str) -> str | None:
    """Return what a flag is given; the last one counts, as in the parser.

    Examples
    --------
    >>> value_of(["--task", "backdoor", "--task.run_path=logs"], "--task")
    'backdoor'
    """
    value = None
    for i, argument in enumerate(arguments):
        if argument == flag and i + 1 < len(arguments):
            value = arguments[i + 1]
        elif argument.startswith(f"{flag}="):
            value = argument.partition("=")[2]
    return value


def choice(
    arguments: Sequence[str],
    flag: str,
    names: Iterable[str],
    options_of: Callable[[str], type[Any]],
    *,
    default: str | None = None,
) -> Any:
    """Return a field whose class is chosen by a flag.

    Parameters
    ----------
    arguments
        Of the command.
    flag
        Such as ``--task``.
    names
        What may be chosen.
    options_of
        Returns the class of a name; called for the chosen one alone, but for help.
    default
        What is chosen where the flag lacks; without it the flag is required.

    Raises
    ------
    UsageError
        If the flag is required and lacks, or there is no such choice.
    """
    known = sorted(names)
    named = value_of(arguments, flag) or default
    if named is None and not HELP & set(arguments):
        raise UsageError(f"{flag} is required; choose of {', '.join(known)}")
    slugs = {name.replace("_", "-"): name for name in known}
    if named is not None and named.replace("_", "-") not in slugs:
        near = difflib.get_close_matches(named, known, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise UsageError(f"{flag} {named!r} is not known{hint} (there are {', '.join(known)})")
    if named is None:
        return subgroups(_loadable(known, options_of), default=next(iter(known)))
    classes: dict[str, Any] = {named: options_of(slugs[named.replace("_", "-")])}
    return subgroups(classes) if default is None else subgroups(classes, default=named)


def _loadable(names: list[str], options_of: Callable[[str], type[Any]]) -> dict[str, Any]:
    """Return the classes of all names, for help, but of those that are broken."""
    classes: dict[str, Any] = {}
    for name in names:
        with contextlib.suppress(UsageError):
            classes[name] = options_of(name)
    return classes


def made(name: str, fields: dict[str, Any], base: type[Any] = object, **space: Any) -> type[Any]:
    """Return a frozen dataclass with fields of any type, among them choices."""
    listed = [(key, Any, value) for key, value in fields.items()]
    for i, (key, _, value) in enumerate(listed):
        choices = value.metadata.get("subgroups") if isinstance(value, dataclasses.Field) else None
        if choices:
            union: Any = next(iter(choices.values()))
            for other in list(choices.values())[1:]:
                union = union | other
            listed[i] = (key, union, value)
    return dataclasses.make_dataclass(
        name, listed, bases=(base,), frozen=True, kw_only=True, namespace=space
    )


def parse(config: type[Any], arguments: Sequence[str], *, program: str, description: str) -> Any:
    """Return the configuration that the arguments give.

    Raises
    ------
    UsageError
        In one sentence, with a suggestion for a flag that is nearly one.
    """
    parser = _Parser(
        prog=program,
        description=description,
        nested_mode=NestedMode.WITHOUT_ROOT,
        argument_generation_mode=ArgumentGenerationMode.NESTED,
        add_config_path_arg=False,
        allow_abbrev=False,
    )
    parser.add_arguments(config, _DESTINATION)
    try:
        parsed, rest = parser.parse_known_args(list(arguments))
    except (TypeError, ValueError) as error:
        raise UsageError(str(error)) from error
    if rest:
        flags = [f for f in flags_of(parser) if f.startswith("--")]
        unknown = next((part for part in rest if part.startswith("-")), rest[0])
        flag = unknown.partition("=")[0]
        near = difflib.get_close_matches(flag, flags, n=1)
        hint = f": did you mean {near[0]}?" if near else f"; {program} -h lists what there is"
        raise UsageError(f"{flag} is not known{hint}")
    return getattr(parsed, _DESTINATION)


def flags_of(parser: ArgumentParser) -> list[str]:
    """Return the flags of a parser that has parsed."""
    return [text for action in parser._actions for text in action.option_strings]  # noqa: SLF001
