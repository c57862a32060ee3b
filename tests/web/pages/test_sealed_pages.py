"""What is sealed is on no page, in no figure, count or tag: worlds that differ in it look equal."""

import re
from datetime import UTC, datetime
from pathlib import Path

from falcon.testing import TestClient

from anomed_core import FinalScores, Phase, Role, ShownRanking, Split
from anomed_core.ledger import Grant
from anomed_core.service.server import Server
from anomed_core.web import create_web_app
from anomed_core.web.pages.registry import PAGES
from tests.ledger.contest import Contest, anonymizer, pair
from tests.ranked_type import open_contest

CLOSES = datetime(2999, 1, 1, tzinfo=UTC)


def world(folder: Path, risk: float) -> Server:
    server = open_contest(
        folder,
        shown=ShownRanking(visible_to="public"),
        phases={Split.VALIDATION: Phase(closes=CLOSES)},
        finals=FinalScores.SEALED,
        auth="tokens",
    )
    (hosted,) = server.challenges.values()
    contest = Contest(ledger=server.ledger, challenge=hosted.id, fingerprint=hosted.fingerprint)
    final = contest.submit("anonymizer", anonymizer("ann"), {"utility": 0.6 + risk})
    metrics = {"risk": risk, "risk_low": risk / 2, "risk_high": risk}
    contest.find(final, "panel", metrics)
    if risk > 0.2:  # and how many attacks there are is sealed, too
        contest.submit("deanonymizer", pair("ann", "dot"), metrics)
    return server


def seen(server: Server) -> dict[tuple[str, str], str]:
    """Return what each role sees on each page, without what differs between any two servers."""
    client = TestClient(create_web_app(server, access_log=False))
    pages: dict[tuple[str, str], str] = {}
    number = server.numbers.told(1)
    for role, holder in (("", ""), ("anonymizer", "ann"), ("deanonymizer", "dan")):
        headers = {"Accept": "text/html"}
        if role:
            grant = Grant(role=Role(role), holder=holder, challenge="incomes")
            headers["Authorization"] = f"Bearer {server.tokens.create(grant)}"
        for page in PAGES:
            path = page.path.replace("{score_id:int}", str(number)) or "/challenges/incomes"
            text = client.simulate_get(path, headers=headers).text
            text = re.sub(r"[0-9a-f]{16,}|\d{9,}", "#", text)
            pages[page.name, role] = re.sub(r"\d+ \w+( \d{4})?, \d\d:\d\d|datetime=\S*", "#", text)
    return pages


def test_pages_of_sealed_finals_do_not_depend_on_their_scores(tmp_path: Path) -> None:
    low, high = world(tmp_path / "low", 0.1), world(tmp_path / "high", 0.3)
    one, other = seen(low), seen(high)
    for server in (low, high):
        server.close()

    assert one.keys() == other.keys()
    for which, text in one.items():
        assert text == other[which], which
    assert "sealed until" in one["score", "anonymizer"]
    assert "sealed" in one["team", "anonymizer"]
