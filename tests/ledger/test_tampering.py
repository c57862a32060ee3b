"""`verify` names every row of scores and of the audit that is not what or where it was."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from anomed_core.ledger import Database, Ledger

from .records import filled

TABLES = ["scores", "audit"]


@pytest.fixture
def ledger(database: Database) -> Ledger:
    return filled(database, n_rows=6)


@pytest.fixture
def change(database: Database, ledger: Ledger) -> Callable[..., None]:
    """Change the database behind the ledger's back."""

    def execute(*statements: str) -> None:
        with database.writing() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    return execute


def found(ledger: Ledger) -> list[tuple[str, int]]:
    return [(fault.table, fault.row) for fault in ledger.verify()]


def test_an_untouched_ledger_has_no_faults(ledger: Ledger) -> None:
    assert ledger.verify() == []


SCORE_COLUMNS = {
    "attempt_id": "NULL",
    "challenge": "'digits'",
    "kind": "'other'",
    "role": "'deanonymizer'",
    "anonymizer": "'mallory'",
    "deanonymizer": "'mallory'",
    "split": "'validation'",
    "origin": "'house'",
    "label": "'coin'",
    "parameters": '\'{"epoch":"3"}\'',
    "metrics": "'{\"accuracy\":1.0}'",
    "payload_digest": "'0'",
    "fingerprint": "'0'",
    "core_version": "'0'",
    "plugin": "'mine'",
    "plugin_version": "'0'",
    "supersedes": "1",
    "annulled": "'by nobody'",
    "covers": "''",
    "recorded_at": "recorded_at - 1",
    "previous_hash": "'0'",
    "hash": "'0'",
}
AUDIT_COLUMNS = {
    "action": "'nothing'",
    "detail": "'{}'",
    "recorded_at": "recorded_at - 1",
    "previous_hash": "'0'",
    "hash": "'0'",
}


def test_every_column_is_tried() -> None:
    from anomed_core.ledger.schema import audit, scores

    assert {column.name for column in scores.columns} == {"id", *SCORE_COLUMNS}
    assert {column.name for column in audit.columns} == {"id", *AUDIT_COLUMNS}


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [("scores", *change) for change in SCORE_COLUMNS.items()]
    + [("audit", *change) for change in AUDIT_COLUMNS.items()],
)
def test_a_changed_column_is_named(
    ledger: Ledger,
    change: Callable[..., None],
    table: str,
    column: str,
    value: str,
) -> None:
    change(f"UPDATE {table} SET {column} = {value} WHERE id = 3")
    assert (table, 3) in found(ledger)
    assert {row for _, row in found(ledger)} <= {3, 4}


@pytest.mark.parametrize("table", TABLES)
def test_a_removed_row_is_named(ledger: Ledger, change: Callable[..., None], table: str) -> None:
    change(f"DELETE FROM {table} WHERE id = 2")
    assert found(ledger) == [(table, 2)]


@pytest.mark.parametrize("table", TABLES)
def test_removed_rows_are_named_from_first_to_last(
    ledger: Ledger, change: Callable[..., None], table: str
) -> None:
    change(f"DELETE FROM {table} WHERE id IN (2, 3, 4)")
    (fault,) = ledger.verify()
    assert (fault.table, fault.row, fault.problem) == (table, 2, "rows 2 to 4 are missing")


@pytest.mark.parametrize("table", TABLES)
def test_rows_missing_at_the_end_are_named(
    ledger: Ledger, change: Callable[..., None], table: str
) -> None:
    change(f"DELETE FROM {table} WHERE id >= 5")
    (fault,) = ledger.verify()
    assert (fault.row, fault.problem) == (5, "rows 5 to 6 are missing at the end")


@pytest.mark.parametrize("table", TABLES)
def test_an_emptied_table_is_named(ledger: Ledger, change: Callable[..., None], table: str) -> None:
    change(f"DELETE FROM {table}")
    (fault,) = ledger.verify()
    assert (fault.row, fault.problem) == (1, "rows 1 to 6 are missing at the end")


@pytest.mark.parametrize("table", TABLES)
def test_swapped_rows_are_named(ledger: Ledger, change: Callable[..., None], table: str) -> None:
    change(
        f"UPDATE {table} SET id = 1000 WHERE id = 2",
        f"UPDATE {table} SET id = 2 WHERE id = 3",
        f"UPDATE {table} SET id = 3 WHERE id = 1000",
    )
    assert {(table, 2), (table, 3)} <= set(found(ledger))


@pytest.mark.parametrize("table", TABLES)
def test_renumbered_rows_after_a_removal_are_named(
    ledger: Ledger, change: Callable[..., None], table: str
) -> None:
    change(
        f"DELETE FROM {table} WHERE id = 4",
        f"UPDATE {table} SET id = 4 WHERE id = 5",
        f"UPDATE {table} SET id = 5 WHERE id = 6",
        f"UPDATE chain_heads SET length = 5 WHERE name = '{table}'",
    )
    assert {(table, 4), (table, 5)} <= set(found(ledger))


@pytest.mark.parametrize("table", TABLES)
def test_an_added_row_is_named(ledger: Ledger, change: Callable[..., None], table: str) -> None:
    columns = ", ".join(
        (SCORE_COLUMNS if table == "scores" else AUDIT_COLUMNS).keys() - {"hash", "attempt_id"}
    )
    change(
        f"INSERT INTO {table} (id, hash, {columns}) SELECT 7, 'x', {columns} FROM {table} "
        "WHERE id = 6"
    )
    assert set(found(ledger)) == {(table, 7)}


@pytest.mark.parametrize("table", TABLES)
def test_a_replaced_last_row_is_named(
    ledger: Ledger, change: Callable[..., None], database: Database, table: str
) -> None:
    from anomed_core.ledger import schema
    from anomed_core.ledger.chain import row_hash

    rows = getattr(schema, table)
    with database.writing() as connection:
        last = connection.execute(sa.select(rows).where(rows.c.id == 6)).mappings().one()
        forged = {**last, "recorded_at": last["recorded_at"] + 1}
        forged["hash"] = row_hash(forged)  # consistent in itself
        connection.execute(sa.update(rows).where(rows.c.id == 6).values(forged))
    assert found(ledger) == [(table, 6)]


@pytest.mark.parametrize("table", TABLES)
def test_a_removed_head_is_noticed(ledger: Ledger, change: Callable[..., None], table: str) -> None:
    change(f"DELETE FROM chain_heads WHERE name = '{table}'")
    assert found(ledger) == [(table, 1)]


def test_faults_of_both_tables_are_named_together(
    ledger: Ledger, change: Callable[..., None]
) -> None:
    change("DELETE FROM scores WHERE id = 2", "UPDATE audit SET action = 'x' WHERE id = 5")
    assert found(ledger) == [("scores", 2), ("audit", 5)]
