"""House attacks declare their metrics, and are held to them."""

from collections.abc import Callable, Mapping
from typing import Any

import attrs
import numpy as np
import pytest

from anomed_core import HouseAttack, Metric, Role, Split, Subject, Submission, hookimpl
from anomed_core.errors import ContractError
from anomed_core.plugins import attack_metrics
from anomed_core.service import describe
from anomed_core.service.evaluation import Attack, Evaluator
from tests.conftest import OpenServer
from tests.example_types import Guessing

HEADS = Metric(name="heads", bounds=(0, 1), chance=0.5, definition="Whether heads came.")
EDGE = Metric(name="edge", bounds=(0, 1), optional=True)
SUBMISSION = Submission(
    kind="anonymizer",
    subject=Subject(role=Role.ANONYMIZER, anonymizer="ann"),
    split=Split.TUNING,
    payload={"prediction": np.zeros(10)},
    digest="0" * 64,
)


def coin(found: Any, *metrics: Metric) -> HouseAttack:
    return HouseAttack(name="coin", kind="anonymizer", metrics=metrics, run=lambda *_: found)


class Tossing(Guessing):
    def __init__(self, attack: HouseAttack) -> None:
        super().__init__()
        self.attack = attack

    @hookimpl
    def anomed_house_attacks(self) -> list[HouseAttack]:
        return [self.attack]


@pytest.fixture
def attacked(server_of: OpenServer) -> Callable[[HouseAttack], Any]:
    def attack(declared: HouseAttack) -> Any:
        evaluator = Evaluator(server_of(Tossing(declared)).challenges)
        return evaluator(Attack(challenge="guessing", attack="coin", submission=SUBMISSION))

    return attack


def test_what_is_found_is_what_was_declared(attacked: Callable[[HouseAttack], Any]) -> None:
    assert attacked(coin({"heads": np.float32(1)}, HEADS)) == {"heads": 1.0}
    assert attacked(coin(None, HEADS)) is None


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ({}, r"missing \['heads'\], undeclared \[\]"),
        ({"heads": 1, "tails": 0}, r"missing \[\], undeclared \['tails'\]"),
        ({"heads": 2}, r"heads must be finite and within \[0, 1\], got 2"),
    ],
)
def test_anything_else_is_refused(
    found: Mapping[str, float], message: str, attacked: Callable[[HouseAttack], Any]
) -> None:
    with pytest.raises(ContractError, match=f"house attack 'coin'.*{message}"):
        attacked(coin(found, HEADS))


def test_an_optional_metric_may_be_missing_and_nothing_else() -> None:
    attack = coin(None, HEADS, EDGE)

    assert attack_metrics({"heads": 1}, attack) == {"heads": 1}
    assert attack_metrics({"edge": 0, "heads": 1}, attack) == {"heads": 1, "edge": 0}
    with pytest.raises(ContractError, match=r"missing \['heads'\]"):
        attack_metrics({"edge": 1}, attack)


def test_an_attack_that_declares_nothing_is_taken_with_a_warning(server_of: OpenServer) -> None:
    with pytest.warns(DeprecationWarning, match=r"'coin' of plugin 'tossing-0' declares no metr"):
        server = server_of(Tossing(coin({"anything": 3})))

    evaluator = Evaluator(server.challenges)
    job = Attack(challenge="guessing", attack="coin", submission=SUBMISSION)
    assert evaluator(job) == {"anything": 3.0}


@pytest.mark.parametrize("found", [{}, {"x": float("nan")}, 0.5])
def test_what_is_not_declared_must_be_finite_numbers_all_the_same(found: Any) -> None:
    with pytest.raises(ContractError, match="house attack 'coin'"):
        attack_metrics(found, coin(None))


def test_a_metric_is_declared_once_and_for_the_attacked_kind() -> None:
    with pytest.raises(ValueError, match="'coin' declares heads twice"):
        coin(None, HEADS, HEADS)
    with pytest.raises(ValueError, match="declares the metric 'heads' of 'other'"):
        coin(None, attrs.evolve(HEADS, kind="other"))


def test_the_metrics_are_described_and_part_of_the_fingerprint(server_of: OpenServer) -> None:
    (hosted,) = server_of(Tossing(coin(None, HEADS))).challenges.values()
    (other,) = server_of(Tossing(coin(None, EDGE))).challenges.values()

    (attack,) = describe(hosted, base="")["house_attacks"]
    assert attack["metrics"][0]["name"] == "heads"
    assert attack["metrics"][0]["direction"] == "higher"
    assert hosted.fingerprint != other.fingerprint


@pytest.mark.filterwarnings("ignore:the house attack:DeprecationWarning")
def test_attacks_without_metrics_do_not_change_the_fingerprint(server_of: OpenServer) -> None:
    class Quiet(Tossing):
        @hookimpl
        def anomed_house_attacks(self) -> list[HouseAttack]:
            return []

    with_attack = server_of(Tossing(coin(None))).challenges["guessing"]
    without = server_of(Quiet(coin(None))).challenges["guessing"]
    assert with_attack.fingerprint == without.fingerprint
