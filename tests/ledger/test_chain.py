"""The hash chain: whatever is done to a row is found."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from anomed_core.ledger.chain import GENESIS, chain_faults, row_hash


def chain(n: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for number in range(1, n + 1):
        previous = rows[-1]["hash"] if rows else GENESIS
        row = {"id": number, "value": number * 0.1, "previous_hash": previous}
        rows.append({**row, "hash": row_hash(row)})
    return rows


def faults(rows: list[dict[str, Any]], recorded: list[dict[str, Any]]) -> list[int]:
    head = recorded[-1]["hash"] if recorded else GENESIS
    return [f.row for f in chain_faults("scores", rows, length=len(recorded), head=head)]


@given(st.integers(0, 8))
def test_an_untouched_chain_has_no_faults(n: int) -> None:
    assert faults(chain(n), chain(n)) == []


@given(st.integers(1, 8), st.data())
def test_a_changed_row_is_named(n: int, data: st.DataObject) -> None:
    rows = chain(n)
    index = data.draw(st.integers(0, n - 1))
    rows[index]["value"] += 1

    assert faults(rows, chain(n)) == [index + 1]


@given(st.integers(1, 8), st.data())
def test_a_row_that_was_changed_and_hashed_again_is_found(n: int, data: st.DataObject) -> None:
    rows = chain(n)
    index = data.draw(st.integers(0, n - 1))
    rows[index]["value"] += 1
    rows[index]["hash"] = row_hash(rows[index])

    assert faults(rows, chain(n)) == [min(index + 2, n + 1)] or index == n - 1
    assert faults(rows, chain(n)) != []


@given(st.integers(1, 8), st.data())
def test_a_removed_row_is_named(n: int, data: st.DataObject) -> None:
    rows = chain(n)
    index = data.draw(st.integers(0, n - 1))
    del rows[index]

    assert faults(rows, chain(n)) == [index + 1]


@given(st.integers(1, 8), st.data())
def test_missing_rows_at_the_end_are_found(n: int, data: st.DataObject) -> None:
    kept = data.draw(st.integers(0, n - 1))

    assert faults(chain(n)[:kept], chain(n)) == [kept + 1]


@given(st.integers(2, 8), st.data())
def test_swapped_contents_are_found(n: int, data: st.DataObject) -> None:
    rows = chain(n)
    first, second = sorted(data.draw(st.sets(st.integers(0, n - 1), min_size=2, max_size=2)))
    rows[first], rows[second] = (
        {**rows[second], "id": first + 1},
        {**rows[first], "id": second + 1},
    )

    assert {first + 1, second + 1} <= set(faults(rows, chain(n)))


@given(st.integers(1, 8))
def test_an_added_row_is_found(n: int) -> None:
    assert faults(chain(n + 1), chain(n)) == [n + 1]


def test_the_hash_covers_every_column() -> None:
    row = chain(1)[0]

    assert len({row_hash({**row, name: 7}) for name in row if name != "hash"} | {row["hash"]}) == 4
