"""The hook reference: a table of all hooks and a page for each, from its specification."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable

from anomed_core import hookspecs
from anomed_core.hookspecs import (
    announcing,
    around,
    calling,
    data_provision,
    order_of_play,
    threat_evaluation,
    utility_evaluation,
)
from anomed_core.plugins import DECLARER_HOOKS, HOOKS, OWNER_HOOKS, implemented_hooks
from docs.generate.demos import challenge_types, plugin_of
from docs.generate.markdown import code, described, docstring, prose, table
from docs.generate.objects import documented

_MODULES = (
    announcing,
    data_provision,
    utility_evaluation,
    threat_evaluation,
    calling,
    order_of_play,
    around,
)
_FOUR = (
    "anomed_challenge_types",
    "anomed_create_challenge",
    "anomed_data_products",
    "anomed_submission_kinds",
)
_CALLED = re.compile(r"(Called .*?); (.*?[.])(?:\s|$)(.*)", flags=re.DOTALL)


def block() -> str:
    """Return a table of the hooks that every type has, and of the others of each group."""
    parts = ["## The four that every type has", _listed(_FOUR)]
    for group, names in grouped().items():
        others = [name for name in names if name not in _FOUR]
        if others:
            parts += [f"## Rarely: {group[0].lower()}{group[1:]}", _listed(others)]
    return "\n\n".join(parts)


def _listed(names: Iterable[str]) -> str:
    rows = [
        [f"[`{name}`](hooks/{name}.md)", _summary(name), asked(name), _answers(name)]
        for name in names
    ]
    return table(["hook", "what for", "asked", "answers"], rows)


def pages() -> dict[str, str]:
    """Return the page of each hook by its path below ``docs/``."""
    return {f"reference/hooks/{name}.md": _page(name) for name in HOOKS}


def _summary(name: str) -> str:
    return docstring(getattr(hookspecs, name))["summary"].rstrip(".")


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
    found = re.match("owner and extensions|owner|declarer|everybody|extensions", who)
    contract = {"owner": OWNER_HOOKS, "declarer": DECLARER_HOOKS}
    if found is None or any((found[0] == word) != (name in contract[word]) for word in contract):
        raise ValueError(f"{name}: the docstring says that {who!r} is asked; who really is?")
    return found[0]


def _timing(name: str) -> tuple[str, str, str]:
    """Return when a hook is called, who is asked, and the rest of what is said about it."""
    match = _CALLED.match(docstring(getattr(hookspecs, name))["text"])
    if match is None:
        raise ValueError(f"{name}: the second paragraph must begin 'Called <when>; <who>.'")
    when, who, rest = match.groups()
    return f"{when.removeprefix('Called ')}.", who, rest


def _page(name: str) -> str:
    parts = docstring(getattr(hookspecs, name))
    when, who, errors, others = _semantics(name)
    facts = [
        f"* **Signature:** {code(_signature(name))}",
        f"* **Called:** {when}",
        f"* **Asked:** {who}; {_answers(name)}.",
        f"* **Returns:** {_returned(parts.get('Returns'))}",
        f"* **Errors:** {errors}",
    ]
    arguments = described(parts["Parameters"]) if "Parameters" in parts else {}
    listed = [[code(argument), text] for argument, text in arguments.items()]
    return "\n\n".join(
        part
        for part in (
            f"# {name}",
            parts["summary"],
            others,
            "\n".join(facts),
            _AGREED,
            f"## Arguments\n\n{_LEFT_OUT}" if _arguments(name) else "",
            table(["argument", "meaning"], listed) if listed else "",
            _links(name),
            f"## Example\n\n```pycon\n{inspect.cleandoc(parts['Examples'])}\n```",
            f"## In this repository\n\n{_implemented_by(name)}",
            _SEE_ALSO,
        )
        if part
    )


_AGREED = (
    "What *owner*, *everybody*, *our fault* and *refuses to start* mean is agreed upon for "
    "[all hooks](../hooks.md)."
)
_LEFT_OUT = "An implementation names those that it needs, and leaves out the others."
_SEE_ALSO = """## See also

* [All hooks](../hooks.md)
* [Why owners are asked](../../explanation/why-owner-dispatch.md)
* [Write hook-level unit tests](../../how-to/write-hook-level-unit-tests.md)
"""


def _semantics(name: str) -> tuple[str, str, str, str]:
    """Return when a hook is called, who is asked, what if it raises, and all else."""
    when, who, rest = _timing(name)
    sentences = re.split(r"(?<=[.;]) (?=[A-Z])", " ".join(f"{who} {rest}".split()))
    about_raising = [s for s in sentences[1:] if _is_about_raising(s)]
    if _is_about_raising(who):
        who, _, reason = who.partition(": ")
        about_raising.insert(0, reason[0].upper() + reason[1:])
    if not about_raising:
        raise ValueError(f"{name}: the docstring does not say what happens if it raises")
    others = [s for s in sentences[1:] if not _is_about_raising(s)]
    return when, who.rstrip("."), " ".join(about_raising), " ".join(others)


def _arguments(name: str) -> list[inspect.Parameter]:
    return list(inspect.signature(getattr(hookspecs, name)).parameters.values())


def _links(name: str) -> str:
    """Return links to the classes that a signature names."""
    named = re.findall(r"\b[A-Z]\w+", _signature(name))
    linked = [
        f"[`{word}`](../objects.md#{word.lower()})"
        for word in dict.fromkeys(named)
        if word in documented()
    ]
    return f"Their classes: {', '.join(linked)}." if linked else ""


def _implemented_by(name: str) -> str:
    """Return which shipped types implement a hook: they are examples of its use."""
    types = [
        code(challenge_type.name)
        for challenge_type in challenge_types()
        if name in implemented_hooks(plugin_of(challenge_type.name))
    ]
    if not types:
        return "No shipped type implements it."
    return f"Implemented by {', '.join(types)}."


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
