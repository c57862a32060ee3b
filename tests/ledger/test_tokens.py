"""Tokens are stored hashed, compared in constant time, and revoked at once."""

import hmac
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from anomed_core.ledger import Database, Identity, TokenBook, schema
from anomed_core.model import Role

ALICE = Identity(role=Role.ANONYMIZER, holder="alice", challenge="iris")


@pytest.fixture
def book(database: Database) -> TokenBook:
    return TokenBook(database)


def test_a_token_says_who_its_holder_is(book: TokenBook) -> None:
    assert book.identify(book.create(ALICE)) == ALICE


def test_tokens_are_never_equal(book: TokenBook) -> None:
    assert len({book.create(ALICE) for _ in range(20)}) == 20


def test_the_secret_is_nowhere_in_the_database(book: TokenBook, database: Database) -> None:
    token = book.create(ALICE)
    secret = token.rsplit("-", 1)[1]
    with database.reading() as connection:
        stored = [
            str(value)
            for table in schema.metadata.sorted_tables
            for row in connection.execute(sa.select(table))
            for value in row
        ]
    assert len(stored) > 5
    assert not any(secret in value or token in value for value in stored)


def altered(text: str, position: int) -> str:
    return text[:position] + ("0" if text[position] != "0" else "1") + text[position + 1 :]


@pytest.mark.parametrize("part", ["id", "secret"])
def test_another_digit_is_nobody(book: TokenBook, part: str) -> None:
    token = book.create(ALICE)
    position = len("anomed-") + 3 if part == "id" else len(token) - 1
    assert book.identify(altered(token, position)) is None


@pytest.mark.parametrize(
    "text", ["", "anomed", "anomed--", "' OR 1=1 --", "anomed-\x00", "a" * 10_000, "\udce4"]
)
def test_what_is_no_token_is_nobody(book: TokenBook, text: str) -> None:
    book.create(ALICE)
    assert book.identify(text) is None


@pytest.mark.parametrize("known", [True, False])
def test_known_and_unknown_ids_are_both_compared_in_constant_time(
    book: TokenBook, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    compared: list[tuple[str, str]] = []
    compare = hmac.compare_digest

    def watched(a: str, b: str) -> bool:
        compared.append((a, b))
        return compare(a, b)

    monkeypatch.setattr(hmac, "compare_digest", watched)
    token = book.create(ALICE)
    wrong = altered(token, len(token) - 1 if known else len("anomed-"))
    assert book.identify(wrong) is None
    assert [len(a) == len(b) == 64 for a, b in compared] == [True]


def test_a_revoked_token_is_nobody_for_every_process_at_once(
    book: TokenBook, open_database: Callable[[], Database]
) -> None:
    other = TokenBook(open_database())
    token = book.create(ALICE)
    assert other.identify(token) == ALICE
    (fact,) = book.facts()
    assert book.revoke(fact.id[:8])
    assert other.identify(token) is None
    assert other.facts()[0].revoked_at is not None


@pytest.mark.parametrize("beginning", ["", "a", "1234567", "%", "_" * 8])
def test_revoking_needs_eight_digits_of_one_token(book: TokenBook, beginning: str) -> None:
    token = book.create(ALICE)
    assert not book.revoke(beginning)
    assert book.identify(token) == ALICE


def test_revoking_twice_is_said(book: TokenBook) -> None:
    book.create(ALICE)
    (fact,) = book.facts()
    assert book.revoke(fact.id)
    assert not book.revoke(fact.id)
