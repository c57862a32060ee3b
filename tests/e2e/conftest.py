"""Start challenge servers and published clients, and show their logs when a test fails.

`ANOMED_E2E_SERVER` replaces the command of the challenge server, to try these tests on another one:
words as in a shell, with `{port}` and `{state}` where the port and a fresh folder belong. Tests of
what the published server gets wrong are skipped then.
"""

import email
import os
import re
import shlex
import sys
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest

from anomed_core.errors import EnvironmentMissingError

from .environments import published_environment
from .platform_double import Platform, listening_platform
from .processes import RunningServer, serving

CHALLENGE_COMMAND = shlex.split(os.environ.get("ANOMED_E2E_SERVER", "")) or [
    sys.executable,
    *("-m", "anomed_core", "serve", "--plugin", "supervised-mia"),
    *("--port", "{port}", "--state", "{state}"),
]

CLIENT_MODULES = Path(__file__).parent / "clients"
collect_ignore = ["clients"]  # they import libraries of the client environment

PUBLISHED_IMPORT = "import anomed_challenge as anochal"
OUR_IMPORT = "import anomed_supervised_mia as anochal"

SERVERS = pytest.StashKey[list[RunningServer]]()


class StartServer(Protocol):
    """Start a server that lives as long as the module's tests."""

    def __call__(
        self,
        command: Sequence[str],
        *,
        name: str,
        environment: Mapping[str, str] | None = None,
        modules: Mapping[str, str] | None = None,
    ) -> RunningServer: ...


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Attach the log of every running server to a failure."""
    report = yield
    if report.failed:
        for server in item.config.stash.get(SERVERS, []):
            report.sections.append((f"log of {server.name}", server.log_tail()))
    return report


@pytest.fixture(scope="session")
def client_environment() -> Path:
    """Return the folder of a virtual environment with the published AnoMed libraries."""
    try:
        return published_environment().folder
    except EnvironmentMissingError as error:
        if os.environ.get("CI"):
            pytest.fail(f"the published clients could not be installed: {error}")
        pytest.skip(f"the published clients could not be installed: {error}")


@pytest.fixture(scope="session")
def platform() -> Iterator[Platform]:
    """Listen as the AnoMed platform would."""
    with listening_platform() as platform:
        yield platform


@pytest.fixture(scope="module")
def start_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StartServer]:
    """Start servers, each in a fresh folder that also holds the given Python modules."""
    running = request.config.stash.setdefault(SERVERS, [])

    def start(
        command: Sequence[str],
        *,
        name: str,
        environment: Mapping[str, str] | None = None,
        modules: Mapping[str, str] | None = None,
    ) -> RunningServer:
        folder = tmp_path_factory.mktemp(name)
        for module, source in (modules or {}).items():
            (folder / f"{module}.py").write_text(source)
        command = [part.replace("{state}", str(folder / "state")) for part in command]
        server = stack.enter_context(
            serving(command, name=name, folder=folder, environment=environment)
        )
        running.append(server)
        stack.callback(running.remove, server)
        return server

    with ExitStack() as stack:
        yield start


@pytest.fixture(scope="module")
def challenge_server(start_server: StartServer, platform: Platform) -> Callable[..., RunningServer]:
    """Start a challenge server, by default ours, on fresh state."""

    def start(
        command: Sequence[str] = CHALLENGE_COMMAND, *, modules: Mapping[str, str] | None = None
    ) -> RunningServer:
        environment = {"ANOMED_HOST": platform.host}
        return start_server(command, name="challenge", environment=environment, modules=modules)

    return start


@pytest.fixture(scope="session")
def example(client_environment: Path) -> str:
    """Return the example of the published README, word for word."""
    (metadata,) = client_environment.glob(
        "lib/*/site-packages/anomed_challenge-*.dist-info/METADATA"
    )
    readme = str(email.message_from_string(metadata.read_text()).get_payload())
    (source,) = re.findall(r"```python\n(.*?)```", readme, flags=re.DOTALL)
    assert PUBLISHED_IMPORT in source
    return str(source)


@pytest.fixture(scope="module")
def published(
    example: str, client_environment: Path, challenge_server: Callable[..., RunningServer]
) -> RunningServer:
    """Serve the example as published; two workers of it would serve different members."""
    gunicorn = str(client_environment / "bin" / "gunicorn")
    command = [gunicorn, "-w", "1", "--bind", "127.0.0.1:{port}", "example:application"]
    return challenge_server(command, modules={"example": example})


@pytest.fixture(scope="module")
def published_tables(
    client_environment: Path, challenge_server: Callable[..., RunningServer]
) -> RunningServer:
    """Serve the published server's challenge about tables."""
    source = (CLIENT_MODULES / "published_tabular_challenge.py").read_text()
    gunicorn = str(client_environment / "bin" / "gunicorn")
    command = [gunicorn, "-w", "1", "--bind", "127.0.0.1:{port}", "example:application"]
    return challenge_server(command, modules={"example": source})


