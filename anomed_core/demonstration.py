"""Play a demo: a real server in a process of its own, and players that speak HTTP to it."""

from __future__ import annotations

import importlib
import json
import os
import re
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import click

from anomed_core.errors import UsageError
from anomed_core.model import ChallengeType
from anomed_core.plugins import build_registry
from anomed_core.service.ranking.table import RankingTable

if TYPE_CHECKING:
    from anomed_client import Challenge

_START_TIMEOUT_S = 60.0


@attrs.frozen(kw_only=True)
class DemoSession:
    """What a type's demo is given.

    Attributes
    ----------
    url
        Where the server is.
    downloads
        Folder that keeps what players download.
    tell
        Prints one line of progress.
    seed
        For the players' models.
    """

    url: str
    downloads: Path
    tell: Callable[[str], None]
    seed: int

    def join(self, name: str | None = None) -> Challenge:
        """Return the challenge as a participant of this name sees it."""
        from anomed_client import Options, connect

        return connect(self.url, name=name, options=Options(progress=False, cache=self.downloads))

    def ranking(self) -> list[dict[str, Any]]:
        """Return who is where by now, as ``GET /ranking`` tells it."""
        tables: list[dict[str, Any]] = json.loads(self.join().request("GET", "/ranking").body)
        return tables


def _tell_ranking(session: DemoSession) -> None:
    for table in session.ranking():
        shown = RankingTable.of_dict(table)
        session.tell("")
        session.tell(f"{shown.title}:")
        header, rows = shown.cells()
        widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
        for row in (header, *rows):
            cells = map(str.ljust, row, widths)
            session.tell("  ".join(cells).rstrip())


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
        raise UsageError(
            f"plugin {plugin!r} has nothing to play; its ChallengeType declares that by "
            'demo=DemoConfig(play="module:function")'
        )
    module, _, function = challenge_type.demo.play.partition(":")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="anomed-demo-") as folder:
        config = Path(folder, "challenge.toml")
        config.write_text(_as_toml(challenge_type), encoding="utf-8")
        click.echo(f"Starting a server for {challenge_type.title!r} ...")
        with _server(plugin, config) as url:
            click.echo(f"It answers at {url}.")
            play = getattr(importlib.import_module(module), function)
            downloads = Path(folder, "downloads")
            session = DemoSession(url=url, downloads=downloads, tell=click.echo, seed=seed)
            play(session)
            _tell_ranking(session)
    click.echo(f"Done in {time.monotonic() - began:.0f} s; nothing of it was kept.")


def _as_toml(challenge_type: ChallengeType) -> str:
    """Return the configuration of the competition; JSON's scalars and lists are TOML, too."""
    demo = challenge_type.demo
    table = {"type": challenge_type.name, **(demo.config if demo else {})}
    lines = [f"{key} = {_toml_value(value)}" for key, value in table.items()]
    return "\n".join(["[challenges.demo]", *lines, ""])


def _toml_value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{k} = {_toml_value(v)}" for k, v in value.items()) + " }"
    return json.dumps(value)


@contextmanager
def _server(plugin: str, config: Path) -> Iterator[str]:
    log = config.with_name("server.log")
    command = [sys.executable, "-m", "anomed_core", "serve", str(config), "--plugin", plugin]
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [*command, "--port", "0", "--state", str(config.with_name("state"))],
            stdout=subprocess.PIPE,
            stderr=errors,
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
            if process.stdout is not None:
                process.stdout.close()


def _announced_url(process: subprocess.Popen[bytes], log: Path) -> str:
    """Wait for the line that says where the server is."""
    deadline = time.monotonic() + _START_TIMEOUT_S
    if process.stdout is None:
        raise UsageError("the server's output cannot be read")
    said = b""
    while (remaining_s := deadline - time.monotonic()) > 0:
        if not select.select([process.stdout], [], [], remaining_s)[0]:
            break
        chunk = os.read(process.stdout.fileno(), 2**12)
        said += chunk
        announced = re.search(rb" at (http\S+)\s", said)
        if announced is not None:
            return announced[1].decode()
        if not chunk:
            break
    reason = log.read_text(encoding="utf-8")[-500:] or "it said nothing"
    raise UsageError(f"the server did not start within {_START_TIMEOUT_S:g} s: {reason}")
