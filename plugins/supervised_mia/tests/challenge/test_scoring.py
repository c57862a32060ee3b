"""Utility: metrics by name, or by a function of one's own."""

import numpy as np
import pytest
from anomed_supervised_mia import strict_binary_accuracy
from anomed_supervised_mia.challenge.metrics import UTILITY_METRICS, declared_metrics
from anomed_supervised_mia.challenge.scoring import evaluator_of
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

LABELS = np.array([0, 1, 2, 1])
NUMBERS = np.array([0.5, -1.0, 3.0, 2.0])


def own_evaluator(prediction: np.ndarray, ground_truth: np.ndarray) -> dict[str, float]:
    return {"own": float(np.abs(prediction - ground_truth).max())}


no_function = 3


# --- accuracy -------------------------------------------------------------------------------------


@given(st.data())
def test_accuracy_is_the_share_of_exact_records(data: st.DataObject) -> None:
    shape = data.draw(hnp.array_shapes(min_dims=1, max_dims=3, max_side=4))
    arrays = hnp.arrays(np.int64, shape, elements=st.integers(0, 1))
    prediction, truth = data.draw(arrays), data.draw(arrays)

    right = [np.array_equal(p, t) for p, t in zip(prediction, truth, strict=True)]

    assert strict_binary_accuracy(prediction, truth) == {"accuracy": sum(right) / len(right)}


def test_labels_of_equal_value_are_equal_whatever_their_dtype() -> None:
    for dtype in (np.int8, np.int32, np.float32, np.float64):
        assert strict_binary_accuracy(LABELS.astype(dtype), LABELS) == {"accuracy": 1.0}


def test_text_labels_are_compared() -> None:
    assert strict_binary_accuracy(np.array(["a", "b"]), np.array(["a", "bb"])) == {"accuracy": 0.5}


def test_other_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"shape \(3,\), ground_truth has \(4,\); they must be"):
        strict_binary_accuracy(LABELS[:3], LABELS)


def test_accuracy_of_nothing_is_undefined() -> None:
    with pytest.raises(ValueError, match="undefined for empty arrays"):
        strict_binary_accuracy(LABELS[:0], LABELS[:0])


# --- metrics by name ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", UTILITY_METRICS)
def test_a_perfect_prediction_gets_the_best_value(name: str) -> None:
    metric = UTILITY_METRICS[name]
    truth = LABELS if metric.classifies else NUMBERS

    best = metric.bounds[0] if metric.direction == "lower" else metric.bounds[1]
    assert metric.compute(truth, truth) == pytest.approx(best)


@pytest.mark.parametrize(
    ("name", "prediction", "truth", "value"),
    [
        ("accuracy", [0, 1, 1, 1], LABELS, 0.75),
        ("balanced_accuracy", [0, 1, 1, 1], LABELS, 2 / 3),
        ("macro_f1", [0, 1, 1, 1], LABELS, (1 + 0.8 + 0) / 3),
        ("mae", [0.5, 0.0, 3.0, 0.0], NUMBERS, 0.75),
        ("rmse", [0.5, 0.0, 3.0, 0.0], NUMBERS, 1.25**0.5),
        ("r2", [1.125] * 4, NUMBERS, 0.0),
    ],
)
def test_values_are_those_of_the_definitions(
    name: str, prediction: list[float], truth: np.ndarray, value: float
) -> None:
    assert UTILITY_METRICS[name].compute(np.array(prediction), truth) == pytest.approx(value)


@pytest.mark.parametrize("name", UTILITY_METRICS)
@given(seed=st.integers(0, 1000))
def test_values_stay_within_their_bounds(name: str, seed: int) -> None:
    metric = UTILITY_METRICS[name]
    rng = np.random.default_rng(seed)
    truth = np.arange(8) % 3 if metric.classifies else rng.normal(size=8)
    prediction = rng.permutation(truth)

    low, high = metric.bounds
    assert low - 1e-12 <= metric.compute(prediction, truth) <= high + 1e-12


def test_several_metrics_come_in_the_order_of_their_names() -> None:
    evaluate = evaluator_of(["macro_f1", "accuracy"])

    assert list(evaluate(LABELS, LABELS)) == ["macro_f1", "accuracy"]


def test_a_function_of_ones_own_is_found() -> None:
    evaluate = evaluator_of([f"{__name__}:own_evaluator", "mae"])

    assert evaluate(NUMBERS, NUMBERS + 1) == {"own": 1.0, "mae": 1.0}


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        ([], "name at least one metric of accuracy, "),
        (["acuracy"], "there is no utility metric 'acuracy'; choose of accuracy, "),
        (["nowhere:function"], "'nowhere:function' cannot be imported"),
        (["math:nothing"], "'math:nothing' cannot be imported"),
        (["math:pi"], "'math:pi' is not a function"),
    ],
)
def test_other_names_are_refused(names: list[str], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        evaluator_of(names)


# --- declarations ---------------------------------------------------------------------------------


def test_the_first_metric_ranks_and_the_others_break_ties() -> None:
    declared = declared_metrics(evaluator_of(["mae", "rmse", "r2"]), NUMBERS, "anonymizer")

    assert [(m.name, m.primary, m.tie_breaker) for m in declared] == [
        ("mae", True, None),
        ("rmse", False, 1),
        ("r2", False, 2),
    ]
    assert [m.direction.value for m in declared] == ["lower", "lower", "higher"]


def test_metrics_of_ones_own_are_learnt_from_a_perfect_prediction() -> None:
    (declared,) = declared_metrics(own_evaluator, NUMBERS, "anonymizer")

    assert (declared.name, declared.direction.value) == ("own", "higher")
    assert declared.bounds == (float("-inf"), float("inf"))


@pytest.mark.parametrize("answer", [0.5, None, {}, [("a", 1)]])
def test_an_evaluator_without_mapping_is_refused(answer: object) -> None:
    with pytest.raises(ValueError, match="must return a mapping of names to numbers"):
        declared_metrics(lambda p, t: answer, NUMBERS, "anonymizer")  # type: ignore[arg-type, return-value]
