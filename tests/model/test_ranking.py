"""What a type may declare about the order of play, and what is refused at once."""

import pytest

from anomed_core import Criterion, DataRequest, Gate, HouseEntry, Metric, Ranking, Take


def test_a_criterion_takes_the_entrys_own_final_unless_it_says_otherwise() -> None:
    assert Criterion(metric="accuracy").take is Take.FINAL


@pytest.mark.parametrize("resolution", [0, -0.1])
def test_a_resolution_is_positive(resolution: float) -> None:
    with pytest.raises(ValueError, match="resolution"):
        Criterion(metric="accuracy", resolution=resolution)


def test_an_area_needs_a_parameter() -> None:
    with pytest.raises(ValueError, match="'accuracy' is taken as 'area_over' with over=''"):
        Criterion(metric="accuracy", take="area_over")  # type: ignore[arg-type]  # as plugins do


def test_nothing_but_an_area_has_a_parameter() -> None:
    with pytest.raises(ValueError, match="with over='epsilon'"):
        Criterion(metric="accuracy", over="epsilon")


def test_a_gate_without_a_bound_is_refused() -> None:
    with pytest.raises(ValueError, match="the gate 'useless' bounds 'accuracy' nowhere"):
        Gate(metric="accuracy", label="useless")


def test_bounds_of_a_gate_are_inclusive() -> None:
    gate = Gate(metric="copies", at_least=0, at_most=0, label="a copy")
    assert [gate.admits(value) for value in (-1, 0, 1)] == [False, True, False]


def test_a_ranking_without_criteria_is_refused() -> None:
    with pytest.raises(ValueError, match="criteria"):
        Ranking(name="all", kind="anonymizer", criteria=())


def test_an_entrys_payload_may_be_given_as_it_is() -> None:
    entry = HouseEntry(name="coin", kind="anonymizer", payload=[True, False])
    assert entry.payload(DataRequest()) == [True, False]


def test_a_metric_has_two_limits() -> None:
    with pytest.raises(ValueError, match="limits must be the names of the lower and the upper"):
        Metric(name="risk", limits=("risk_low",))  # type: ignore[arg-type]  # as plugins may
    assert Metric(name="risk", limits=["low", "high"]).limits == ("low", "high")  # type: ignore[arg-type]
