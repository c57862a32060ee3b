"""The participants' library reads the ranking that the server tells."""

from __future__ import annotations

from pathlib import Path

import httpx
from anomed_client import Options, connect

from anomed_core import ShownRanking
from anomed_core.web import create_web_app
from tests.ranked_type import open_contest, play_contest


def test_the_library_tells_the_servers_order(tmp_path: Path) -> None:
    server = open_contest(tmp_path / "state", shown=ShownRanking(visible_to="public"), auth="open")
    try:
        play_contest(server)
        (hosted,) = server.challenges.values()
        headline, *others = server.rankings.tables(hosted)
        transport = httpx.WSGITransport(app=create_web_app(server, access_log=False))
        url = f"http://server/challenges/{hosted.id}"
        challenge = connect(url, name="somebody", options=Options(transport=transport))

        told = challenge.ranking()
        assert (told.name, told.split) == (headline.name, headline.split)
        assert [(e.place, dict(e.criteria), list(e.labels)) for e in told.entries] == [
            (e.place, e.values, list(e.labels)) for e in headline.entries
        ]
        given = [entry.as_dict() for entry in headline.entries]
        assert [(e.state, e.worst_attack) for e in told.entries] == [
            (entry["state"], entry["worst_attack"]) for entry in given
        ]
        assert [r.name for r in challenge.rankings()] == [r.name for r in (headline, *others)]
    finally:
        server.close()