@pytest.fixture(scope="module")
def ours(example: str, challenge_server: Callable[..., RunningServer]) -> RunningServer:
    """Serve the example with our library, by two workers."""
    gunicorn = [sys.executable, "-m", "gunicorn"]
    command = [*gunicorn, "-w", "2", "--bind", "127.0.0.1:{port}", "example:application"]
    return challenge_server(
        command, modules={"example": example.replace(PUBLISHED_IMPORT, OUR_IMPORT)}
    )


@pytest.fixture(scope="module")
def start_client(
    client_environment: Path, start_server: StartServer
) -> Callable[..., RunningServer]:
    """Serve a module of `clients/` with gunicorn in the client environment."""

    def start(module: str, **environment: str) -> RunningServer:
        gunicorn = str(client_environment / "bin" / "gunicorn")
        return start_server(
            [gunicorn, "--bind", "127.0.0.1:{port}", "--timeout", "120", f"{module}:application"],
            name=module,
            environment=environment,
            modules={module: (CLIENT_MODULES / f"{module}.py").read_text()},
        )

    return start


@pytest.fixture(scope="module")
def anonymizer_server(start_client: Callable[..., RunningServer]) -> Callable[..., RunningServer]:
    """Start a published anonymizer server: a decision tree for iris."""

    def start(
        challenge: RunningServer,
        *,
        anonymizer: str,
        model_file: Path,
        validation_route: str = "/data/anonymizer/validation",
    ) -> RunningServer:
        return start_client(
            "anonymizer",
            CHALLENGE_URL=challenge.url,
            ANONYMIZER=anonymizer,
            MODEL_FILE=str(model_file),
            VALIDATION_ROUTE=validation_route,
        )

    return start


@pytest.fixture(scope="module")
def deanonymizer_server(start_client: Callable[..., RunningServer]) -> Callable[..., RunningServer]:
    """Start a published deanonymizer server: an attack on an anonymizer's `/predict`."""

    def start(
        challenge: RunningServer,
        *,
        target: RunningServer,
        anonymizer: str,
        deanonymizer: str,
        model_file: Path,
    ) -> RunningServer:
        return start_client(
            "deanonymizer",
            CHALLENGE_URL=challenge.url,
            PREDICT_URL=f"{target.url}/predict",
            ANONYMIZER=anonymizer,
            DEANONYMIZER=deanonymizer,
            MODEL_FILE=str(model_file),
        )

    return start


@pytest.fixture(scope="module")
def tabular_anonymizer_server(
    start_client: Callable[..., RunningServer],
) -> Callable[..., RunningServer]:
    """Start a published anonymizer server for tables: it rounds numbers."""

    def start(challenge: RunningServer, *, anonymizer: str, output_folder: Path) -> RunningServer:
        return start_client(
            "tabular_anonymizer",
            CHALLENGE_URL=challenge.url,
            ANONYMIZER=anonymizer,
            OUTPUT_FOLDER=str(output_folder),
        )

    return start
