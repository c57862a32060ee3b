"""Play a demo: a real server in a process of its own, and players that speak HTTP to it."""

from __future__ import annotations

import importlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import click
import httpx

from anomed_core.errors import UsageError
from anomed_core.plugins import build_registry

_START_TIMEOUT_S = 60.0


@attrs.frozen(kw_only=True)
class DemoSession:
    """What a type's demo is given.

    Attributes
    ----------
    url
        Where the server is.
    client
        HTTP client that knows the server.
    tell
        Prints one line of progress.
    seed
        For the players' models.
    """

    url: str
    client: httpx.Client
    tell: Callable[[str], None]
    seed: int


def play_demo(plugin: str, *, seed: int) -> None:
    """Serve a type's demo challenge and let its players compete.

    Parameters
    ----------
    plugin
        As given with ``--plugin``.
    seed
        For the players' models.

    Raises
    ------
    UsageError
        If the type has no demo, or the server does not start.
    """
    challenge_type = build_registry().load(plugin)
    if challenge_type is None or challenge_type.demo is None:
        raise UsageError(f"plugin {plugin!r} has no demo")
    module, _, function = challenge_type.demo.partition(":")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="anomed-demo-") as folder:
        click.echo(f"Starting a server for {challenge_type.title!r} ...")
        with _server(plugin, Path(folder)) as url, httpx.Client(base_url=url, timeout=60) as client:
            click.echo(f"It answers at {url}.")
            play = getattr(importlib.import_module(module), function)
            play(DemoSession(url=url, client=client, tell=click.echo, seed=seed))
    click.echo(f"Done in {time.monotonic() - began:.0f} s; nothing of it was kept.")


@contextmanager
def _server(plugin: str, folder: Path) -> Iterator[str]:
    log = folder / "server.log"
    command = [sys.executable, "-m", "anomed_core", "serve", "--plugin", plugin, "--port", "0"]
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [*command, "--state", str(folder / "state")],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        try:
            yield _announced_url(process, log)
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _announced_url(process: subprocess.Popen[str], log: Path) -> str:
    """Wait for the line that says where the server is."""
    deadline = time.monotonic() + _START_TIMEOUT_S
    if process.stdout is None:
        raise UsageError("the server's output cannot be read")
    while time.monotonic() < deadline:
        line = process.stdout.readline()
        if " at http" in line:
            return line.split(" at ")[-1].split()[0]
        if not line and process.poll() is not None:
            break
    raise UsageError(f"the server did not start: {log.read_text(encoding='utf-8')[-500:]}")
