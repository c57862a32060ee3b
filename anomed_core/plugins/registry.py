"""The gate: which plugins are loaded, who owns which challenge type, who is asked."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from typing import Any

import attrs
import pluggy

from anomed_core import hookspecs
from anomed_core.errors import (
    PluginBrokenError,
    PluginConflictError,
    PluginError,
    PluginNotFoundError,
)
from anomed_core.model import ChallengeType, normalised_slug
from anomed_core.model.data_source import DataSource
from anomed_core.plugins.collecting import offered
from anomed_core.plugins.diagnosis import (
    TRACE_VARIABLE,
    Implementation,
    Write,
    note_culprit,
    traced,
)
from anomed_core.plugins.loading import (
    ADDING_HOOKS,
    DECLARER_HOOKS,
    announced_type,
    check_extension,
    check_plugin,
    import_target,
    register,
)
from anomed_core.plugins.scan import CHALLENGE_TYPES, PluginInfo, installed_plugin, scan

BUILTIN_PREFIX = "anomed-core "


@attrs.frozen(kw_only=True)
class LoadedType:
    """A challenge type and the plugin that owns it."""

    type: ChallengeType
    plugin_name: str
    info: PluginInfo | None


class PluginRegistry:
    """Loaded plugins; built by a function, filled by name.

    Parameters
    ----------
    installed
        What `scan` found. Nothing of it is imported until it is loaded.
    """

    def __init__(self, installed: Iterable[PluginInfo] = ()) -> None:
        self.installed = tuple(installed)
        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._manager.add_hookspecs(hookspecs)
        self._types: dict[str, LoadedType] = {}
        self._infos: dict[str, PluginInfo | None] = {}
        self._callers: dict[tuple[object, ...], pluggy.HookCaller] = {}
        self._write: Write | None = None
        self.fingerprints: dict[str, str] = {}  # of data by source, as they are first asked for
        self._manager.add_hookcall_monitoring(lambda *_: None, _note_culprit)

    def load(self, name: str) -> ChallengeType | None:
        """Load one plugin that the user named.

        Parameters
        ----------
        name
            Slug of an installed plugin (hyphens and underscores are the same), ``module:object``,
            or the path of a ``.py`` file.

        Returns
        -------
        ChallengeType or None
            The type that it owns; ``None`` for an extension.

        Raises
        ------
        PluginNotFoundError, PluginBrokenError, PluginConflictError
            With one sentence that names the plugin and its distribution.
        """
        if ":" in name or name.endswith(".py"):
            if self._manager.has_plugin(name):
                return self._type_of(name)
            return self.add(import_target(name, f"plugin {name!r}"), name=name)
        info = installed_plugin(name, self.installed)
        if self._manager.has_plugin(info.slug):
            return self._type_of(info.slug)
        return self.add(import_target(info.target, str(info)), name=info.slug, info=info)

    def _type_of(self, plugin_name: str) -> ChallengeType | None:
        """Return the type that a loaded plugin owns; ``None`` for an extension."""
        types = self._types.values()
        return next((known.type for known in types if known.plugin_name == plugin_name), None)

    def load_extensions(self) -> dict[PluginInfo, PluginError]:
        """Load every installed extension; a broken one harms nobody.

        Returns
        -------
        dict of PluginInfo to PluginError
            Those that did not load, and why.
        """
        broken: dict[PluginInfo, PluginError] = {}
        for info in self.installed:
            if not info.is_challenge_type:
                error = self.load_quietly(info)
                if error is not None:
                    broken[info] = error
        return broken

    def load_quietly(self, info: PluginInfo) -> PluginError | None:
        """Load an installed plugin that nobody named.

        Parameters
        ----------
        info
            One of `installed`.

        Returns
        -------
        PluginError or None
            Why it did not load; ``None`` if it is loaded now.
        """
        try:
            self.load(info.slug)
        except PluginError as error:
            return error
        return None

    def add(
        self, plugin: Any, *, name: str, info: PluginInfo | None = None
    ) -> ChallengeType | None:
        """Add a plugin that is imported already; one that is loaded under another name stays so.

        Parameters
        ----------
        plugin
            Module or object with hook implementations.
        name
            How it is called; for an installed challenge type, its slug.
        info
            Where it comes from, if it is installed.

        Returns
        -------
        ChallengeType or None
            The type that it owns; ``None`` for an extension.

        Raises
        ------
        PluginBrokenError, PluginConflictError
            With one sentence that names the plugin.
        """
        label = str(info) if info else f"plugin {name!r}"
        loaded_as = self._manager.get_name(plugin)
        if loaded_as is not None:
            return self._type_of(loaded_as)
        check_plugin(plugin, label)
        announced = announced_type(plugin, label)
        if announced is None:
            check_extension(plugin, label)
        else:
            self._check_owner(announced, info, label)
        register(self._manager, plugin, name=name, label=label)
        if announced is not None:
            self._types[announced.name] = LoadedType(type=announced, plugin_name=name, info=info)
        self._infos[name] = info
        self._callers.clear()
        self._trace(plugin)
        return announced

    def _check_owner(self, announced: ChallengeType, info: PluginInfo | None, label: str) -> None:
        if info is not None and announced.name != info.slug:
            raise PluginBrokenError(
                f"{label} announces the type {announced.name!r}; entry point and type must have "
                f"one name: write {announced.name} = {info.target!r} below "
                f"[project.entry-points.{CHALLENGE_TYPES!r}] in pyproject.toml and install again"
            )
        other = self._types.get(announced.name)
        if other is not None:
            raise PluginConflictError(
                f"the challenge type {announced.name!r} is claimed twice: by "
                f"{other.info or f'plugin {other.plugin_name!r}'} and by {label}"
            )

    def challenge_type(self, name: str) -> LoadedType:
        """Return a loaded challenge type.

        Raises
        ------
        PluginNotFoundError
            If it is not loaded.
        """
        slug = normalised_slug(name)
        if slug not in self._types:
            raise PluginNotFoundError(
                f"the challenge type {name!r} is not loaded; loaded: "
                f"{', '.join(sorted(self._types)) or 'none'}"
            )
        return self._types[slug]

    @property
    def types(self) -> tuple[LoadedType, ...]:
        """All loaded challenge types."""
        return tuple(self._types.values())

    @property
    def plugins(self) -> dict[str, Any]:
        """Modules and objects of all loaded plugins by name."""
        return dict(self._manager.list_name_plugin())

    def info(self, plugin_name: str) -> PluginInfo | None:
        """Return where a loaded plugin comes from; ``None`` if it is not installed."""
        return self._infos.get(plugin_name)

    def label(self, plugin_name: str) -> str:
        """Return how messages call a loaded plugin."""
        return str(self._infos.get(plugin_name) or plugin_name)

    def caller(
        self,
        type_name: str,
        hook: str,
        *,
        declarer: str = "",
        among: frozenset[str] | None = None,
    ) -> pluggy.HookCaller:
        """Return the caller of a hook about challenges of one type.

        Other challenge types are never asked; extensions answer neither an owner's hook (see
        `check_extension`) nor for what another plugin has declared.

        Parameters
        ----------
        type_name
            Slug of the challenge's type.
        hook
            Name of the hook.
        declarer
            Who declared what is asked about, and answers; the owner, if it is empty.
        among
            The only plugins that take part; ``None`` for all.

        Returns
        -------
        pluggy.HookCaller
            Call it with keyword arguments.
        """
        key = (type_name, hook, declarer, among)
        if key not in self._callers:
            owner = self.challenge_type(type_name).plugin_name
            left_out = {loaded.plugin_name for loaded in self._types.values()} - {owner}
            if hook in DECLARER_HOOKS | ADDING_HOOKS:
                answering = {one.plugin_name for one in self.implementations(hook)}
                left_out |= answering - {declarer or owner}
            if among is not None:
                left_out |= set(self.plugins) - among
            plugins = map(self._manager.get_plugin, left_out)
            self._callers[key] = self._manager.subset_hook_caller(hook, plugins)
        return self._callers[key]

    def ask_each(self, type_name: str, hook: str, **arguments: Any) -> list[tuple[str, Any]]:
        """Ask the owner and then every extension by name, and say who answered what.

        The order does not depend on the order of loading.

        Parameters
        ----------
        type_name
            Slug of the challenge's type.
        hook
            Name of a collecting hook.
        **arguments
            All arguments of the hook.

        Returns
        -------
        list of (str, object)
            Plugin's name and its result; ``None`` results are left out.
        """
        answers = []
        for implementation in self.implementations(hook, type_name):
            result = implementation(**arguments)
            if result is not None:
                answers.append((implementation.plugin_name, result))
        return answers

    def implementations(self, hook: str, type_name: str | None = None) -> list[Implementation]:
        """Return whose functions answer a hook, for those who must know who answered what.

        Parameters
        ----------
        hook
            Name of the hook.
        type_name
            Slug of a loaded challenge type, whose owner comes first and other types' owners not at
            all; ``None`` for a hook that every plugin answers.

        Returns
        -------
        list of Implementation
            By the names of plugins, so that the order of loading decides nothing; without wrappers.
        """
        owner, others = "", set()
        if type_name is not None:
            owner = self.challenge_type(type_name).plugin_name
            others = {loaded.plugin_name for loaded in self._types.values()} - {owner}
        answering = [
            Implementation.of(one, hook)
            for one in self.everybody(hook).get_hookimpls()
            if not (one.wrapper or one.hookwrapper or one.plugin_name in others)
        ]
        return sorted(answering, key=lambda one: (one.plugin_name != owner, one.plugin_name))

    def everybody(self, hook: str) -> pluggy.HookCaller:
        """Return the caller of a hook that every loaded plugin is asked."""
        caller: pluggy.HookCaller = getattr(self._manager.hook, hook)
        return caller

    def data_sources(self) -> dict[str, DataSource]:
        """Return the data sources of all loaded plugins, by scheme.

        Raises
        ------
        PluginBrokenError
            If a plugin raises instead.
        PluginConflictError
            If two plugins offer one scheme.
        """
        sources: dict[str, DataSource] = {}
        owners: dict[str, str] = {}
        for owner, source in offered(self, "anomed_data_sources", DataSource):
            if source.scheme in sources:
                raise PluginConflictError(
                    f"the data source {source.scheme!r} is offered twice: by "
                    f"{owners[source.scheme]} and by {owner}"
                )
            sources[source.scheme] = source.pinned(self.fingerprints)
            owners[source.scheme] = owner
        return sources

    def trace(self, write: Write) -> None:
        """Report every hook call to a function that takes one line."""
        self._write = write
        for plugin in self._manager.get_plugins():
            self._trace(plugin)

    def _trace(self, plugin: Any) -> None:
        if (write := self._write) is not None:
            self.watch(plugin, lambda implementation, hook: traced(implementation, hook, write))

    def watch(self, plugin: Any, change: Callable[[pluggy.HookImpl, str], None]) -> None:
        """Let a function that takes an implementation and its hook change those of a plugin."""
        for caller in self._manager.get_hookcallers(plugin) or ():
            for implementation in caller.get_hookimpls():
                if implementation.plugin is plugin:
                    change(implementation, caller.name)


def _note_culprit(outcome: Any, hook: str, implementations: Any, _arguments: Any) -> None:
    if outcome.exception is not None:
        plugins = [  # the core's own part is nobody's fault
            Implementation.of(implementation, hook)
            for implementation in implementations
            if implementation.plugin is not None
        ]
        note_culprit(outcome.exception, plugins)


def build_registry(*, discover: bool = True) -> PluginRegistry:
    """Build a registry that holds the core's own hooks.

    Parameters
    ----------
    discover
        Whether installed plugins can be loaded by name; tests turn it off.

    Returns
    -------
    PluginRegistry
        Without any challenge type yet.
    """
    from anomed_core.datasets import builtin

    registry = PluginRegistry(scan() if discover else ())
    if os.environ.get(TRACE_VARIABLE, "0") not in {"", "0"}:
        registry.trace(lambda line: sys.stderr.write(f"{line}\n"))
    registry.add(builtin, name=f"{BUILTIN_PREFIX}data sources")
    return registry
