"""Who may be given a token."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomed_core.errors import UsageError
from anomed_core.ledger import EVERY_CHALLENGE, Grant, Identity, TokenFacts
from anomed_core.model import BothRoles, Role
from anomed_core.service.registration import Registration, Wanted, by_team

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
RULES = {"strict": BothRoles.REFUSE, "doubtful": BothRoles.WARN, "lax": BothRoles.ALLOW}


def wanted(
    team: str, role: str = "anonymizer", holder: str = "", challenge: str = "strict", line: int = 0
) -> Wanted:
    grant = Grant(role=Role(role), holder=holder or team, challenge=challenge)
    return Wanted(team=team, grant=grant, line=line)


def held(one: Wanted, *, revoked: bool = False, disqualified: str = "") -> TokenFacts:
    identity = Identity(team=one.team, grants=(one.grant,), disqualified=disqualified)
    return TokenFacts(
        id="0" * 32, identity=identity, created_at=NOON, revoked_at=NOON if revoked else None
    )


OLGA = wanted("olga", "organiser", challenge=EVERY_CHALLENGE)


@pytest.mark.parametrize(
    ("known", "asked", "sentence"),
    [
        ([], wanted("a b"), "'a b' is not an identifier"),
        ([], wanted("a", holder="-"), "'-' is not an identifier"),
        ([held(wanted("a"))], wanted("a", "deanonymizer"), "would be both anonymizer and deanon"),
        ([held(wanted("a", holder="x"))], wanted("b", holder="x"), "'x' belongs to the team 'a'"),
        (
            [held(wanted("a", holder="x"), revoked=True)],
            wanted("b", "deanonymizer", "x"),
            "'x' belongs to the team 'a'",
        ),
        ([held(OLGA)], wanted("olga", holder="x"), "would organise and compete"),
        ([held(wanted("olga"))], OLGA, "would organise and compete"),
        (
            [held(wanted("a"), disqualified="two accounts")],
            wanted("a", challenge="lax"),
            r"the team 'a' is disqualified \(two accounts\); reinstate it first",
        ),
    ],
)
def test_what_is_against_the_rules_is_refused(
    known: list[TokenFacts], asked: Wanted, sentence: str
) -> None:
    with pytest.raises(UsageError, match=sentence):
        Registration(RULES).warnings([asked], known)


@pytest.mark.parametrize(
    ("known", "asked", "warning"),
    [
        (
            [held(wanted("a", challenge="doubtful"))],
            wanted("a", "deanonymizer", challenge="doubtful"),
            "is both anonymizer and deanonymizer in 'doubtful'",
        ),
        (
            [held(wanted("a", challenge="unheard-of"))],
            wanted("a", "deanonymizer", challenge="unheard-of"),
            "is both anonymizer and deanonymizer in 'unheard-of'",
        ),
        (
            [held(wanted("a"), revoked=True)],
            wanted("a", "deanonymizer"),
            "had the other role in 'strict', until its token was revoked",
        ),
    ],
)
def test_what_is_doubtful_is_said(known: list[TokenFacts], asked: Wanted, warning: str) -> None:
    (told,) = Registration(RULES).warnings([asked], known)

    assert warning in told


@pytest.mark.parametrize(
    ("known", "asked"),
    [
        ([], wanted("a")),
        ([held(wanted("a"))], wanted("a")),
        ([held(wanted("a"))], wanted("a", holder="second")),
        ([held(wanted("a"))], wanted("a", "deanonymizer", challenge="doubtful")),
        (
            [held(wanted("a", challenge="lax"))],
            wanted("a", "deanonymizer", challenge="lax"),
        ),
        ([held(wanted("a", holder="x"))], wanted("b", holder="x", challenge="lax")),
        ([held(OLGA)], wanted("olga", "organiser", challenge="lax")),
    ],
)
def test_what_the_rules_allow_is_given_without_a_word(
    known: list[TokenFacts], asked: Wanted
) -> None:
    assert Registration(RULES).warnings([asked], known) == []


def test_every_wrong_line_is_named() -> None:
    asked = [wanted("a", line=2), wanted("a", "deanonymizer", line=3), wanted("b", line=4)]
    asked += [wanted("c", holder="b", line=5)]

    with pytest.raises(UsageError) as refused:
        Registration(RULES).warnings(asked, [])

    problems = str(refused.value).split("; line ")
    assert [problem[:30] for problem in problems] == [
        "line 3: the team 'a' would be ",
        "5: 'b' belongs to the team 'b'",
    ]


def test_what_is_held_already_is_refused_where_that_is_a_mistake() -> None:
    once = Registration(RULES, refuses_twice=True)

    with pytest.raises(UsageError, match="holds strict:anonymizer:a already; leave it out"):
        once.warnings([wanted("a")], [held(wanted("a"))])
    assert once.warnings([wanted("a")], [held(wanted("a"), revoked=True)]) == []


SOME = st.builds(
    wanted,
    st.sampled_from(["a", "b", "olga"]),
    st.sampled_from(["anonymizer", "deanonymizer", "organiser"]),
    st.sampled_from(["x", "y", "z"]),
    st.sampled_from([*RULES, EVERY_CHALLENGE]),
)


@given(st.lists(SOME, max_size=8))
def test_whoever_is_let_in_keeps_the_rules(asked: list[Wanted]) -> None:
    given: list[TokenFacts] = []
    for one in asked:
        try:
            Registration(RULES).warnings([one], given)
        except UsageError:
            continue
        given.append(held(one))

    grants = [(fact.identity.team, grant) for fact in given for grant in fact.identity.grants]
    competing = [(team, grant) for team, grant in grants if grant.role is not Role.ORGANISER]
    for team, grant in competing:
        same = [(t, g) for t, g in competing if g.challenge == grant.challenge]
        assert {t for t, g in same if g.holder == grant.holder} == {team}
        if grant.challenge == "strict":
            assert {g.role for t, g in same if t == team} == {grant.role}
        assert (team, Role.ORGANISER) not in {
            (t, g.role) for t, g in grants if g.challenge in {grant.challenge, EVERY_CHALLENGE}
        }


def test_a_team_gets_one_token() -> None:
    asked = [wanted("b"), wanted("a"), wanted("b", challenge="lax"), wanted("b")]

    assert [(new.team, len(new.grants)) for new in by_team(asked)] == [("b", 2), ("a", 1)]
