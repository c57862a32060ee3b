"""What is special about a ledger on PostgreSQL."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from anomed_core.ledger import Database, Ledger
from tests.ledger.records import final_of, score_of
from tests.postgresql import create_database


@pytest.fixture
def database(migrated_postgresql: str) -> Iterator[Database]:
    database = Database(create_database(migrated_postgresql, copy=True))
    yield database
    database.close()


def test_a_record_is_durable_and_a_claim_need_not_be(database: Database) -> None:
    levels: list[tuple[str, object]] = []

    @sa.event.listens_for(database._engine, "after_execute")
    def note(connection: sa.Connection, statement: object, *_: object) -> None:
        if isinstance(statement, sa.Insert):
            level = connection.exec_driver_sql("SHOW synchronous_commit").scalar()
            levels.append((statement.table.name, level))

    score_of(Ledger(database), final_of())

    assert levels == [("attempts", "off"), ("scores", "on")]
