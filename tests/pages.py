"""Run the examples of every Markdown page as its reader would: in order, in an empty folder.

What a fenced block means:

``shell``
    Each line is a command. ``anomed`` commands run in this process, so that imports are paid once;
    servers run in the background on a free port, wherever the page says 8000; ``make`` and ``pip``
    are not run, but make's target must exist, and ``pip install -e FOLDER`` lets the page find the
    package in that folder as if it were installed; bash runs all others. 8001 becomes a free port,
    too: for a server that the page starts in Python.
``python``
    Executed; names last until the end of the page.
``toml``
    Read by the code that reads configurations, but for a ``pyproject.toml``.
``pycon``
    A doctest.
``output``
    What the block before it printed; ``...`` stands for anything.

A block that begins with a file's name in a comment, such as ``# challenge.toml``, is written to
that file instead of being executed, or added to it if the name is followed by ``, continued``;
names count from the folder in which the page begins. All other languages are for the eye. One page
is one test, so that pages may be run in any order and side by side.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from _pytest._code.code import TerminalRepr
from sybil import Document, Example
from sybil.example import SybilFailure
from sybil.parsers.markdown import CodeBlockParser

from anomed_core.service.opening import open_server
from anomed_core.service.server import Server

ROOT = Path(__file__).parents[1]
WRITTEN_ADDRESS = "127.0.0.1:8000"
SECOND_WRITTEN_ADDRESS = "127.0.0.1:8001"
START_TIMEOUT_S = 90.0
STOP_TIMEOUT_S = 20.0

_FILE_NAME = re.compile(r"# ([\w./-]+\.\w+)(, continued)?\n+")
_ELLIPSIS = re.compile(r"(?<!\.)\.\.\.(?!\.)")  # pytest prints longer runs of dots
_ADDRESS = re.compile(r"http://(127\.0\.0\.1:\d+)")
_SERVER = re.compile(r"(anomed serve|gunicorn)\b")
_RUNNABLE = re.compile(r"^```(shell|python|toml|pycon)$", flags=re.MULTILINE)
_NEEDS_A_SHELL = re.compile(r"[|<>&;$`*]")


class Reader:
    """Somebody who reads one page with a terminal beside it.

    Parameters
    ----------
    folder
        Where commands run and files are written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server: subprocess.Popen[bytes] | None = None
        self._address = WRITTEN_ADDRESS
        self._second_address = f"127.0.0.1:{_free_port()}"
        self.printed = ""

    @property
    def parsers(self) -> list[CodeBlockParser]:
        """What to do with the blocks of each language."""
        return [
            CodeBlockParser("shell", self.run_shell),
            CodeBlockParser("python", self.run_python),
            CodeBlockParser("toml", self.read_toml),
            CodeBlockParser("pycon", self.run_doctest),
            CodeBlockParser("output", self.compare),
        ]

    def run_shell(self, example: Example) -> str | None:
        """Run commands one by one; return what went wrong."""
        self.printed = ""
        for command in _commands(example.parsed):
            words = command.split()
            if words[0] == "make" and not _is_target(words[1]):
                return f"the Makefile has no target for {command!r}"
            if words[:3] == ["pip", "install", "-e"] and Path(words[3], "pyproject.toml").is_file():
                _pretend_to_install(Path(words[3]).absolute())
            if words[0] == "cd":
                os.chdir(words[1])
            if words[0] in {"make", "pip", "cd"}:
                continue
            status = self._run(command)
            if status:
                return f"{command!r} ended with {status} and printed:\n{self.printed}"
        return None

    def _run(self, command: str) -> int:
        if _SERVER.match(command):
            self._serve(shlex.split(command, comments=True))
            return 0
        command = self._really(command)
        if command.startswith("curl ") and not shutil.which("curl"):
            pytest.skip("curl is not installed")
        if command.startswith("anomed ") and not _NEEDS_A_SHELL.search(command):
            _forget_modules_of(self._folder)
            status, text = _run_in_this_process(shlex.split(command, comments=True)[1:])
        else:
            done = subprocess.run(
                ["bash", "-o", "pipefail", "-c", command],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                check=False,
            )
            status, text = done.returncode, done.stdout.decode()
        self.printed += self._as_written(text)
        return status

    def _really(self, text: str) -> str:
        text = text.replace(WRITTEN_ADDRESS, self._address)
        return text.replace(SECOND_WRITTEN_ADDRESS, self._second_address)

    def _as_written(self, text: str) -> str:
        text = text.replace(self._address, WRITTEN_ADDRESS)
        return text.replace(self._second_address, SECOND_WRITTEN_ADDRESS)

    def _serve(self, words: list[str]) -> None:
        self.stop()
        words = [word.replace(WRITTEN_ADDRESS, "127.0.0.1:0") for word in words]
        if words[0] == "anomed":
            words += ["--port", "0"]
        log = self._folder / "server.log"
        with log.open("wb") as output:
            self._server = subprocess.Popen(words, stdout=output, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline and self._server.poll() is None:
            announced = _ADDRESS.search(log.read_text())
            if announced:
                self._address = announced[1]
                self.printed = self._as_written(log.read_text())
                return
            time.sleep(0.05)
        raise AssertionError(f"{shlex.join(words)} did not start:\n{log.read_text()}")

    def stop(self) -> None:
        """Stop the server, if one runs."""
        if self._server is not None:
            self._server.terminate()
            try:
                self._server.wait(timeout=STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
        self._server = None

    def run_python(self, example: Example) -> None:
        """Write or execute a block; a traceback shows the lines of the page."""
        if self._written(example):
            return
        source = "\n" * example.line + self._really(example.parsed)
        code = compile(source, example.path, "exec", dont_inherit=True)
        with contextlib.redirect_stdout(io.StringIO()) as output:
            exec(code, example.namespace)
        self.printed = self._as_written(output.getvalue())

    def read_toml(self, example: Example) -> None:
        """Write a named block; judge any block as a configuration."""
        from anomed_core.config import read_configuration
        from anomed_core.plugins import build_registry
        from anomed_core.service.specs import specs_from_tables

        if self._written(example) and example.parsed.startswith("# pyproject.toml"):
            return
        path = self._folder / "block.toml"
        path.write_text(example.parsed)
        specs_from_tables(read_configuration(path).challenges, build_registry())

    def run_doctest(self, example: Example) -> str | None:
        """Run a doctest; return its report if it fails."""
        test = doctest.DocTestParser().get_doctest(
            example.parsed, {}, Path(example.path).name, example.path, example.line
        )
        report = io.StringIO()
        failed, _ = doctest.DocTestRunner(verbose=False).run(test, out=report.write)
        return report.getvalue() if failed else None

    def compare(self, example: Example) -> str | None:
        """Compare what a block printed with what the page says."""
        expected = [line.rstrip() for line in example.parsed.strip().splitlines()]
        printed = [line.rstrip() for line in self.printed.strip().splitlines()]
        pattern = ".*?".join(map(re.escape, _ELLIPSIS.split("\n".join(expected))))
        if re.fullmatch(pattern, "\n".join(printed), flags=re.DOTALL):
            return None
        return "\n".join(["expected:", *expected, "", "printed:", *printed])

    def _written(self, example: Example) -> bool:
        named = _FILE_NAME.match(example.parsed)
        if named:
            path = self._folder / named[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            if named[2]:
                text = f"{path.read_text()}\n\n{example.parsed[named.end() :]}"
            else:
                text = example.parsed
            path.write_text(text)
        return named is not None


def _pretend_to_install(project: Path) -> None:
    """Leave in a project's folder what an editable installation leaves in site-packages."""
    facts = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    name, version = facts["name"].replace("-", "_"), facts["version"]
    metadata = project / f"{name}-{version}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {facts['name']}\nVersion: {version}\n"
    )
    groups = [
        "\n".join([f"[{group}]", *(f"{point} = {target}" for point, target in points.items())])
        for group, points in facts["entry-points"].items()
    ]
    (metadata / "entry_points.txt").write_text("\n\n".join(groups))
    sys.path.insert(0, str(project))
    os.environ["PYTHONPATH"] = str(project)


def _forget_modules_of(folder: Path) -> None:
    """Let the next command, and the next page, import what is in the files now."""
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None)
        if path and Path(path).is_relative_to(folder):
            del sys.modules[name]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _commands(block: str) -> list[str]:
    lines = block.replace("\\\n", " ").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def _is_target(name: str) -> bool:
    rules = (ROOT / "Makefile").read_text()
    return re.search(rf"^{re.escape(name)}:", rules, flags=re.MULTILINE) is not None


def _run_in_this_process(words: list[str]) -> tuple[int, str]:
    from anomed_core.cli import main

    logging = structlog.get_config()
    output = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["anomed", *words])
        try:
            with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
                main()
        except SystemExit as end:
            return int(end.code or 0), output.getvalue()
        finally:
            structlog.configure(**logging)


