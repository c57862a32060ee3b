"""Run gunicorn: the arbiter stays small, each worker opens the server for itself."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import resource
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import structlog
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter

from anomed_core.config import ServerSettings
from anomed_core.errors import AnomedError, UsageError
from anomed_core.service import static_product
from anomed_core.service.handouts import handouts
from anomed_core.service.server import Server
from anomed_core.service.world import World, facts_of
from anomed_core.state import StateDirectory
from anomed_core.web.borders import is_loopback, names_of, without_brackets
from anomed_core.web.logs import ServerLog
from anomed_core.web.slow_clients import has_ended, head_is_complete
from anomed_core.web.telemetry import share_between_workers, shared_folder

log = structlog.get_logger(__name__)

_TELL_EVERY_S = 5.0


@attrs.frozen(kw_only=True)
class _Plan:
    """What every process of the server needs to know."""

    config: Path | None
    plugins: tuple[str, ...]
    overrides: Mapping[str, Any]
    accept_change: bool
    world: World
    titles: tuple[str, ...] = ()

    def settings(self) -> ServerSettings:
        """Return the server's settings by the configuration that was kept."""
        from anomed_core.config import read_configuration

        content = self.world.configuration
        return read_configuration(self.config, overrides=self.overrides, content=content).server

    def open(self, *, in_background: bool = False) -> Server:
        """Open the server as it was planned."""
        from anomed_core.application import server_from_files

        return server_from_files(
            self.config,
            plugins=self.plugins,
            overrides=self.overrides,
            accept_change=self.accept_change and not in_background,
            in_background=in_background,
            content=self.world.configuration,
            sources=self.world.sources,
        )


class _Arbiter(Arbiter):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's arbiter, which takes up what has changed only after a check."""

    def handle_hup(self) -> None:
        """Prepare what the files say now; if that fails, go on as before."""
        try:
            self.app.take_up()
        except AnomedError as error:
            self.log.error(  # noqa: TRY400 - the sentence is for the organiser, and says it all
                "Not reloaded, the server goes on as it was started: %s", error
            )
            return
        super().handle_hup()


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn with our settings; the application is created after the fork."""

    def __init__(self, plan: _Plan, counts: Path) -> None:
        self._plan = plan
        self._counts = counts
        super().__init__()

    def load_config(self) -> None:
        for name, value in _gunicorn_settings(self._plan, self._counts).items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        from anomed_core.system.memory import return_memory_promptly
        from anomed_core.web import configure_logs, create_web_app

        configure_logs()
        return_memory_promptly()
        world = self._plan.world
        server = self._plan.open(in_background=True)
        try:
            world.check(server)
        except UsageError:
            server.close()
            raise
        settings = server.settings
        is_open = server.authorizer.trusts_ids
        return create_web_app(
            server, names=names_of(settings.host, settings.names, is_open=is_open)
        )

    def take_up(self) -> None:
        """Take up what configuration, data and plugins are now, if it can be served."""
        self._plan = _prepared(attrs.evolve(self._plan, world=_read(self._plan.config)))

    def run(self) -> None:
        _Arbiter(self).run()


def run_server(
    config: Path | None,
    *,
    plugins: Iterable[str],
    overrides: Mapping[str, Any],
    accept_change: bool = False,
) -> None:
    """Serve until a signal ends it; on SIGHUP, take up what has changed after a check.

    Everything that an organiser can get wrong is found before the first worker starts, in a process
    of its own, so that the arbiter never holds data. What was found then holds for every worker,
    whenever it starts.

    Parameters
    ----------
    config
        TOML file; ``None`` serves each plugin's demo.
    plugins
        Names given with ``--plugin``.
    overrides
        Keys of ``[server]`` given on the command line.
    accept_change
        Whether challenges may have other data or metrics than their recorded scores.

    Raises
    ------
    UsageError
        If something is wrong with the configuration, a plugin or the ledger.
    """
    _open_standard_streams()
    os.umask(0o077)  # what a server writes is its owner's
    config = config.absolute() if config else None
    plan = _Plan(
        config=config,
        plugins=tuple(plugins),
        overrides=overrides,
        accept_change=accept_change,
        world=_read(config),
    )
    settings = plan.settings()
    _refuse_open_to_the_world(settings.host, settings.auth, overrides)
    _refuse_taken_port(settings.host, settings.port)
    plan = _prepared(plan)
    _allow_many_connections()
    counts = shared_folder(StateDirectory(settings.state).root, server=os.getpid())
    share_between_workers(counts)
    _Server(plan, counts).run()


def _read(config: Path | None) -> World:
    from anomed_core.config import read_file

    return World(configuration=read_file(config) if config else None)


def _gunicorn_settings(plan: _Plan, counts: Path) -> dict[str, Any]:
    settings = plan.settings()

    def announce(worker: Any) -> None:
        if worker.age == 1:
            _announce(plan.titles, worker)

    bare = without_brackets(settings.host)
    return {
        "bind": f"{f'[{bare}]' if ':' in bare else bare}:{settings.port}",
        "workers": settings.workers,
        "threads": settings.threads,
        "worker_class": "anomed_core.web.slow_clients.SlowClientWorker",
        "preload_app": False,
        "control_socket_disable": True,
        "timeout": 60,
        "graceful_timeout": int(settings.evaluation_timeout_s) + 5,
        "keepalive": 15,
        "loglevel": "warning",
        "logger_class": ServerLog,
        "post_worker_init": announce,
        "child_exit": _forget_worker,
        "on_exit": lambda _: shutil.rmtree(counts, ignore_errors=True),
        "pre_request": head_is_complete,
        "forwarded_allow_ips": "",  # nobody is believed to be a proxy
        "forwarder_headers": "",
        "worker_tmp_dir": _heartbeats(StateDirectory(settings.state)),
    }


def _announce(titles: Sequence[str], worker: Any) -> None:
    host, port = worker.sockets[0].getsockname()[:2]
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    served = ", ".join(map(repr, titles))
    page = "challenge.json" if len(titles) == 1 else "challenges"
    with contextlib.suppress(OSError, ValueError):  # nobody may be reading
        sys.stdout.write(f"Serving {served} at {url} (see {url}/{page})\n")
        sys.stdout.flush()


def _heartbeats(state: StateDirectory) -> str | None:
    """Return where workers show that they live: the system's folder if there is one, else ours."""
    try:
        tempfile.gettempdir()
    except FileNotFoundError:
        return str(state.root / "run")
    return None


