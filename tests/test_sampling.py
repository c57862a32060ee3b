"""The lottery: pinned forever, uniform, and cheap."""

import hashlib
import hmac
import itertools
import time
import tracemalloc
from collections import Counter
from collections.abc import Hashable, Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from anomed_core.sampling import Lottery

LOTTERY = Lottery(bytes(range(32)), "challenge iris")


# --- golden values: a change of any of these moves members between challenges in the field --------


def test_the_generator_is_philox_as_published() -> None:
    """Known answer of philox4x64-10 from Random123 1.09, tests/kat_vectors: all zero."""
    last_before_zero = np.random.Philox(key=0, counter=2**256 - 1)

    assert [f"{word:016x}" for word in last_before_zero.random_raw(4)] == [
        "16554d9eca36314c",
        "db20fe9d672d0fdc",
        "d7e772cee186176b",
        "7e68b68aec7ba23b",
    ]


def test_the_key_is_the_documented_hmac() -> None:
    def prefixed(*parts: str) -> bytes:
        return b"".join(len(p.encode()).to_bytes(8, "little") + p.encode() for p in parts)

    scope_key = hmac.new(
        bytes(range(32)), prefixed("scope", "challenge iris"), hashlib.sha256
    ).digest()
    digest = hmac.new(scope_key, prefixed("draw", "order", "ä", ""), hashlib.sha256).digest()
    expected = np.random.Philox(key=int.from_bytes(digest[:16], "little")).random_raw(8)

    np.testing.assert_array_equal(LOTTERY.bits("order", "ä", "").random_raw(8), expected)


def test_the_stream_is_pinned() -> None:
    assert LOTTERY.bits("x").random_raw(2).tolist() == [2148439057479007288, 6359703190947852224]


def test_permutations_are_pinned() -> None:
    assert LOTTERY.permutation(10, "order").tolist() == [4, 0, 6, 1, 2, 5, 7, 8, 9, 3]
    assert LOTTERY.permutation(10, "order", "a", "bc").tolist() == [1, 6, 9, 4, 7, 3, 8, 2, 0, 5]


def test_small_samples_are_pinned() -> None:
    ids = ("evaluation members", "tuning", "a", "b")

    assert LOTTERY.sample(1000, 5, *ids).tolist() == [3, 258, 903, 567, 870]
    assert LOTTERY.sample(10**12, 4, *ids).tolist() == [
        911330097003,
        599921785258,
        163989468903,
        37653651567,
    ]


def test_large_samples_are_pinned() -> None:
    assert LOTTERY.sample(6, 4, "x").tolist() == [0, 3, 1, 4]


def test_partitions_are_pinned() -> None:
    parts = LOTTERY.partition(9, (4, 2, 3), "pools")

    assert [part.tolist() for part in parts] == [[0, 7, 4, 1], [3, 6], [8, 2, 5]]


def test_seeded_lotteries_are_pinned() -> None:
    seeded = Lottery.seeded(42, "challenge iris")

    assert seeded.permutation(8, "order").tolist() == [4, 6, 7, 3, 1, 2, 0, 5]


def test_fingerprints_are_pinned() -> None:
    assert LOTTERY.fingerprint == "f99b29d857f4aa58e67ee1a6266651b773ab99b0bad35ad3d751fd1875a54e88"


# --- independence ---------------------------------------------------------------------------------


@given(
    st.lists(st.text(max_size=4), min_size=1, max_size=4),
    st.lists(st.text(max_size=4), min_size=1, max_size=4),
)
def test_draws_for_other_words_are_other_draws(first: list[str], second: list[str]) -> None:
    same = np.array_equal(LOTTERY.bits(*first).random_raw(4), LOTTERY.bits(*second).random_raw(4))

    assert same is (first == second)


def test_ids_of_equal_concatenation_draw_independently() -> None:
    assert LOTTERY.sample(10**6, 5, "e", "a", "bc").tolist() != (
        LOTTERY.sample(10**6, 5, "e", "ab", "c").tolist()
    )


def test_scopes_draw_independently() -> None:
    other = Lottery(bytes(range(32)), "challenge wine")

    assert other.permutation(20, "order").tolist() != LOTTERY.permutation(20, "order").tolist()
    assert other.fingerprint != LOTTERY.fingerprint


