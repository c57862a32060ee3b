"""The arena: who is released, who is drawn, and that nobody is both."""

from typing import Any

import numpy as np
import pytest
from anomed_supervised_mia.challenge.arena import Arena, open_arena
from anomed_supervised_mia.challenge.data import Parts
from anomed_supervised_mia.challenge.scoring import evaluate_MIA, evaluator_of
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from anomed_core import ConfigError, Lottery, Split

SIZES = {"training": 101, "tuning": 10, "validation": 61}


def arena_of(
    *, length: int = 15, secret: int = 1, sizes: dict[str, int] = SIZES, **changes: Any
) -> Arena:
    """Return an arena whose features are the numbers of the records, 1000 on for validation."""
    offsets = {"training": 0, "tuning": 500, "validation": 1000, "non_members": 2000}
    data = {
        name: (
            offsets[name] + np.arange(n, dtype=float)[:, None],
            np.arange(n) % 2,
        )
        for name, n in sizes.items()
    }
    return open_arena(
        Parts(key="x", load=lambda: data),
        length=length,
        evaluate_prediction=evaluator_of(["accuracy"]),
        evaluate_memberships=evaluate_MIA,
        lottery=Lottery(bytes([secret] * 32), "c"),
        freeze=lambda _name, _key, build: build(),
        **changes,
    )


def numbers(arrays: dict[str, np.ndarray]) -> set[float]:
    return set(arrays["X"][:, 0].tolist())


# --- pools ----------------------------------------------------------------------------------------


def test_half_of_members_and_non_members_are_released() -> None:
    arena = arena_of()

    assert len(arena.released_members()["X"]) == 101 // 2
    assert len(arena.released_non_members()["X"]) == 61 // 2
    assert max(numbers(arena.released_members())) < 500
    assert min(numbers(arena.released_non_members())) >= 1000


@given(st.integers(0, 200), st.integers(30, 200), st.integers(30, 200))
def test_pools_are_disjoint_and_cover_everybody(secret: int, n: int, m: int) -> None:
    sizes = {"training": n, "tuning": 5, "validation": m}
    arena = arena_of(length=5, secret=secret % 256, sizes=sizes)

    for side, size in (("members", n), ("non-members", m)):
        pools = [arena.pools[f"{side} {pool}"] for pool in ("released", "tuning", "validation")]
        assert sorted(np.concatenate(pools).tolist()) == list(range(size))


def test_pools_depend_on_the_secret_alone() -> None:
    same = arena_of().pools["members released"], arena_of().pools["members released"]

    np.testing.assert_array_equal(*same)
    assert not np.array_equal(same[0], arena_of(secret=2).pools["members released"])


# --- evaluation records ---------------------------------------------------------------------------


@given(st.text(max_size=5), st.text(max_size=5), st.sampled_from(Split))
def test_half_of_the_records_are_members_and_the_truth_says_which(
    anonymizer: str, deanonymizer: str, split: Split
) -> None:
    records, truth = arena_of().evaluation_records(
        anonymizer=anonymizer, deanonymizer=deanonymizer, split=split
    )

    features = records["X"][:, 0]
    assert truth.sum() == 15
    assert len(set(features.tolist())) == 30
    np.testing.assert_array_equal(features < 500, truth)
    np.testing.assert_array_equal(records["y"], (features % 1000) % 2)


def test_the_truth_is_the_same_when_it_is_asked_for_alone() -> None:
    who = {"anonymizer": "a", "deanonymizer": "d", "split": Split.TUNING}
    _, truth = arena_of().evaluation_records(**who)  # type: ignore[arg-type]

    np.testing.assert_array_equal(truth, arena_of().memberships(**who))  # type: ignore[arg-type]


def test_no_record_is_released_or_in_both_splits() -> None:
    arena = arena_of()
    released = numbers(arena.released_members()) | numbers(arena.released_non_members())
    drawn = {
        split: set().union(
            *(
                numbers(
                    arena.evaluation_records(
                        anonymizer=f"a{number}", deanonymizer="d", split=split
                    )[0]
                )
                for number in range(20)
            )
        )
        for split in Split
    }

    assert not released & (drawn[Split.TUNING] | drawn[Split.VALIDATION])
    assert not drawn[Split.TUNING] & drawn[Split.VALIDATION]


def test_every_place_is_as_likely_to_hold_a_member() -> None:
    arena = arena_of()
    n_members = sum(
        arena.memberships(anonymizer=f"a{number}", deanonymizer="d", split=Split.TUNING).astype(int)
        for number in range(400)
    )

    assert stats.chisquare(n_members).pvalue > 1e-3


def test_memberships_of_other_pairs_and_splits_are_independent() -> None:
    arena = arena_of(length=15)
    one = arena.memberships(anonymizer="a", deanonymizer="bc", split=Split.TUNING)
    others = [
        arena.memberships(anonymizer="ab", deanonymizer="c", split=Split.TUNING),
        arena.memberships(anonymizer="a", deanonymizer="bc", split=Split.VALIDATION),
        arena.memberships(anonymizer="bc", deanonymizer="a", split=Split.TUNING),
    ]

    assert not any(np.array_equal(one, other) for other in others)


def test_separate_non_members_keep_validation_labels_at_home() -> None:
    arena = arena_of(sizes={**SIZES, "non_members": 61})
    records, truth = arena.evaluation_records(
        anonymizer="a", deanonymizer="d", split=Split.VALIDATION
    )

    assert min(numbers(arena.released_non_members())) >= 2000
    assert records["X"][~truth].min() >= 2000


# --- sizes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sizes", "length", "sentence"),
    [
        (
            {"training": 101, "tuning": 10, "validation": 61},
            16,
            "16 is too large: 61 validation records leave pools of 15; lower it to at most 15 or",
        ),
        (
            {"training": 40, "tuning": 10, "validation": 61},
            11,
            "11 is too large: 40 training records leave pools of 10; lower it to at most 10",
        ),
        (
            {"training": 101, "tuning": 10, "validation": 61, "non_members": 8},
            3,
            "3 is too large: 8 non-members records leave pools of 2",
        ),
    ],
)
def test_impossible_lengths_say_which_number_to_lower(
    sizes: dict[str, int], length: int, sentence: str
) -> None:
    with pytest.raises(ConfigError) as error:
        arena_of(sizes=sizes, length=length)

    assert str(error.value).startswith(f"mia_evaluation_dataset_length: {sentence}")


def test_the_largest_possible_length_is_possible() -> None:
    arena = arena_of(length=15)

    assert len(arena.pools["non-members tuning"]) == 15
    assert len(arena.memberships(anonymizer="a", deanonymizer="d", split=Split.TUNING)) == 30


def test_drawing_costs_what_is_drawn() -> None:
    """The published server copies the whole data set for every request."""
    arena = arena_of(length=50, sizes={"training": 200_000, "tuning": 10, "validation": 200_000})

    class Untouchable(np.ndarray):
        def __getitem__(self, key: Any) -> Any:
            assert np.size(key) <= 100, "more than the drawn rows are touched"
            return super().__getitem__(key)

    data = {name: np.asarray(array).view(Untouchable) for name, array in arena.data.items()}
    object.__setattr__(arena, "data", data)

    records, _ = arena.evaluation_records(anonymizer="a", deanonymizer="d", split=Split.TUNING)

    assert len(records["X"]) == 100
