"""Each ledger test runs on SQLite and on PostgreSQL, on a copy of a database made once."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from anomed_core.ledger import Database, migrate_ledger
from tests.postgresql import create_database, postgresql

__all__ = ["postgresql"]


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "ledger.sqlite"
    migrate_ledger(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql: str) -> str:
    url = create_database(postgresql)
    migrate_ledger(url)
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a database with an empty ledger."""
    if request.param == "postgresql":
        template: str = request.getfixturevalue("migrated_postgresql")
        return create_database(template, copy=True)
    path = tmp_path / "ledger.sqlite"
    shutil.copyfile(request.getfixturevalue("migrated_sqlite"), path)
    return f"sqlite:///{path}"


@pytest.fixture
def open_database(ledger_url: str) -> Iterator[Callable[[], Database]]:
    """Open the database as often as wanted, as several processes do."""
    databases: list[Database] = []

    def make() -> Database:
        databases.append(Database(ledger_url))
        return databases[-1]

    yield make
    for database in databases:
        database.close()


@pytest.fixture
def database(open_database: Callable[[], Database]) -> Database:
    return open_database()
