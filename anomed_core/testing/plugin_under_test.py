"""The plugin under test: opened as often as checks need it, always with the same secret."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
import weakref
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import attrs

from anomed_core.config import ChallengeTable, ServerSettings
from anomed_core.model import ChallengeSpec, ChallengeType, Quality
from anomed_core.plugins import PluginRegistry, build_registry
from anomed_core.service.opening import open_server
from anomed_core.service.server import Server
from anomed_core.service.specs import demo_table, specs_from_tables
from anomed_core.testing.answers import answers
from anomed_core.testing.client import ChallengeClient
from anomed_core.testing.findings import Finding
from anomed_core.testing.loading import Plugin, home_of, load_plugin
from anomed_core.testing.observing import Observation, observe
from anomed_core.testing.participation import Part
from anomed_core.testing.rehearsal import rehearse
from anomed_core.testing.trials import VALID, Trial, made_trials, time_limited

SECRET = "7e57" * 16
OTHER_SECRET = "07e5" * 16
"""Secrets of test servers: everybody knows them, so they protect nothing."""


@contextmanager
def served(
    plugin: Any,
    *,
    config: Mapping[str, Any] | None = None,
    extensions: tuple[Any, ...] = (),
    state: Path,
    settings: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
    in_background: bool = False,
    parts: Mapping[str, Part] | None = None,
) -> Iterator[ChallengeClient]:
    """Serve one challenge of a type to a test.

    Parameters
    ----------
    plugin
        What ``--plugin`` takes, or a module or object with hooks.
    config
        The challenge's table of the configuration; ``None`` takes the type's demo.
    extensions
        Plugins that are loaded beside it.
    state
        State directory.
    settings
        Keys of ``[server]``.
    environment
        ``ANOMED_SECRET``, ``ANOMED_HOST`` and ``ANOMED_PLATFORM_SECRET``.
    in_background
        Whether to start deliveries, house attacks and evaluation processes, as servers do.
    parts
        Where it is noted what extensions do, by what they are called here.

    Yields
    ------
    ChallengeClient
    """
    registry = build_registry()
    challenge_type = load_plugin(registry, plugin)
    for extension in extensions:
        before = set(registry.plugins)
        load_plugin(registry, extension)
        if parts is not None:
            for name in set(registry.plugins) - before:
                registry.watch(registry.plugins[name], parts[str(extension)].watch)
    specs = [challenge_spec(registry, challenge_type, config)]
    server = open_server(
        specs,
        registry=registry,
        settings=ServerSettings(state=state, **(settings or {})),
        environment={"ANOMED_SECRET": SECRET} | dict(environment or {}),
        in_background=in_background,
    )
    with closing(server):
        yield ChallengeClient(server, specs[0].id)


@contextmanager
def closing(server: Server) -> Iterator[None]:
    """Close a server in the end."""
    try:
        yield
    finally:
        server.close()


def challenge_spec(
    registry: PluginRegistry,
    challenge_type: ChallengeType | None,
    config: Mapping[str, Any] | None,
) -> ChallengeSpec:
    """Return the one challenge that is tried: a table of the configuration, or the type's demo.

    Raises
    ------
    ValueError
        If the plugin owns no type.
    ConfigError
        If the table does not suit the type.
    """
    if challenge_type is None:
        raise ValueError(
            "this plugin is an extension and owns no challenge type; give the type that it "
            "extends as the plugin, and itself as one of its extensions"
        )
    table = demo_table(challenge_type)
    if config is not None:
        options = dict(config)
        table = ChallengeTable(
            id=options.pop("id", table.id),
            type=challenge_type.name,
            title=options.pop("title", table.title),
            description=options.pop("description", table.description),
            seed=options.pop("seed", None),
            options={name: value for name, value in options.items() if name != "type"},
        )
    return specs_from_tables([table], registry)[0]


@attrs.define(kw_only=True, eq=False)
class PluginUnderTest:
    """What the checks of one plugin share.

    Attributes
    ----------
    plugin
        What ``--plugin`` takes, or a module.
    config
        The challenge's table of the configuration; ``None`` takes the type's demo.
    extensions
        Plugins that are loaded beside it.
    parts
        What each extension has done so far.
    """

    plugin: Plugin
    config: Mapping[str, Any] | None = None
    extensions: tuple[Plugin, ...] = ()
    parts: dict[str, Part] = attrs.field(init=False)
    _folder: Path | None = attrs.field(default=None, init=False)
    _n_states: int = attrs.field(default=0, init=False)
    _open: dict[str, ChallengeClient] = attrs.field(factory=dict, init=False)
    _observed: dict[Trial, Observation] = attrs.field(factory=dict, init=False)
    _seconds: dict[Trial, float] = attrs.field(factory=dict, init=False)
    _rehearsed: tuple[ChallengeClient, list[Finding]] | None = attrs.field(default=None, init=False)

    @parts.default
    def _nothing_yet(self) -> dict[str, Part]:
        return {str(name): Part(name=str(name)) for name in self.extensions}

    def new_state(self, *, own_artifacts: bool = False) -> Path:
        """Return a fresh state directory.

        Parameters
        ----------
        own_artifacts
            Whether to build everything anew; otherwise frozen arrays and encoded products are
            shared by all states of this plugin_under_test, as workers share them.
        """
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="anomed-testing-"))
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
            (self._folder / "artifacts").mkdir(mode=0o700)
        self._n_states += 1
        state = self._folder / f"state-{self._n_states}"
        state.mkdir(mode=0o700)
        if not own_artifacts:
            (state / "artifacts").symlink_to(self._folder / "artifacts")
        return state

    @contextmanager
    def served(
        self,
        *,
        secret: str = SECRET,
        own_artifacts: bool = False,
        settings: Mapping[str, Any] | None = None,
    ) -> Iterator[ChallengeClient]:
        """Serve the challenge from a fresh state, to a check that hands something in."""
        with served(
            self.plugin,
            config=self.config,
            extensions=self.extensions,
            state=self.new_state(own_artifacts=own_artifacts),
            settings=settings,
            environment={"ANOMED_SECRET": secret},
            parts=self.parts,
        ) as client:
            yield client

    def open(self, *, secret: str = SECRET) -> ChallengeClient:
        """Return a server for checks that only ask and evaluate: one for all of them.

        Opening a challenge may take seconds, and so does the submission that attacks need.
        """
        if secret not in self._open:
            self._open[secret] = self._opened(secret)
        return self._open[secret]

    def _opened(self, secret: str) -> ChallengeClient:
        """Serve the challenge from a fresh state until the last check is gone."""
        with ExitStack() as stack:
            client = stack.enter_context(self.served(secret=secret))
            weakref.finalize(self, stack.pop_all().close)
        return client

    def trials(
        self, *, secret: str = SECRET, qualities: tuple[Quality, ...] = VALID
    ) -> list[Trial]:
        """Return the baselines as submissions to the server of `open`, made once."""
        return made_trials(self.open(secret=secret), qualities)

    def scores(self) -> dict[Trial, dict[str, float]]:
        """Return what each valid baseline scores on the server of `open`, evaluated once."""
        return {trial: self.observed(trial).metrics for trial in self.trials()}

    def observed(self, trial: Trial) -> Observation:
        """Return what the evaluation of one of `trials` gave, evaluated once unless it fails."""
        if trial not in self._observed:
            client = self.open()
            begin = time.monotonic()
            with time_limited(trial, client.server.settings.evaluation_timeout_s):
                self._observed[trial] = observe(client, trial)
            self._seconds[trial] = time.monotonic() - begin
        return self._observed[trial]

    def seconds(self) -> dict[Trial, float]:
        """Return how long each of the evaluations of `scores` took.

        Raises
        ------
        EvaluationTooSlowError
            If one of them takes longer than the server waits.
        """
        self.scores()
        return self._seconds

    def rehearsed(self) -> tuple[ChallengeClient, list[Finding]]:
        """Return a server to which every baseline was handed in, and what came of each, once."""
        if self._rehearsed is None:
            client = self._opened(SECRET)
            self._rehearsed = client, rehearse(client.hosted, client.server, every_split=True)
        return self._rehearsed

    def answers(self) -> dict[str, Any]:
        """Return what the server of `open` answers to the requests of the valid baselines."""
        scored = self.scores()
        return answers(self.open(), scored, scores=scored)

    def homes(self) -> tuple[str, ...]:
        """Return the files and folders of the plugin's code, and of its extensions'."""
        registry, _ = self.registry()
        builtin = build_registry().plugins
        found = {home_of(one) for name, one in registry.plugins.items() if name not in builtin}
        return tuple(sorted(found - {""}))

    def modules(self) -> list[ModuleType]:
        """Return the modules of the plugin and its extensions that are imported by now."""
        homes = self.homes()
        return [
            module
            for module in list(sys.modules.values())
            if str(getattr(module, "__file__", None) or "-").startswith(homes)
        ]

    def registry(self) -> tuple[PluginRegistry, ChallengeType | None]:
        """Return a registry that holds the plugin and its extensions, and the type it owns."""
        registry = build_registry()
        challenge_type = load_plugin(registry, self.plugin)
        for extension in self.extensions:
            load_plugin(registry, extension)
        return registry, challenge_type
