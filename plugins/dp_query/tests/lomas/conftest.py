"""A server of penguins with tokens, and clients of both dialects of Lomas."""

import threading
import uuid

import pytest
from anomed_dp_query import plugin
from anomed_dp_query.challenge.config import DpQueryConfig
from falcon.testing import TestClient

from anomed_core import ChallengeSpec, Role, ServerSettings
from anomed_core.config.structuring import structure
from anomed_core.ledger import Grant
from anomed_core.plugins import build_registry
from anomed_core.service.opening import open_server
from anomed_core.web import create_web_app

ALIAS, ANALYST = "Dr. Antartica", "Dr.Antartica"


class Lomas:
    """A server, asked as Lomas' clients ask."""

    def __init__(self, server):
        self.server = server
        self.client = TestClient(create_web_app(server))
        self.tokens = {
            name: server.tokens.create(
                Grant(role=Role.ANONYMIZER, holder=name, challenge="penguin")
            )
            for name in (ANALYST, "Small", "Nobody")
        }

    def older(self, route, body=None, *, user=ALIAS, holder=None, **more):
        """Ask as clients up to 0.4 do."""
        headers = {} if user is None else {"user-name": user}
        holder = holder or {ALIAS: ANALYST}.get(user, user)
        if holder in self.tokens:
            headers["Authorization"] = f"Bearer {self.tokens[holder]}"
        return self.client.simulate_post(
            f"/challenges/penguin/lomas/{route}", json=body, headers=headers, **more
        )

    def newer(self, route, body=None, *, holder=ANALYST):
        """Ask as clients of 0.5 do."""
        headers = {"Authorization": f"Bearer {self.tokens[holder]}"} if holder else {}
        return self.client.simulate_post(f"/lomas/{route}", json=body, headers=headers)

    def status(self, uid, *, holder=ANALYST):
        headers = {"Authorization": f"Bearer {self.tokens[holder]}"}
        return self.client.simulate_get(f"/lomas/status/{uid}", headers=headers).json

    def done(self, route, body, *, holder=ANALYST):
        """Ask as clients of 0.5 do, and wait for the job."""
        accepted = self.newer(route, body, holder=holder)
        assert accepted.status_code == 202, accepted.text
        assert accepted.json["status"] == "in_progress"
        uuid.UUID(accepted.json["uid"])
        self.work()
        return self.status(accepted.json["uid"], holder=holder)

    def work(self):
        while self.server.job_worker.do_one(lambda: False):
            pass


@pytest.fixture
def opened(tmp_path, penguins):
    """Open servers on one state; their options are the challenge's."""
    servers = []
    data, metadata = penguins.write(tmp_path)

    def open_one(*, unit="as-lomas", **options):
        registry = build_registry(discover=False)
        registry.add(plugin, name="dp-query")
        penguin = {"source": f"csv:{data}", "metadata": str(metadata), "unit": unit}
        config = {
            "datasets": {"PENGUIN": penguin, "BIRTHDAYS": penguin},
            "answer_grid_s": 0.0,
            "aliases": {ALIAS: ANALYST},
            "budgets": {
                ANALYST: {"PENGUIN": {"epsilon": 10, "delta": 0.005}},
                "Small": {"PENGUIN": {"epsilon": 0.3, "delta": 0}},
            },
            **options,
        }
        server = open_server(
            [
                ChallengeSpec(
                    id="penguin", type="dp-query", config=structure(config, DpQueryConfig, key="")
                )
            ],
            registry=registry,
            settings=ServerSettings(state=tmp_path / "state", auth="tokens"),
            environment={},
        )
        servers.append(server)
        return Lomas(server)

    yield open_one
    for server in servers:
        server.close()


@pytest.fixture
def lomas(opened):
    return opened()


@pytest.fixture
def racing():
    """Call a function in several threads at once; return what it returned."""

    def race(function, n_threads):
        results = []
        threads = [
            threading.Thread(target=lambda: results.append(function())) for _ in range(n_threads)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return results

    return race
