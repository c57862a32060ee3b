"""Who won is told once and the same everywhere: over HTTP, on the command line, in the report."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest
from falcon.testing import TestClient

from anomed_core import Direction, Metric, cli
from anomed_core.application import server_from_files
from anomed_core.errors import LedgerMismatchError
from anomed_core.ledger import NewScore, migrate_ledger
from anomed_core.model import HouseEntry
from anomed_core.report import rendered
from anomed_core.service.hosting import HostedChallenge
from anomed_core.service.ranking.declared_rankings import attacks_somebody
from anomed_core.service.ranking.house_entries import entry_subject
from anomed_core.service.ranking.table import RankingTable
from anomed_core.service.report import report_sections
from anomed_core.service.server import Server
from anomed_core.web import create_web_app
from tests.ledger.contest import RISKS, UTILITIES, Contest, anonymizer, pair
from tests.ledger.records import PROVENANCE
from tests.ranked_type import open_contest

TYPES = ("tests.ranked_type:plugin", "supervised-mia", "dataset-anonymization", "dataset-synthesis")


@attrs.frozen
class Played:
    """A server with a contest, and how to open it again."""

    plugin: str
    state: Path
    server: Server
    hosted: HostedChallenge

    @property
    def tables(self) -> list[RankingTable]:
        return self.server.rankings.tables(self.hosted)


@pytest.fixture(scope="module", params=TYPES)
def played(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Played]:
    """Play the contest of `tests.ledger.contest` in a challenge of each type."""
    state = tmp_path_factory.mktemp("state")
    server = server_from_files(None, plugins=(request.param,), overrides={"state": str(state)})
    (hosted,) = server.challenges.values()
    _play(server, hosted)
    yield Played(request.param, state, server, hosted)
    server.close()


def _play(server: Server, hosted: HostedChallenge) -> None:
    contest = Contest(ledger=server.ledger, challenge=hosted.id, fingerprint=hosted.fingerprint)
    attacked = hosted.rankings[0].ranking.kind
    finals = {
        name: contest.submit(attacked, anonymizer(name), _metrics(hosted.metrics[attacked], value))
        for name, value in UTILITIES.items()
    }
    attacking = [kind.name for kind in hosted.kinds if attacks_somebody(kind)]
    for name, attacks in RISKS.items():
        for attacker, (risk, low) in attacks.items():
            if attacker != "panel":
                for kind in attacking:
                    metrics = _metrics(hosted.metrics[kind], risk, low)
                    contest.submit(kind, pair(name, attacker), metrics)
                continue
            for attack in hosted.house_attacks:
                if attack.kind == attacked:
                    contest.find(finals[name], attack.name, _metrics(attack.metrics, risk, low))
    mended = _metrics(hosted.metrics[attacked], 0.82)
    server.ledger.supersede(finals["ann"], mended, PROVENANCE, fingerprint=hosted.fingerprint)
    for entry in hosted.house_entries:
        server.ledger.record_entry(_entered(hosted, entry))
    server.ledger.annul(finals["gus"].id, "two accounts of one team")


def _entered(hosted: HostedChallenge, entry: HouseEntry) -> NewScore:
    final = Contest.__name__  # any body: nobody evaluates it again
    return NewScore(
        challenge=hosted.id,
        kind=entry.kind,
        subject=entry_subject(hosted, entry),
        split=hosted.kind(entry.kind).splits[-1],
        metrics=_metrics(hosted.metrics[entry.kind], 0.7),
        origin="house",
        label=entry.name,
        payload_digest=final,
        fingerprint=hosted.fingerprint,
        provenance=PROVENANCE,
    )


def _metrics(
    declared: tuple[Metric, ...], share: float, low: float | None = None
) -> dict[str, float]:
    """Return each metric at a share of its range that is the better the larger it is."""
    limits = {name for metric in declared for name in (metric.limits or ())[:1]}
    return {
        metric.name: _at(metric, low if low is not None and metric.name in limits else share)
        for metric in declared
    }


def _at(metric: Metric, share: float) -> float:
    low, high = (max(-100.0, metric.bounds[0]), min(100.0, metric.bounds[1]))
    return low + (high - low) * (share if metric.direction is Direction.HIGHER else 1 - share)


# --- the object that everything shows -------------------------------------------------------------


def test_a_re_evaluated_final_keeps_the_attacks_on_it(played: Played) -> None:
    (ann,) = played.server.rankings.tables(played.hosted, entry="ann")[0].entries
    (ben,) = played.server.rankings.tables(played.hosted, entry="ben")[0].entries
    assert ann.score_id is not None
    assert ann.score_id > ann.first_id
    assert ann.n_attacks == ben.n_attacks


def test_an_annulled_final_is_nowhere(played: Played) -> None:
    assert all(
        "gus" not in (entry.anonymizer, entry.deanonymizer) for entry in played.tables[0].entries
    )


def test_equals_share_a_place_the_earlier_one_first(played: Played) -> None:
    entries = [e for e in played.tables[0].entries if e.anonymizer in {"ben", "fay"}]
    assert [entry.anonymizer for entry in entries] == ["ben", "fay"]
    assert entries[0].place == entries[1].place


def test_the_houses_entries_have_no_place_and_say_whose_they_are(played: Played) -> None:
    entered = {f"house {entry.name}" for entry in played.hosted.house_entries}
    listed = [e for table in played.tables for e in table.entries if e.state == "house"]
    assert {e.anonymizer or e.deanonymizer for e in listed} == entered
    assert all(e.place is None and e.labels[0] == "house" for e in listed)


def test_a_strangers_type_is_ranked_as_it_declares(tmp_path: Path) -> None:
    server = server_from_files(None, plugins=TYPES[:1], overrides={"state": str(tmp_path)})
    (hosted,) = server.challenges.values()
    _play(server, hosted)
    anonymizers, deanonymizers = server.rankings.tables(hosted)
    nobody = server.rankings.tables(hosted, entry="nobody")
    server.close()
    told = [(e.place, e.anonymizer, e.state.value, e.labels) for e in anonymizers.entries]
    assert told == [
        (1, "ann", "ranked", ()),
        (2, "ben", "ranked", ()),
        (2, "fay", "ranked", ()),
        (4, "cat", "ranked", ()),  # a raw copy: of the best use, and found out
        (None, "dee", "not attacked yet", ("not attacked yet",)),
        (None, "eve", "gated", ("of no use",)),
        (None, "house mean", "house", ("house",)),
    ]
    assert [e.worst.name for e in anonymizers.entries[:4] if e.worst] == ["dan"] * 4
    # All ranked targets count: ann, ben, cat, dee and fay, of which nobody has attacked dee.
    means = {e.deanonymizer: e.values["mean risk_low"] for e in deanonymizers.entries}
    assert means["dan"] == pytest.approx((0.40 + 0.405 + 0.90 + 0 + 0.405) / 5)
    assert means["dot"] == pytest.approx(4 * 0.2 / 5)
    assert [(e.place, e.deanonymizer) for e in deanonymizers.entries] == [(1, "dan"), (2, "dot")]
    assert [table.entries for table in nobody] == [(), ()]


# --- every surface --------------------------------------------------------------------------------


@pytest.fixture
def get(played: Played) -> Callable[..., Any]:
    client = TestClient(create_web_app(played.server, access_log=False))
    return lambda **query: client.simulate_get("/ranking", params=query)


def as_json(tables: list[RankingTable]) -> Any:
    return json.loads(json.dumps([table.as_dict() for table in tables]))


def test_http_tells_it_as_json(played: Played, get: Callable[..., Any]) -> None:
    assert get().json == as_json(played.tables)


def test_http_tells_it_as_csv(played: Played, get: Callable[..., Any]) -> None:
    rows = list(csv.DictReader(io.StringIO(get(format="csv").text)))
    expected = [(table, entry) for table in played.tables for entry in table.entries]
    assert len(rows) == len(expected)
    for row, (table, entry) in zip(rows, expected, strict=True):
        assert row["ranking"] == table.name
        assert row["place"] == str(entry.place or "")
        assert (row["anonymizer"], row["deanonymizer"]) == (entry.anonymizer, entry.deanonymizer)
        assert row["state"] == entry.state
        assert _numbers(row, entry.values) == dict(entry.values)


def _numbers(row: Mapping[str, str], values: Mapping[str, Any]) -> dict[str, float | None]:
    return {name: float(row[name]) if row[name] else None for name in values}


def test_the_command_line_tells_it(
    played: Played, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["scores", "rank", "--plugin", played.plugin, "--state", str(played.state)]

    def printed(*options: str) -> str:
        monkeypatch.setattr(sys, "argv", ["anomed", *command, *options])
        with pytest.raises(SystemExit) as end:
            cli.main()
        assert not end.value.code
        return capsys.readouterr().out

    assert json.loads(printed("--json")) == as_json(played.tables)
    headline = played.tables[0]
    assert json.loads(printed("--json", "--name", headline.name)) == as_json([headline])
    monkeypatch.setenv("COLUMNS", "400")
    lines = printed("--name", headline.name).splitlines()
    for row in headline.cells()[1]:
        assert any(all(cell in line for cell in row) for line in lines), row


def test_the_report_tells_it(played: Played) -> None:
    sections = report_sections(played.hosted, played.server.submissions.kept)
    told = [s for s in sections if s.title.startswith("Ranking: ")]
    assert as_json(played.tables) == json.loads(
        json.dumps([section.data["ranking"] for section in told[: len(played.tables)]])
    )
    for section, table in zip(told, played.tables, strict=False):
        for row in table.cells()[1]:
            assert all(cell in rendered(section.parts) for cell in row)


def test_what_is_told_as_json_can_be_read_again(played: Played) -> None:
    assert [RankingTable.of_dict(table) for table in as_json(played.tables)] == played.tables


def test_a_contest_of_an_older_schema_is_ranked_after_its_migration(tmp_path: Path) -> None:
    old = Path(__file__).parents[2] / "ledger" / "released" / "contest-0001.sqlite"
    shutil.copyfile(old, tmp_path / "ledger.sqlite")
    migrate_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    with pytest.raises(LedgerMismatchError):
        open_contest(tmp_path)
    server = open_contest(tmp_path, accept_change=True)
    (hosted,) = server.challenges.values()
    told = [(e.place, e.anonymizer) for e in server.rankings.tables(hosted)[0].entries]
    assert told[:5] == [(1, "gus"), (2, "ann"), (3, "ben"), (3, "fay"), (5, "cat")]
    assert server.ledger.verify() == []
    server.close()
