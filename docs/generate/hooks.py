"""The hook reference: one section for each hook, from the docstring of its specification."""

from __future__ import annotations

import inspect
import re

from anomed_core import hookspecs
from anomed_core.hookspecs import (
    announcing,
    around,
    data_provision,
    threat_evaluation,
    utility_evaluation,
)
from anomed_core.plugins import HOOKS, OWNER_HOOKS

from .markdown import code, described, docstring, prose, table

_MODULES = (announcing, data_provision, utility_evaluation, threat_evaluation, around)
_CALLED = re.compile(r"(Called .*?); (.*?[.])(?:\s|$)(.*)", flags=re.DOTALL)


def block() -> str:
    """Return a table of all hooks and the section of each one."""
    parts = [table(["hook", "asked", "answers"], _overview())]
    for group, names in grouped().items():
        parts.append(f"## {group}")
        parts += [_section(name) for name in names]
    return "\n\n".join(parts)


def grouped() -> dict[str, list[str]]:
    """Return the names of all hooks by the title of the module that specifies them."""
    groups: dict[str, list[str]] = {}
    for module in _MODULES:
        title = (inspect.getdoc(module) or "").split(":", 1)[0]
        groups[title] = [
            name for name, member in vars(module).items() if hasattr(member, "anomed_spec")
        ]
    listed = sorted(name for names in groups.values() for name in names)
    if listed != sorted(HOOKS):
        raise ValueError(f"not every hook is specified in a module: {set(HOOKS) - set(listed)}")
    return groups


def _overview() -> list[list[str]]:
    return [
        [f"[`{name}`](#{name})", asked(name), _answers(name)]
        for names in grouped().values()
        for name in names
    ]


def _answers(name: str) -> str:
    options = getattr(hookspecs, name).anomed_spec
    return "the first answer counts" if options["firstresult"] else "every answer is taken"


def asked(name: str) -> str:
    """Return who is asked.

    Raises
    ------
    ValueError
        If the docstring and the registry do not agree.
    """
    _, who, _ = _timing(name)
    found = re.match("owner and extensions|owner|everybody|extensions", who)
    if found is None or (found[0] == "owner") != (name in OWNER_HOOKS):
        raise ValueError(f"{name}: the docstring says that {who!r} is asked; who really is?")
    return found[0]


def _timing(name: str) -> tuple[str, str, str]:
    """Return when a hook is called, who is asked, and the rest of what is said about it."""
    match = _CALLED.match(docstring(getattr(hookspecs, name))["text"])
    if match is None:
        raise ValueError(f"{name}: the second paragraph must begin 'Called <when>; <who>.'")
    when, who, rest = match.groups()
    return f"{when.removeprefix('Called ')}.", who, rest


def _section(name: str) -> str:
    function = getattr(hookspecs, name)
    parts = docstring(function)
    when, who, rest = _timing(name)
    sentences = re.split(r"(?<=[.;]) (?=[A-Z])", " ".join(f"{who} {rest}".split()))
    about_raising = [s for s in sentences[1:] if _is_about_raising(s)]
    if _is_about_raising(who):
        who, _, reason = who.partition(": ")
        about_raising.insert(0, reason[0].upper() + reason[1:])
    if not about_raising:
        raise ValueError(f"{name}: the docstring does not say what happens if it raises")
    others = [s for s in sentences[1:] if not _is_about_raising(s)]
    facts = [
        f"* **Signature:** {code(_signature(name))}",
        f"* **Called:** {when}",
        f"* **Asked:** {who.rstrip('.')}; {_answers(name)}.",
        f"* **Returns:** {_returned(parts.get('Returns'))}",
        f"* **Errors:** {' '.join(about_raising)}",
    ]
    arguments = described(parts["Parameters"]) if "Parameters" in parts else {}
    listed = [[code(argument), text] for argument, text in arguments.items()]
    example = inspect.cleandoc(parts["Examples"])
    return "\n\n".join(
        part
        for part in (
            f"### {name}",
            parts["summary"],
            " ".join(others),
            "\n".join(facts),
            table(["argument", "meaning"], listed) if listed else "",
            f"```pycon\n{example}\n```",
        )
        if part
    )


def _signature(name: str) -> str:
    signature = inspect.signature(getattr(hookspecs, name))
    arguments = ", ".join(f"{p.name}: {p.annotation}" for p in signature.parameters.values())
    return f"{name}({arguments}) -> {signature.return_annotation}"


def _is_about_raising(sentence: str) -> bool:
    return re.search(r"\b[Rr]aises?\b|\bexception\b", sentence) is not None


def _returned(section: str | None) -> str:
    if section is None:
        return "nothing."
    kind, _, text = section.strip().partition("\n")
    return f"{kind.strip()}. {prose(text)}"
