"""Ranking: full precision, declared direction, declared tie-breakers."""

from datetime import UTC, datetime
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from anomed_core import Metric, Role, Score, Split, Subject
from anomed_core.service import newest_versions, rank, ranking_metrics

ACCURACY = Metric(name="acc", kind="k", primary=True)
LOSS = Metric(name="loss", kind="k", direction="lower", primary=True)
SPEED = Metric(name="speed", kind="k", tie_breaker=2)
SIZE = Metric(name="size", kind="k", direction="lower", tie_breaker=1)


def score(number: int, supersedes: int | None = None, **metrics: float) -> Score:
    return Score(
        id=number,
        challenge="c",
        kind="k",
        subject=Subject(role=Role.ANONYMIZER, anonymizer=f"a{number}"),
        split=Split.VALIDATION,
        metrics=metrics,
        payload_digest="",
        fingerprint="",
        supersedes=supersedes,
        recorded_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def places(scores: list[Score], *metrics: Metric) -> list[tuple[int, int]]:
    return [(entry.place, entry.score.id) for entry in rank(scores, metrics)]


def test_the_best_comes_first_in_the_declared_direction() -> None:
    higher = [score(1, acc=0.1), score(2, acc=0.9), score(3, acc=0.5)]
    lower = [score(1, loss=0.1), score(2, loss=0.9), score(3, loss=0.5)]

    assert places(higher, ACCURACY) == [(1, 2), (2, 3), (3, 1)]
    assert places(lower, LOSS) == [(1, 1), (2, 3), (3, 2)]


def test_the_last_bit_decides() -> None:
    nearly = [score(1, acc=0.3), score(2, acc=0.1 + 0.2)]

    assert places(nearly, ACCURACY) == [(1, 2), (2, 1)]


def test_tie_breakers_decide_in_their_order() -> None:
    tied = [
        score(1, acc=0.5, size=2, speed=9),
        score(2, acc=0.5, size=1, speed=1),
        score(3, acc=0.5, size=1, speed=2),
    ]

    assert places(tied, SPEED, SIZE, ACCURACY) == [(1, 3), (2, 2), (3, 1)]


def test_equals_share_a_place_and_the_earlier_is_listed_first() -> None:
    tied = [score(3, acc=0.5), score(1, acc=0.5), score(2, acc=0.9), score(4, acc=0.1)]

    assert places(tied, ACCURACY) == [(1, 2), (2, 1), (2, 3), (4, 4)]


def test_a_score_without_the_primary_metric_is_last_in_either_direction() -> None:
    assert places([score(1, other=1), score(2, acc=-5)], ACCURACY) == [(1, 2), (2, 1)]
    assert places([score(1, other=1), score(2, loss=1e9)], LOSS) == [(1, 2), (2, 1)]


def test_a_superseded_score_is_left_out() -> None:
    scores = [score(1, acc=0.9), score(2, acc=0.5), score(3, supersedes=1, acc=0.1)]

    assert [entry.id for entry in newest_versions(scores)] == [3, 2]
    assert places(scores, ACCURACY) == [(1, 2), (2, 3)]


def test_a_chain_of_re_evaluations_leaves_the_newest() -> None:
    scores = [score(1, acc=1), score(2, supersedes=1, acc=1), score(3, supersedes=2, acc=1)]

    assert [entry.id for entry in newest_versions(scores)] == [3]


def test_among_equals_a_new_version_keeps_the_place_of_the_first() -> None:
    scores = [score(1, acc=0.9), score(2, acc=0.5), score(3, supersedes=1, acc=0.5)]

    assert places(scores, ACCURACY) == [(1, 3), (1, 2)]


def test_nothing_is_ranked_without_scores() -> None:
    assert rank([], [ACCURACY]) == []


def test_the_primary_metric_goes_before_the_tie_breakers() -> None:
    assert ranking_metrics([SPEED, SIZE, ACCURACY]) == [ACCURACY, SIZE, SPEED]


@given(st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.75]), max_size=12), st.randoms())
def test_the_ranking_does_not_depend_on_the_order_of_listing(
    values: list[float],
    random: Random,
) -> None:
    scores = [score(number, acc=value) for number, value in enumerate(values, start=1)]
    shuffled = random.sample(scores, len(scores))

    assert places(shuffled, ACCURACY) == places(scores, ACCURACY)
