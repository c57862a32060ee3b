"""Import a plugin and judge it before anything relies on it."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import inspect
import sys
import types
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pluggy

from anomed_core import hookspecs
from anomed_core.errors import (
    ContractError,
    PluginBrokenError,
    PluginConflictError,
    PluginNotFoundError,
)
from anomed_core.model import ChallengeType
from anomed_core.plugins.results import collected

HOOKS = tuple(sorted(name for name in vars(hookspecs) if name.startswith("anomed_")))
"""Names of all hooks of this API."""

OWNER_HOOKS = frozenset({"anomed_create_challenge", "anomed_extra_routes"})
"""Hooks that only the owner of a challenge's type may answer; extensions may wrap them."""

DECLARER_HOOKS = frozenset(
    {
        "anomed_provide_data",
        "anomed_dummy_data",
        "anomed_evaluate_utility",
        "anomed_evaluate_threat",
    }
)
"""Hooks about one product or submission kind: who declared it answers; extensions may wrap them."""

ADDING_HOOKS = frozenset(
    {
        "anomed_data_products",
        "anomed_submission_kinds",
        "anomed_operations",
        "anomed_baselines",
        "anomed_protocols",
        "anomed_rankings",
    }
)
"""Hooks whose owner's answer extensions may wrap, and add to by an answer of their own."""

_WRAPPED = OWNER_HOOKS | DECLARER_HOOKS | ADDING_HOOKS


def import_target(target: str, label: str) -> Any:
    """Import a plugin from ``module``, ``module:object`` or the path of a ``.py`` file.

    Parameters
    ----------
    target
        What to import.
    label
        How the plugin is called in messages.

    Returns
    -------
    object
        The module or object.

    Raises
    ------
    PluginNotFoundError
        If there is no such file, module or attribute.
    PluginBrokenError
        If its code raises while it is imported.
    """
    module_name, _, attribute = target.partition(":")
    try:
        if module_name.endswith(".py"):
            module = _import_file(Path(module_name).expanduser())
        else:
            module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name and module_name.split(".")[0] == error.name.split(".")[0]:
            raise PluginNotFoundError(f"{label}: there is no module {error.name!r}") from error
        its_own = Path(module_name).expanduser().absolute().parent.name == error.name
        advice = "; install its package first (pip install -e FOLDER)" if its_own else ""
        raise PluginBrokenError(
            f"{label} needs the module {error.name!r}, which is not installed{advice}"
        ) from error
    except PluginNotFoundError:
        raise
    except (Exception, SystemExit) as error:  # a third-party module may raise anything
        raise PluginBrokenError(f"{label} cannot be imported: {one_line(error)}") from error
    if not attribute:
        return module
    try:
        return getattr(module, attribute)
    except AttributeError as error:
        raise PluginNotFoundError(f"{label}: {module_name} has no {attribute!r}") from error


