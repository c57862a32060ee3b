"""A contest on a simulated register, and players who speak HTTP to it without a socket."""

import httpx
import numpy as np
import pytest
from anomed_client import Options, connect
from anomed_dp_query.challenge.house import house_attacks

from anomed_core import Split
from anomed_core.testing import served
from anomed_core.web import create_web_app

COLUMNS = ["sex", "region", "admission_type", "diagnosis", "severity", "outcome"]


def contest(**settings):
    """Return the configuration of a contest with one tier, small enough to be drawn at once."""
    options = {
        "practice": "PRACTICE",
        "tiers": {"1": "REGISTER"},
        "outsiders": "simulated:hospital-register?n=1000&seed=9",
        "n_conditions": [2, 2],
        "columns": COLUMNS,
        "secret": "admission_type",
        "secret_value": "emergency",
        "targets": 100,
    }
    return {
        "answer_grid_s": 0.0,
        "datasets": {
            "REGISTER": {"source": "simulated:hospital-register?n=5000&seed=7"},
            "PRACTICE": {"source": "simulated:hospital-register?n=1000&seed=8"},
        },
        "contest": options | settings,
    }


class World:
    """A served contest, seen from outside and from inside."""

    def __init__(self, client, folder):
        self.server = client.server
        transport = httpx.WSGITransport(app=create_web_app(client.server))
        self.options = Options(transport=transport, progress=False, cache=folder, tries=1)

    @property
    def hosted(self):
        (hosted,) = self.server.challenges.values()
        return hosted

    @property
    def arena(self):
        return self.hosted.challenge.definition

    def join(self, name):
        return connect("http://server", name=name, options=self.options)

    def kept(self, name, split=Split.VALIDATION):
        """Return the newest submission of an analyst, as house attacks get it."""
        scores = self.server.ledger.scores(kind="anonymizer", anonymizer=name, split=split)
        return self.server.submissions.kept.of_score(self.hosted, scores[-1])

    def attacked(self, task, submission):
        """Run one of the house's attacks."""
        attack = next(one for one in house_attacks(self.arena) if one.name == task)
        return attack.run(submission, np.random.default_rng(0))


@pytest.fixture
def serve(tmp_path):
    """Serve a contest; settings of it may be given."""
    opened = []

    def make(config):
        context = served("dp-query", config=config, state=tmp_path / "state")
        opened.append(context)
        return World(context.__enter__(), tmp_path / "downloads")

    yield make
    for context in opened:
        context.__exit__(None, None, None)


@pytest.fixture
def settings():
    """Return the configuration of a contest."""
    return contest