class Page(pytest.File):
    """A Markdown page."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yield one test, if there is anything to run."""
        if _RUNNABLE.search(self.path.read_text(encoding="utf-8")):
            yield Examples.from_parent(self, name="examples")


class Examples(pytest.Item):
    """All examples of a page, in order."""

    def runtest(self) -> None:
        """Read the page from its first example to its last."""
        with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
            _furnish(patch, Path(folder))
            opened = _note_servers(patch)
            reader = Reader(Path(folder))
            document = Document.parse(str(self.path), *reader.parsers)
            try:
                for example in document:
                    example.evaluate()
            finally:
                _leave_python(document.namespace, opened)
                _forget_modules_of(Path(folder))
                reader.stop()

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None
    ) -> str | TerminalRepr:
        """Show what differs, without the way through sybil."""
        if isinstance(excinfo.value, SybilFailure):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Name the page."""
        return self.path, 0, f"examples of {self.path.relative_to(ROOT)}"


def _note_servers(patch: pytest.MonkeyPatch) -> list[Server]:
    """Return a list to which the servers are added that are opened in this process from now on."""
    opened: list[Server] = []

    def open_and_note(*arguments: Any, **options: Any) -> Server:
        opened.append(open_server(*arguments, **options))
        return opened[-1]

    patch.setattr("anomed_core.application.open_server", open_and_note)
    return opened


def _leave_python(namespace: dict[str, Any], opened: list[Server]) -> None:
    """Close connections and end threads, as the end of an interpreter would."""
    for value in namespace.values():
        if isinstance(value, httpx.Client):
            value.close()
    for server in opened:
        server.close()


def _furnish(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """Give a page an environment that does not depend on whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith("ANOMED_")]:
        patch.delenv(name)
    patch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    patch.setenv("ANOMED_SERVER_WORKERS", "1")
    patch.setenv("OMP_NUM_THREADS", "1")
    patch.setenv("NO_PROXY", "127.0.0.1")
    patch.setenv("PYTHONPATH", "")
    patch.setenv("PYTEST_ADDOPTS", "-p no:schemathesis")  # it is ours, and takes a second to import
    patch.setenv("ANOMED_CLIENT_CACHE", str(folder / "downloads"))
    patch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    patch.chdir(folder)
    patch.syspath_prepend(folder)