def one_line(error: BaseException) -> str:
    """Return class and message of a third-party exception as one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())


def _import_file(path: Path) -> types.ModuleType:
    if not path.is_file():
        raise PluginNotFoundError(f"there is no plugin file {path} (looked from {Path.cwd()})")
    name = f"anomed_plugin_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise PluginNotFoundError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def check_plugin(plugin: Any, label: str) -> None:
    """Refuse what pluggy would accept silently and get wrong later.

    Parameters
    ----------
    plugin
        Module or object with hook implementations.
    label
        How the plugin is called in messages.

    Raises
    ------
    PluginBrokenError
        If it is a class, declares no API version or one that is not spoken, implements no hook,
        holds a function that is called like a hook and not marked, or takes keyword-only arguments
        that pluggy would never pass.
    """
    if inspect.isclass(plugin):
        raise PluginBrokenError(
            f"{label} is the class {plugin.__name__}; name a module or an instance of the class"
        )
    _check_version(getattr(plugin, "ANOMED_API", None), label)
    implementations = implemented_hooks(plugin)
    _check_marks(plugin, label)
    if not implementations:
        raise PluginBrokenError(
            f"{label} implements no hook; mark functions with @anomed_core.hookimpl"
        )
    for name, function in implementations.items():
        _check_signature(name, function, label)
        _check_wrapping(name, function, label)


def _check_version(version: Any, label: str) -> None:
    oldest, newest = hookspecs.OLDEST_API, hookspecs.API
    if version not in range(oldest, newest + 1):
        came = "sets no ANOMED_API" if version is None else f"sets ANOMED_API = {version!r}"
        spoken = f"API {newest}" if oldest == newest else f"the APIs {oldest} to {newest}"
        raise PluginBrokenError(f"{label} {came}; this release speaks {spoken}")
    if version != newest:
        warnings.warn(
            f"{label} sets ANOMED_API = {version}, which the next API will end; write "
            f"ANOMED_API = {newest} once it keeps that contract",
            DeprecationWarning,
            stacklevel=4,
        )


def implemented_hooks(plugin: Any) -> dict[str, Any]:
    """Return the hook implementations of a module or object, by the name of their hook."""
    return dict(_implementations(plugin))


def _implementations(plugin: Any) -> Iterator[tuple[str, Any]]:
    """Yield hooks and their implementations; one hook may have several."""
    for name in dir(plugin):
        member = getattr(plugin, name, None)
        options = getattr(member, f"{hookspecs.PROJECT}_impl", None)
        if isinstance(options, dict):
            yield options.get("specname") or name, member


def _check_marks(plugin: Any, label: str) -> None:
    """Refuse functions that are called like hooks and would never be called."""
    for name in dir(plugin):
        member = getattr(plugin, name, None)
        is_marked = hasattr(member, f"{hookspecs.PROJECT}_impl")
        if name.startswith("anomed_") and inspect.isroutine(member) and not is_marked:
            raise PluginBrokenError(
                f"{label}: {name} is not marked as a hook, so it would never be called; put "
                "@hookimpl above it, or rename it if it is no hook"
            )


def _check_signature(name: str, function: Any, label: str) -> None:
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY:
            raise PluginBrokenError(
                f"{label}: {name} takes {parameter.name!r} as a keyword-only argument, which hooks "
                "cannot receive; remove the * before it"
            )


def _check_wrapping(name: str, function: Any, label: str) -> None:
    """Refuse a wrapper around what each plugin answers for itself: it would never be run."""
    if name not in HOOKS or not _is_wrapper(function):
        return
    if name not in _WRAPPED and not _is_answered_once(name):
        raise PluginBrokenError(
            f"{label}: {name} cannot be wrapped, because each plugin answers it for itself; "
            "mark it with @hookimpl alone"
        )


def _is_wrapper(function: Any) -> bool:
    options = getattr(function, f"{hookspecs.PROJECT}_impl")
    return bool(options["wrapper"] or options["hookwrapper"])


def _is_answered_once(name: str) -> bool:
    options = getattr(getattr(hookspecs, name), f"{hookspecs.PROJECT}_spec")
    return bool(options["firstresult"])


def announced_type(plugin: Any, label: str) -> ChallengeType | None:
    """Return the challenge type that a plugin announces; ``None`` if it is an extension.

    Raises
    ------
    PluginBrokenError
        If it raises instead, or announces anything else than one type.
    """
    announce = getattr(plugin, "anomed_challenge_types", None)
    if announce is None:
        return None
    try:
        answer = announce()
        answers = [answer] if isinstance(answer, ChallengeType) else answer
        announced = collected([answers], ChallengeType, "anomed_challenge_types")
    except ContractError as error:
        raise PluginBrokenError(f"{label}: {error}") from error
    except Exception as error:  # a third-party hook may raise anything
        raise PluginBrokenError(
            f"{label}: anomed_challenge_types raised {one_line(error)}"
        ) from error
    if len(announced) != 1:
        raise PluginBrokenError(
            f"{label} announces {len(announced)} challenge types; a plugin owns exactly one"
        )
    summary = (inspect.getdoc(plugin) or "").partition("\n")[0]
    return attrs.evolve(announced[0], description=announced[0].description or summary)


def check_extension(plugin: Any, label: str) -> None:
    """Refuse an extension that would answer in an owner's place, or for itself and for others.

    Raises
    ------
    PluginBrokenError
        If it implements an owner's hook other than as a wrapper, or a hook about what it declared
        both as a wrapper and as an answer: one of them would have to be left out.
    """
    answered: set[str] = set()
    wrapped: set[str] = set()
    for name, function in _implementations(plugin):
        (wrapped if _is_wrapper(function) else answered).add(name)
    for name in sorted(answered & OWNER_HOOKS):
        raise PluginBrokenError(
            f"{label} is an extension, so its {name} may only wrap the owner's: "
            "mark it with @hookimpl(wrapper=True)"
        )
    for name in sorted(answered & wrapped & _WRAPPED):
        raise PluginBrokenError(
            f"{label} wraps {name} and answers it, too; let measures, perfect= or data= say what "
            "you would answer, or make two extensions of it"
        )


def register(manager: pluggy.PluginManager, plugin: Any, *, name: str, label: str) -> None:
    """Register a plugin and verify its hooks; a plugin that fails leaves no trace.

    Raises
    ------
    PluginBrokenError
        If a hook's name is misspelled or it takes arguments that the hook does not have.
    PluginConflictError
        If another plugin has the name.
    """
    if manager.has_plugin(name):
        raise PluginConflictError(
            f"{label}: another plugin is loaded under the name {name!r}; load one of them, or give "
            "them different names"
        )
    try:
        manager.register(plugin, name=name)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        if manager.is_registered(plugin):
            manager.unregister(plugin)
        raise PluginBrokenError(f"{label}: {_explained(plugin, error)}") from error


def _explained(plugin: Any, error: pluggy.PluginValidationError) -> str:
    for name in implemented_hooks(plugin):
        if name not in HOOKS:
            close = difflib.get_close_matches(name, HOOKS, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            return f"there is no hook {name!r}{hint}"
    for name, function in implemented_hooks(plugin).items():
        allowed = list(inspect.signature(getattr(hookspecs, name)).parameters)
        unknown = [p for p in inspect.signature(function).parameters if p not in allowed]
        if unknown:
            return f"{name} takes {', '.join(unknown)}; the hook offers {', '.join(allowed)}"
    return " ".join(str(error).split())
