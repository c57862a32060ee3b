"""Run gunicorn: the arbiter stays small, each worker opens the server for itself."""

from __future__ import annotations

import contextlib
import ipaddress
import multiprocessing
import os
import resource
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs
from gunicorn.app.base import BaseApplication

from anomed_core.errors import AnomedError, UsageError
from anomed_core.service import static_product
from anomed_core.service.server import Server
from anomed_core.state import StateDirectory
from anomed_core.web.borders import names_of
from anomed_core.web.logs import ServerLog
from anomed_core.web.slow_clients import head_is_complete
from anomed_core.web.telemetry import share_between_workers, shared_folder

_TELL_EVERY_S = 5.0


@attrs.frozen(kw_only=True)
class _Plan:
    """What every process of the server needs to know."""

    config: Path | None
    plugins: tuple[str, ...]
    overrides: Mapping[str, Any]
    accept_change: bool


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn with our settings; the application is created after the fork."""

    def __init__(self, plan: _Plan, settings: Mapping[str, Any]) -> None:
        self._plan = plan
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        from anomed_core.application import server_from_files
        from anomed_core.system.memory import return_memory_promptly
        from anomed_core.web import configure_logs, create_web_app

        configure_logs()
        return_memory_promptly()
        server = server_from_files(
            self._plan.config,
            plugins=self._plan.plugins,
            overrides=self._plan.overrides,
            in_background=True,
        )
        settings = server.settings
        is_open = server.authorizer.trusts_ids
        return create_web_app(
            server, names=names_of(settings.host, settings.names, is_open=is_open)
        )


def run_server(
    config: Path | None,
    *,
    plugins: Iterable[str],
    overrides: Mapping[str, Any],
    accept_change: bool = False,
) -> None:
    """Serve until a signal ends it.

    Everything that an organiser can get wrong is found before the first worker starts, in a process
    of its own, so that the arbiter never holds data.

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
    from anomed_core.config import read_configuration

    plan = _Plan(
        config=config.absolute() if config else None,
        plugins=tuple(plugins),
        overrides=overrides,
        accept_change=accept_change,
    )
    server = read_configuration(plan.config, overrides=overrides).server
    _open_standard_streams()
    os.umask(0o077)  # what a server writes is its owner's
    _refuse_open_to_the_world(server.host, server.auth, overrides)
    _refuse_taken_port(server.host, server.port)
    titles = _prepare(plan)
    served = ", ".join(map(repr, titles))
    page = "challenge.json" if len(titles) == 1 else "challenges"
    _allow_many_connections()
    state = StateDirectory(server.state)
    counts = shared_folder(state.root, server=os.getpid())
    share_between_workers(counts)

    def announce(worker: Any) -> None:
        if worker.age == 1:
            host, port = worker.sockets[0].getsockname()[:2]
            url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
            with contextlib.suppress(OSError, ValueError):  # nobody may be reading
                sys.stdout.write(f"Serving {served} at {url} (see {url}/{page})\n")
                sys.stdout.flush()

    bare = server.host.removeprefix("[").removesuffix("]")
    bind = f"[{bare}]" if ":" in bare else bare
    _Server(
        plan,
        {
            "bind": f"{bind}:{server.port}",
            "workers": server.workers,
            "threads": server.threads,
            "worker_class": "anomed_core.web.slow_clients.SlowClientWorker",
            "preload_app": False,
            "control_socket_disable": True,
            "timeout": 60,
            "graceful_timeout": int(server.evaluation_timeout_s) + 5,
            "keepalive": 15,
            "loglevel": "warning",
            "logger_class": ServerLog,
            "post_worker_init": announce,
            "child_exit": _forget_worker,
            "on_exit": lambda _: shutil.rmtree(counts, ignore_errors=True),
            "pre_request": head_is_complete,
            "forwarded_allow_ips": "",  # nobody is believed to be a proxy
            "forwarder_headers": "",
            "worker_tmp_dir": _heartbeats(state),
        },
    ).run()


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

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def _allow_many_connections() -> None:
    """Raise the limit on open files to what the system allows: a connection is one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _refuse_open_to_the_world(host: str, auth: str, overrides: Mapping[str, Any]) -> None:
    if auth == "open" and not _is_loopback(host) and overrides.get("auth") != "open":
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
            trial.bind((host.removeprefix("[").removesuffix("]"), port))
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise UsageError(
                f"cannot listen on {host}:{port}: {reason}; give another --port or --host, or end "
                "the server that listens there"
            ) from error


def _is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address; other names than localhost may be anybody."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.removeprefix("[").removesuffix("]")).is_loopback
    except ValueError:
        return False


def _prepare(plan: _Plan) -> list[str]:
    """Open the server once in a child process: build, migrate, and find what is wrong."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_prepare_and_tell, args=(plan, sender))
    child.start()
    sender.close()
    began = time.monotonic()
    while not receiver.poll(_TELL_EVERY_S):
        sys.stderr.write(f"Preparing the challenges: {time.monotonic() - began:.0f} s ...\n")
    try:
        problem, titles = receiver.recv()
    except EOFError:
        problem, titles = "preparing the challenges ended without a word; see the log above", []
    child.join()
    if problem is not None:
        raise UsageError(problem)
    return list(titles)


def _build_products(server: Server) -> None:
    """Ask for every static product first, so that no worker ever spends time or memory on it."""
    for hosted in server.challenges.values():
        for product in hosted.products.values():
            if product.static:
                static_product(hosted, product, server.state.artifacts)


def _prepare_and_tell(plan: _Plan, sender: Any) -> None:
    from anomed_core.application import server_from_files
    from anomed_core.web import configure_logs, create_web_app

    configure_logs()
    try:
        server = server_from_files(
            plan.config,
            plugins=plan.plugins,
            overrides=plan.overrides,
            accept_change=plan.accept_change,
        )
        create_web_app(server)
        _build_products(server)
    except AnomedError as error:
        sender.send((str(error), []))
        return
    titles = [hosted.challenge.title for hosted in server.challenges.values()]
    server.close()
    sender.send((None, titles))
