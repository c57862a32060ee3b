"""A PostgreSQL for tests: one that is named, or one of our own from the system's binaries.

`ANOMED_TEST_POSTGRESQL` names a database whose user may create databases, such as
`postgresql+psycopg://postgres@127.0.0.1/postgres`. Otherwise Debian's binaries (package
`postgresql`) run a server in a temporary folder. Where there is neither, tests are skipped, and
fail if `CI` is set.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.e2e.processes import LOOPBACK, free_port

VARIABLE = "ANOMED_TEST_POSTGRESQL"
UNPRIVILEGED = "nobody"
_URL = pytest.StashKey[str]()


class PostgreSQLUnavailableError(RuntimeError):
    """There is no PostgreSQL to test on; the message says what was looked for."""


@pytest.fixture(scope="session")
def postgresql(request: pytest.FixtureRequest) -> str:
    """Return the URL of a database beside which `create_database` makes others."""
    config = request.config
    if _URL not in config.stash:
        server = running_postgresql()
        try:
            config.stash[_URL] = server.__enter__()
        except PostgreSQLUnavailableError as error:
            if os.environ.get("CI"):
                pytest.fail(f"PostgreSQL is not tested: {error}")
            pytest.skip(f"PostgreSQL is not tested: {error}")
        config.add_cleanup(lambda: server.__exit__(None, None, None))
    return config.stash[_URL]


@contextmanager
def running_postgresql(*, durable: bool = False) -> Iterator[str]:
    """Run a server until the block ends, unless one is named; yield the URL to create databases at.

    Parameters
    ----------
    durable
        Whether commits wait for the disk; tests that kill only us need not.

    Raises
    ------
    PostgreSQLUnavailableError
        If no server is named and none is installed.
    """
    if named := os.environ.get(VARIABLE):
        yield named
        return
    binaries = _binaries()
    folder = Path(tempfile.mkdtemp(prefix="anomed-postgresql-"))
    user = UNPRIVILEGED if os.getuid() == 0 else None  # the server refuses to run as root
    if user is not None:
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)

    def run(program: str, *arguments: str) -> None:
        with (folder.with_suffix(".log")).open("ab") as log:
            subprocess.run(
                [str(binaries / program), *arguments],
                user=user,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                timeout=120,
                check=True,
            )

    port = free_port()
    data = str(folder / "data")
    try:
        run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        safety = "" if durable else "-c fsync=off -c full_page_writes=off"
        options = f"-h {LOOPBACK} -p {port} -k {folder} -c max_connections=300 {safety}"
        log = str(folder / "server.log")
        run("pg_ctl", "start", "-w", "-D", data, "-l", log, "-o", options)
        try:
            yield f"postgresql+psycopg://postgres@{LOOPBACK}:{port}/postgres"
        finally:
            run("pg_ctl", "stop", "-w", "-D", data, "-m", "fast")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        folder.with_suffix(".log").unlink(missing_ok=True)


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    if on_path:
        found.append(Path(on_path))
    if not found:
        raise PostgreSQLUnavailableError(
            f"{VARIABLE} names none, and there is no initdb in /usr/lib/postgresql or on the path; "
            "install the package postgresql"
        )
    return found[-1].parent


def create_database(url: str, *, copy: bool = False, tablespace: str = "pg_default") -> str:
    """Create a database with a name of its own, empty or a copy, and return its URL.

    Parameters
    ----------
    url
        A database of the server; nobody may be connected to it while it is copied.
    copy
        Whether the new one begins with the content of that one.
    tablespace
        Where the server keeps its tables.
    """
    parsed = sa.engine.make_url(url)
    name = f"anomed_{os.urandom(6).hex()}"
    template = parsed.database if copy else "template0"
    engine = sa.create_engine(parsed.set(database="postgres"), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(
                sa.text(f"CREATE DATABASE {name} TEMPLATE {template} TABLESPACE {tablespace}")
            )
    finally:
        engine.dispose()
    return parsed.set(database=name).render_as_string(hide_password=False)
