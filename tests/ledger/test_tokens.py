"""Tokens: shown once, stored hashed, revocable."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from anomed_core import Role
from anomed_core.ledger import Database, Identity, TokenBook

ALICE = Identity(role=Role.ANONYMIZER, holder="alice", challenge="iris")
BOB = Identity(role=Role.DEANONYMIZER, holder="bob", challenge="iris")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def book(path: Path) -> Iterator[TokenBook]:
    database = Database(f"sqlite:///{path}")
    yield TokenBook(database)
    database.close()


def test_a_token_identifies_its_holder(book: TokenBook) -> None:
    tokens = {book.create(ALICE): ALICE, book.create(BOB): BOB}

    assert len(tokens) == 2
    assert all(book.identify(token) == identity for token, identity in tokens.items())


def test_a_token_carries_256_random_bits(book: TokenBook) -> None:
    prefix, token_id, secret = book.create(ALICE).split("-")

    assert prefix == "anomed"
    assert (len(bytes.fromhex(token_id)), len(bytes.fromhex(secret))) == (16, 32)


@pytest.mark.parametrize("change", [lambda t: t[:-1], lambda t: t + "0", lambda t: t.upper()])
def test_a_token_of_another_form_is_unknown(change, book: TokenBook) -> None:  # type: ignore[no-untyped-def]
    assert book.identify(change(book.create(ALICE))) is None


@pytest.mark.parametrize("token", ["", "anomed", "anomed--", "' OR 1=1 --", "ä"])
def test_what_is_no_token_is_unknown(token: str, book: TokenBook) -> None:
    assert book.identify(token) is None


def test_the_secret_of_another_token_is_not_taken(book: TokenBook) -> None:
    alice, bob = (book.create(identity).split("-") for identity in (ALICE, BOB))

    assert book.identify(f"anomed-{alice[1]}-{bob[2]}") is None


def test_the_secret_is_not_in_the_database(book: TokenBook, path: Path) -> None:
    secret = book.create(ALICE).split("-")[2]

    with sqlite3.connect(path) as connection:
        dump = "\n".join(connection.iterdump())
    connection.close()

    assert "alice" in dump
    assert secret not in dump


def test_a_revoked_token_is_unknown(book: TokenBook) -> None:
    kept, revoked = book.create(ALICE), book.create(ALICE)

    assert book.revoke(revoked.split("-")[1][:12])
    assert book.identify(revoked) is None
    assert book.identify(kept) == ALICE


def test_a_revoked_token_is_listed_as_such(book: TokenBook) -> None:
    token = book.create(ALICE)
    book.revoke(token.split("-")[1])

    (fact,) = book.facts()
    assert fact.identity == ALICE
    assert fact.revoked_at is not None
    assert token not in str(fact)


@pytest.mark.parametrize("beginning", ["", "%", "________", "0123456"])
def test_a_beginning_that_is_not_one_id_revokes_nothing(beginning: str, book: TokenBook) -> None:
    token = book.create(ALICE)

    assert not book.revoke(beginning)
    assert book.identify(token) == ALICE


def test_a_short_beginning_revokes_nothing(book: TokenBook) -> None:
    token = book.create(ALICE)

    assert not book.revoke(token.split("-")[1][:7])


def test_a_token_is_revoked_once(book: TokenBook) -> None:
    token_id = book.create(ALICE).split("-")[1]

    assert book.revoke(token_id)
    assert not book.revoke(token_id)
