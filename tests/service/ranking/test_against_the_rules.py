"""Whatever happens in a ledger, its rankings are those of the rules in plain Python."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from anomed_core import Criterion, Parameter, Ranking, SubmissionKind, hookimpl
from anomed_core.ledger import Database, Grant, Ledger, NewScore, TeamBook, TokenBook
from anomed_core.ledger.chain import GENESIS
from anomed_core.ledger.criteria import parsed_ranked, rebuild_criteria
from anomed_core.ledger.schema import (
    accounts,
    audit,
    balances,
    chain_heads,
    claim_lines,
    claims,
    criteria,
    follow_ups,
    grants,
    scores,
    teams,
    tokens,
)
from anomed_core.model import Challenge, Role, Score
from anomed_core.service.ranking.rankings import Rankings
from anomed_core.service.ranking.table import RankingTable
from anomed_core.service.server import Server
from tests.ledger.contest import Contest, anonymizer, pair
from tests.ledger.records import PROVENANCE
from tests.postgresql import create_database, postgresql
from tests.ranked_type import Incomes, open_contest
from tests.service.ranking import oracle

_WRITTEN = (
    *(criteria, follow_ups, scores, claim_lines, claims, balances, accounts),
    *(audit, teams, grants, tokens),
)
"""Tables that get rows, each before those that it refers to."""

__all__ = ["postgresql"]

ANONYMIZERS, ATTACKERS = ("ann", "ben", "cat", "dee"), ("eve", "fay", "gus")
TEAMS = {"red": ("ann", "eve"), "blue": ("ben",), "green": ("gus",)}


class Manifold(Incomes):
    """Rank deanonymizers in every way."""

    @hookimpl
    def anomed_submission_kinds(self) -> list[SubmissionKind]:
        epsilon = Parameter(name="epsilon", required=False, description="How private.")
        return [
            attrs.evolve(kind, parameters=(*kind.parameters, epsilon))
            for kind in super().anomed_submission_kinds()
        ]

    @hookimpl
    def anomed_rankings(self, challenge: Challenge) -> list[Ranking]:
        return [
            *super().anomed_rankings(challenge),
            *(
                Ranking(
                    name=take.replace("_", "-"),
                    kind="deanonymizer",
                    criteria=[Criterion(metric="risk_low", take=take, over=over)],  # type: ignore[arg-type]  # as plugins do
                )
                for take, over in (("mean_rank", ""), ("area_over", "epsilon"))
            ),
        ]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def history(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[History]:
    state: Path = tmp_path_factory.mktemp("state")
    url = ""
    if request.param == "postgresql":
        url = create_database(request.getfixturevalue("postgresql"))
    server = open_contest(state, played=Manifold(), ledger=url)
    yield History(server)
    server.close()


# Sixteenths are added without rounding, so that two ways to add them tie alike.
shares = st.integers(0, 16).map(lambda n: n / 16)
risks = st.tuples(shares, shares).map(
    lambda two: {"risk": max(two), "risk_low": min(two), "risk_high": 1.0}
)
utilities = shares.map(lambda share: {"utility": share}) | st.just({"other": 1.0})
numbers = st.integers(0, 60)
events = st.lists(
    st.one_of(
        st.tuples(st.just("final"), st.sampled_from(ANONYMIZERS), utilities),
        st.tuples(
            st.just("attack"),
            st.tuples(st.sampled_from(ANONYMIZERS), st.sampled_from(ATTACKERS)),
            risks,
            st.sampled_from(["0", "1", "2.5"]),
        ),
        st.tuples(st.just("panel"), numbers, risks),
        st.tuples(st.just("mean"), utilities),
        st.tuples(st.just("mend"), numbers, utilities, risks),
        st.tuples(st.just("annul"), numbers, st.booleans()),
        st.just(("look",)),
        st.tuples(st.just("judge"), st.sampled_from(sorted(TEAMS))),
    ),
    max_size=25,
)


class History:
    """Writes events into a ledger that was emptied; impossible ones don't happen."""

    def __init__(self, server: Server) -> None:
        self.ledger = Ledger(server.ledger._database)
        (self.hosted,) = server.challenges.values()
        self.contest = Contest(
            ledger=self.ledger, challenge=self.hosted.id, fingerprint=self.hosted.fingerprint
        )
        self.watching = Rankings(self.ledger)

    def begin(self) -> None:
        """Empty the ledger."""
        self.newest: list[Score] = []
        self.taken: set[object] = set()
        with self.database.writing() as connection:
            for table in _WRITTEN:
                connection.execute(sa.delete(table))
            connection.execute(sa.update(chain_heads).values(length=0, hash=GENESIS))
        self.out: set[str] = set()
        for team, names in TEAMS.items():
            roles = [
                Role.ANONYMIZER if name in ANONYMIZERS else Role.DEANONYMIZER for name in names
            ]
            granted = [
                Grant(role=role, holder=name, challenge=self.hosted.id)
                for role, name in zip(roles, names, strict=True)
            ]
            TokenBook(self.database).create(*granted, team=team)

    @property
    def database(self) -> Database:
        return self.ledger._database

    def take(self, name: str, *details: object) -> None:
        """Let an event happen."""
        getattr(self, name)(*details)

    def _new(self, who: object, record: Callable[[], Score]) -> None:
        if who not in self.taken:
            self.taken.add(who)
            self.newest.append(record())

    def final(self, name: str, metrics: dict[str, float]) -> None:
        self._new(name, lambda: self.contest.submit("anonymizer", anonymizer(name), metrics))

    def attack(self, who: tuple[str, str], metrics: dict[str, float], epsilon: str) -> None:
        self._new(
            who,
            lambda: self.contest.submit(
                "deanonymizer", pair(*who), metrics, parameters={"epsilon": epsilon}
            ),
        )

    def panel(self, number: int, metrics: dict[str, float]) -> None:
        finals = [s for s in self.newest if s.kind == "anonymizer" and s.label in {"", "mean"}]
        if finals:
            final = finals[number % len(finals)]
            self.newest.append(self.contest.find(final, "panel", metrics))

    def mean(self, metrics: dict[str, float]) -> None:
        about = anonymizer("house mean")
        new = NewScore(
            challenge=self.hosted.id,
            kind="anonymizer",
            subject=about,
            split=self.hosted.kind("anonymizer").splits[-1],
            metrics=metrics,
            origin="house",
            label="mean",
            payload_digest="d" * 64,
            fingerprint=self.hosted.fingerprint,
            provenance=PROVENANCE,
        )
        self._new("mean", lambda: self.ledger.record_house(new))

    def mend(self, number: int, final: dict[str, float], attack: dict[str, float]) -> None:
        live = [score for score in self.newest if not score.annulled]
        if live:
            old = live[number % len(live)]
            is_final = old.kind == "anonymizer" and old.label != "panel"
            new = self.ledger.supersede(
                old,
                final if is_final else attack,
                PROVENANCE,
                fingerprint=self.hosted.fingerprint,
            )
            self.newest[self.newest.index(old)] = new

    def annul(self, number: int, returns: bool) -> None:
        live = [score for score in self.newest if not score.annulled]
        if live:
            old = live[number % len(live)]
            returns = returns and old.origin == "participant"
            for new in self.ledger.annul(old.id, "a mistake", return_attempt=returns):
                (place,) = [n for n, s in enumerate(self.newest) if s.id == new.supersedes]
                self.newest[place] = new
                if new.origin == "participant" and (returns or new.supersedes != old.id):
                    name, attacker = new.subject.anonymizer, new.subject.deanonymizer
                    self.taken.discard((name, attacker) if attacker else name)

    def look(self) -> None:
        """Let somebody look at the rankings in between, and take from there what did not change."""
        self.watching.tables(self.hosted)

    def judge(self, team: str) -> None:
        """Disqualify a team, or reinstate it if it is disqualified."""
        book = TeamBook(self.database)
        (book.reinstate if team in self.out else book.disqualify)(team, "two accounts")
        self.out ^= {team}

    def counting(self) -> list[Score]:
        """Return the scores in which no disqualified team has a part."""
        names = {name for team in self.out for name in TEAMS[team]}
        return [
            score
            for score in self.ledger.scores()
            if names.isdisjoint({score.subject.anonymizer, score.subject.deanonymizer})
        ]

    def tables(self) -> list[RankingTable]:
        return Rankings(self.ledger).tables(self.hosted)


@given(happened=events)
def test_the_rankings_are_those_of_the_rules(
    history: History, happened: list[tuple[object, ...]]
) -> None:
    history.begin()
    for name, *details in happened:
        history.take(str(name), *details)
    recorded = history.counting()

    anonymizers, means, ranks, areas = history.tables()
    assert history.watching.tables(history.hosted) == [anonymizers, means, ranks, areas]

    told = [(e.place, e.anonymizer, e.state.value) for e in anonymizers.entries]
    assert told == oracle.anonymizers(recorded)[0]
    for table, take in (
        (means, "mean_over_targets"),
        (ranks, "mean_rank"),
        (areas, "area_over"),
    ):
        found = [(e.place, e.deanonymizer, e.state.value) for e in table.entries]
        assert found == oracle.deanonymizers(recorded, take), take
    assert history.ledger.verify() == []
    with history.database.writing() as connection:
        ranked = parsed_ranked(connection, history.hosted.id)
        rebuild_criteria(connection, history.hosted.id, ranked)
    assert [table.entries for table in history.tables()] == [
        table.entries for table in (anonymizers, means, ranks, areas)
    ]