def _open_standard_streams() -> None:
    """Open what is closed of the first three: a socket would get its number, and be written to."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - for ever


def _forget_worker(_server: Any, worker: Any) -> None:
    """Drop the gauges of a worker that has ended."""
    from prometheus_client import multiprocess

    has_ended(worker)
    with contextlib.suppress(OSError, ValueError):
        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def _allow_many_connections() -> None:
    """Raise the limit on open files to what the system allows: a connection is one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _refuse_open_to_the_world(host: str, auth: str, overrides: Mapping[str, Any]) -> None:
    if auth == "open" and not is_loopback(host) and overrides.get("auth") != "open":
        raise UsageError(
            f"server.host {host!r} can be reached by others while auth is open, so everybody would "
            "be believed to be anybody; use --auth tokens, or say --auth open on the command line"
        )


def _refuse_taken_port(host: str, port: int) -> None:
    """Try the address before any preparation: gunicorn would find out minutes later."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((without_brackets(host), port))
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise UsageError(
                f"cannot listen on {host}:{port}: {reason}; give another --port or --host, or end "
                "the server that listens there"
            ) from error


def _prepared(plan: _Plan) -> _Plan:
    """Open the server once in a child process: build, migrate, and find what is wrong."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_prepare_and_tell, args=(plan, sender))
    child.start()
    sender.close()
    began = time.monotonic()
    while not receiver.poll(_TELL_EVERY_S):
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(f"Preparing the challenges: {time.monotonic() - began:.0f} s ...\n")
    try:
        prepared: _Plan | str = receiver.recv()
    except EOFError:
        prepared = "preparing the challenges ended without a word; see the log above"
    child.join()
    if isinstance(prepared, str):
        raise UsageError(prepared)
    return prepared


def _build_products(server: Server) -> None:
    """Ask for every static product first, so that no worker ever spends time or memory on it."""
    for hosted in server.challenges.values():
        for product in hosted.products.values():
            if product.static:
                static_product(hosted, product, server.state.artifacts)


def _tell_handouts(server: Server) -> None:
    """Say once how many records whom the challenges hand out; loudly if it is everybody."""
    for hosted in server.challenges.values():
        public = [str(handout) for handout in handouts(hosted) if handout.is_public]
        other = [str(handout) for handout in handouts(hosted) if not handout.is_public]
        if other:
            log.info("records are handed out", challenge=hosted.id, records="; ".join(other))
        if public:
            log.warning("records are public", challenge=hosted.id, records="; ".join(public))


def _prepare_and_tell(plan: _Plan, sender: Any) -> None:
    from anomed_core.web import configure_logs, create_web_app

    configure_logs()
    try:
        server = plan.open()
        create_web_app(server)
        _build_products(server)
        if server.state.store is not None:
            server.state.store.require_agreement()
    except AnomedError as error:
        sender.send(str(error))
        return
    _tell_handouts(server)
    titles = tuple(hosted.challenge.title for hosted in server.challenges.values())
    sources = server.registry.fingerprints
    world = attrs.evolve(plan.world, sources=sources, facts=facts_of(server))
    server.close()
    sender.send(attrs.evolve(plan, world=world, titles=titles))
