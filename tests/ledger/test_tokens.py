"""Tokens are stored hashed, compared in constant time, and revoked at once."""

import hmac
from collections.abc import Callable

import attrs
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anomed_core.errors import UsageError
from anomed_core.ledger import (
    Database,
    Grant,
    Identity,
    Ledger,
    NewToken,
    Owner,
    TokenBook,
    schema,
)
from anomed_core.model import Role

ALICE = Grant(role=Role.ANONYMIZER, holder="alice", challenge="iris")


@pytest.fixture
def book(database: Database) -> TokenBook:
    return TokenBook(database)


@pytest.fixture
def ledger(database: Database) -> Ledger:
    return Ledger(database)


def test_a_token_says_who_its_holder_is(book: TokenBook) -> None:
    token = book.create(ALICE)
    known = Identity(team="alice", grants=(ALICE,), token=token.split("-")[1])
    assert book.identify(token) == known


GRANTS = st.builds(
    Grant,
    role=st.sampled_from([Role.ANONYMIZER, Role.DEANONYMIZER]),
    holder=st.sampled_from(["alice", "bob", "a:b"]),
    challenge=st.sampled_from(["iris", "wine"]),
)


@given(st.lists(st.lists(GRANTS, min_size=1), min_size=1, max_size=4))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
def test_each_of_several_tokens_grants_what_was_wanted_and_no_more(
    book: TokenBook, wanted: list[list[Grant]]
) -> None:
    new = [NewToken(team=f"team-{n}", grants=tuple(g)) for n, g in enumerate(wanted)]
    identities = [book.identify(token) for token in book.create_all(new)]

    assert [(one.team, set(one.grants)) for one in identities if one is not None] == [
        (one.team, set(one.grants)) for one in new
    ]
    assert book.owner(wanted[0][0]) is not None


@pytest.mark.parametrize("hindrance", ["judge", "hand_over"])
def test_of_several_tokens_all_are_created_or_none(
    book: TokenBook, ledger: Ledger, hindrance: str
) -> None:
    book.create(ALICE)
    told: list[object] = []

    def object_to(*about: object) -> None:
        told.extend(about)
        raise UsageError("no")

    new = [NewToken(team=name, grants=(ALICE,)) for name in ("b", "c")]
    with pytest.raises(UsageError):
        book.create_all(new, **{hindrance: object_to})
    assert told[0] == (book.facts() if hindrance == "judge" else new)
    assert [fact.identity.team for fact in book.facts()] == ["alice"]
    assert ledger.verify() == []


def test_an_id_stays_its_teams_when_the_token_is_revoked(book: TokenBook) -> None:
    book.create(ALICE, team="blue")
    book.revoke("blue")

    assert book.owner(ALICE) == Owner(team="blue")
    assert book.owner(attrs.evolve(ALICE, role=Role.DEANONYMIZER)) is None


def test_a_reissued_token_grants_what_all_of_the_team_did(book: TokenBook, ledger: Ledger) -> None:
    attack = attrs.evolve(ALICE, role=Role.DEANONYMIZER, holder="eve")
    old = [book.create(grant, team="blue") for grant in (ALICE, attack)]
    other = book.create(attrs.evolve(ALICE, holder="bob"))

    new = book.reissue("blue")

    known = Identity(team="blue", grants=(ALICE, attack), token=new.split("-")[1])
    assert book.identify(new) == known
    assert [book.identify(token) for token in old] == [None, None]
    assert book.identify(other) is not None
    assert ledger.verify() == []


def test_a_token_that_nobody_can_be_told_of_leaves_the_old_one_valid(book: TokenBook) -> None:
    token = book.create(ALICE)

    def fail(*_: object) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        book.reissue("alice", hand_over=fail)
    assert book.identify(token) is not None


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
    assert other.identify(token) is not None
    (fact,) = book.facts()
    assert [revoked.id for revoked in book.revoke(fact.id[:8])] == [fact.id]
    assert other.identify(token) is None
    assert other.facts()[0].revoked_at is not None


@pytest.mark.parametrize("which", ["", "%", "_" * 8, "bob", "0" * 8])
def test_who_is_nobody_cannot_be_revoked(book: TokenBook, which: str) -> None:
    token = book.create(ALICE)
    with pytest.raises(UsageError, match=r"There is no team .* and no token whose id begins so"):
        book.revoke(which)
    assert book.identify(token) is not None


def test_revoking_needs_eight_digits(book: TokenBook) -> None:
    token = book.create(ALICE)
    (fact,) = book.facts()
    with pytest.raises(UsageError, match="is too short to mean a token; give at least 8 digits"):
        book.revoke(fact.id[:7])
    assert book.identify(token) is not None


@pytest.mark.parametrize(
    ("ids", "team", "which", "sentence"),
    [
        (["1" * 32, "1" * 31 + "2"], "blue", "1" * 8, "The ids of 2 tokens begin with '11111111'"),
        (["1" * 32], "1" * 8, "1" * 8, "is a team and the beginning of a token's id, too"),
    ],
)
def test_what_could_mean_two_things_is_refused(
    book: TokenBook,
    monkeypatch: pytest.MonkeyPatch,
    ids: list[str],
    team: str,
    which: str,
    sentence: str,
) -> None:
    drawn = iter([text for each in ids for text in (each, "0" * 64)])
    monkeypatch.setattr("anomed_core.ledger.tokens.secrets.token_hex", lambda _: next(drawn))
    tokens = [book.create(ALICE, team=team) for _ in ids]

    with pytest.raises(UsageError, match=sentence):
        book.revoke(which)
    assert None not in [book.identify(token) for token in tokens]


@pytest.mark.parametrize("by_team", [True, False])
def test_revoking_twice_is_said(book: TokenBook, by_team: bool) -> None:
    book.create(ALICE)
    (fact,) = book.facts()
    which = "alice" if by_team else fact.id
    book.revoke(which)
    with pytest.raises(UsageError, match=r"was revoked already, at 20.*Z; create one"):
        book.revoke(which)