def test_secrets_draw_independently() -> None:
    other = Lottery(bytes(range(1, 33)), "challenge iris")

    assert other.permutation(20, "order").tolist() != LOTTERY.permutation(20, "order").tolist()
    assert other.fingerprint != LOTTERY.fingerprint


def test_equal_lotteries_draw_equally() -> None:
    twin = Lottery(bytes(range(32)), "challenge iris")

    assert twin.sample(100, 9, "x").tolist() == LOTTERY.sample(100, 9, "x").tolist()


def test_a_draw_does_not_depend_on_earlier_draws() -> None:
    first = LOTTERY.permutation(9, "order").tolist()
    LOTTERY.permutation(100, "other")

    assert LOTTERY.permutation(9, "order").tolist() == first


def test_the_fingerprint_does_not_give_the_key_away() -> None:
    """Who knows the fingerprint can't draw: it is a keyed digest of its own."""
    guess = Lottery(bytes.fromhex(LOTTERY.fingerprint), "challenge iris")

    assert guess.permutation(20, "order").tolist() != LOTTERY.permutation(20, "order").tolist()


# --- uniformity -----------------------------------------------------------------------------------


def is_uniform(outcomes: Iterable[Hashable], n_possible: int) -> bool:
    counts = Counter(outcomes)
    observed = [*counts.values(), *([0] * (n_possible - len(counts)))]
    return len(counts) == n_possible and stats.chisquare(observed).pvalue > 1e-3


def test_permutations_are_uniform() -> None:
    drawn = (tuple(LOTTERY.permutation(4, "p", str(i)).tolist()) for i in range(4000))

    assert is_uniform(drawn, 24)


@pytest.mark.parametrize(("n", "k"), [(6, 2), (5, 3)], ids=["by rejection", "by permutation"])
def test_samples_are_uniform_in_choice_and_order(n: int, k: int) -> None:
    drawn = (tuple(LOTTERY.sample(n, k, "s", str(i)).tolist()) for i in range(4000))

    assert is_uniform(drawn, len(list(itertools.permutations(range(n), k))))


def test_every_record_is_as_likely_to_be_in_a_pool() -> None:
    chosen = (
        int(row) for i in range(1500) for row in LOTTERY.partition(10, (3, 7), "pools", str(i))[0]
    )

    assert is_uniform(chosen, 10)


# --- shape and cost -------------------------------------------------------------------------------


@given(st.integers(0, 300), st.data())
def test_samples_are_distinct_and_in_range(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n))

    drawn = LOTTERY.sample(n, k, "s")

    assert drawn.shape == (k,)
    assert drawn.dtype == np.int64
    assert len(set(drawn.tolist())) == k
    assert set(drawn.tolist()) <= set(range(n))


@given(st.lists(st.integers(0, 20), min_size=1, max_size=5))
def test_pools_are_disjoint_and_cover_everything(sizes: list[int]) -> None:
    pools = LOTTERY.partition(sum(sizes), tuple(sizes), "pools")

    assert [len(pool) for pool in pools] == sizes
    assert sorted(itertools.chain(*(pool.tolist() for pool in pools))) == list(range(sum(sizes)))


@pytest.mark.timed
def test_a_sample_costs_what_is_drawn_and_not_what_there_is() -> None:
    tracemalloc.start()
    began = time.process_time()
    LOTTERY.sample(10**15, 1000, "s")
    seconds = time.process_time() - began
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak_bytes < 500_000
    assert seconds < 0.1


@pytest.mark.parametrize(("n", "k"), [(3, 4), (3, -1), (0, 1)])
def test_impossible_samples_are_refused(n: int, k: int) -> None:
    with pytest.raises(ValueError, match=f"cannot draw {k} of {n}"):
        LOTTERY.sample(n, k, "s")


@pytest.mark.parametrize("sizes", [(1, 1), (4, -1), ()])
def test_impossible_pools_are_refused(sizes: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="must be non-negative and add up to 3"):
        LOTTERY.partition(3, sizes, "pools")


def test_short_secrets_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 16 bytes, got 15"):
        Lottery(bytes(15), "x")
