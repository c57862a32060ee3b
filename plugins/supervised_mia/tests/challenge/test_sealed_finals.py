"""What finals against rivals teach about the next: all where they are told, else nothing.

The attack knows no model and has seen no member. All pairs draw on one pool, half of each draw are
members, and each final that is told is some linear equations about who they are.
"""

import io
from datetime import UTC, datetime, timedelta

import falcon.testing
import numpy as np
import pytest
from anomed_supervised_mia import plugin
from anomed_supervised_mia.challenge.config import DataSettings, SupervisedMIAConfig
from scipy.stats import rankdata

from anomed_core import ChallengeSpec, Phase, Role, ServerSettings, Split
from anomed_core.ledger import Grant
from anomed_core.plugins import build_registry
from anomed_core.service.opening import open_server
from anomed_core.statistics import auc, null_band, roc_curve
from anomed_core.web import create_web_app
from anomed_core.wire import encode_npz

LENGTH = 50
PAIRS = [f"anonymizer-{number}" for number in range(16)]
FINAL = {"deanonymizer": "dean", "data_split": "validation"}


@pytest.fixture
def open_game(tmp_path):
    """Serve the challenge that was won, with finals as they are decided."""
    servers = []

    def opened(finals=None, *, shares=(0.4, 0.1, 0.1, 0.4), seed=1):
        registry = build_registry(discover=False)
        registry.add(plugin, name="supervised-mia")
        spec = ChallengeSpec(
            id="cancer",
            type="supervised-mia",
            seed=seed,
            finals=finals,
            phases={Split.VALIDATION: Phase(closes=datetime.now(UTC) + timedelta(hours=1))},
            config=SupervisedMIAConfig(
                data=DataSettings(source="sklearn:breast_cancer", split=shares),
                mia_evaluation_dataset_length=LENGTH,
            ),
        )
        server = open_server(
            [spec],
            registry=registry,
            settings=ServerSettings(state=tmp_path / f"{finals} {seed}", auth="tokens"),
        )
        servers.append(server)
        return Game(server)

    yield opened
    for server in servers:
        server.close()


class Game:
    """A deanonymizer with a token, and nothing else; rivals need no more than a token either."""

    def __init__(self, server):
        self.client = falcon.testing.TestClient(create_web_app(server))
        (hosted,) = server.challenges.values()
        self.arena = hosted.challenge.definition
        for name in PAIRS:
            server.tokens.create(Grant(role=Role.ANONYMIZER, holder=name, challenge="cancer"))
        grant = Grant(role=Role.DEANONYMIZER, holder="dean", challenge="cancer")
        self.headers = {"Authorization": f"Bearer {server.tokens.create(grant)}"}

    def records(self, anonymizer):
        answer = self.client.get(
            "/data/attack-success-evaluation",
            params={"anonymizer": anonymizer, **FINAL},
            headers=self.headers,
        )
        with np.load(io.BytesIO(answer.content)) as file:
            return [record.tobytes() for record in file["X"]]

    def submit(self, anonymizer, scores):
        return self.client.post(
            "/utility/deanonymizer",
            params={"anonymizer": anonymizer, **FINAL},
            body=encode_npz({"prediction": scores}),
            headers=self.headers,
        )

    def truth(self, anonymizer):
        return self.arena.memberships(
            anonymizer=anonymizer, deanonymizer="dean", split=Split.VALIDATION
        )


def learnt_from_finals(game):
    """Spend fifteen finals, and return what they teach about the records of the last pair."""
    asked = [game.records(anonymizer) for anonymizer in PAIRS]
    names = sorted({record for records in asked for record in records})
    ids = [np.array([names.index(record) for record in records]) for records in asked]
    rng = np.random.default_rng(0)
    equations = [(np.eye(len(names))[some].sum(axis=0), LENGTH) for some in ids]
    for anonymizer, some in zip(PAIRS[:-1], ids[:-1], strict=True):
        order = belief_in(equations)[some] + rng.normal(scale=0.05, size=2 * LENGTH)
        scores = rankdata(order, method="ordinal") / (2 * LENGTH)
        told = game.submit(anonymizer, scores).json
        if told:
            equations += equations_of(told, scores, some, n_names=len(names))
    n_draws = np.sum([row for row, _ in equations[: len(PAIRS)]], axis=0)
    return (belief_in(equations) + 1e-6 * n_draws)[ids[-1]]


def equations_of(told, scores, some, *, n_names):
    """Read a final: the members' sum of ranks, and how many of them lie above a threshold."""

    def about(weights, total):
        row = np.zeros(n_names)
        row[some] = weights
        return row, total

    found = [about(rankdata(scores), told["auc"] * LENGTH**2 + LENGTH * (LENGTH + 1) / 2)]
    found.append(about(scores >= 0.5, told["tpr"] * LENGTH))
    for rate in (0.001, 0.1):
        above = scores >= told[f"threshold_at_fpr_{rate}"]
        found.append(about(above, told[f"tpr_at_fpr_{rate}"] * LENGTH))
        if rate == 0.001:  # no non-member is above, and the next record is one
            found += [about(np.arange(len(some)) == place, 1) for place in np.flatnonzero(above)]
    return found


def belief_in(equations):
    """Return how likely each record is a member's, the least that the equations ask for."""
    rows, totals = (np.array(part, dtype=float) for part in zip(*equations, strict=True))
    missing = totals - rows.sum(axis=1) / 2
    return 0.5 + np.linalg.lstsq(rows, missing, rcond=None)[0]


def area(game, belief):
    return auc(roc_curve(game.truth(PAIRS[-1]), belief))


def test_finals_that_are_told_give_the_next_one_away(open_game):
    game = open_game("told")
    assert area(game, learnt_from_finals(game)) > 0.9


@pytest.mark.parametrize("shares", [(0.4, 0.1, 0.1, 0.4), (0.36, 0.1, 0.1, 0.44)])
def test_fifteen_sealed_finals_teach_nothing_about_the_sixteenth(open_game, shares):
    game = open_game(shares=shares)
    low, high = null_band(LENGTH, LENGTH)
    assert low <= area(game, learnt_from_finals(game)) <= high


def test_receipts_of_finals_do_not_depend_on_who_is_right(open_game):
    game = open_game()
    truth = game.truth(PAIRS[0])
    right, wrong = (
        game.submit(anonymizer, scores)
        for anonymizer, scores in (
            (PAIRS[0], truth.astype(float)),
            (PAIRS[1], (~game.truth(PAIRS[1])).astype(float)),
        )
    )
    assert (right.status_code, right.json) == (wrong.status_code, wrong.json) == (201, {})
    assert right.headers.keys() == wrong.headers.keys()
    same = set(right.headers) - {"date", "location", "x-request-id", "server-timing"}
    assert {name: right.headers[name] for name in same} == {
        name: wrong.headers[name] for name in same
    }


@pytest.mark.slow
@pytest.mark.parametrize("shares", [(0.4, 0.1, 0.1, 0.4), (0.36, 0.1, 0.1, 0.44)])
def test_sealed_finals_teach_nothing_in_many_draws(open_game, shares):
    """The areas lie within their null band as often as those of worthless attacks."""
    low, high = null_band(LENGTH, LENGTH)
    areas = []
    for seed in range(100):
        game = open_game(shares=shares, seed=seed)
        areas.append(area(game, learnt_from_finals(game)))
    assert np.mean([low <= found <= high for found in areas]) >= 0.89  # 0.95 less chance
    assert abs(np.mean(areas) - 0.5) < 0.02
