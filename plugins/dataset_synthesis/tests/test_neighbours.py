"""Exact nearest neighbours, by whatever engine."""

from importlib.util import find_spec

import numpy as np
import pytest
from anomed_dataset_synthesis.neighbours import _numpy_search, fit_space, nearest
from anomed_dataset_synthesis.neighbours import search as search_module
from anomed_dataset_synthesis.table.canonical import CanonicalTable
from anomed_dataset_synthesis.table.codebook import CategoryColumn, Codebook, NumericColumn
from hypothesis import given
from hypothesis import strategies as st

BOOK = Codebook(
    (
        NumericColumn(name="a", minimum=0, maximum=8, nullable=True),
        CategoryColumn(name="b", categories=("x", "y", "z"), nullable=True),
        NumericColumn(name="c", minimum=0, maximum=8, nullable=True),
    )
)
ENGINES = [
    "numpy",
    pytest.param(
        "numba",
        marks=pytest.mark.skipif(
            find_spec("numba") is None, reason="the extra 'fast' is not installed"
        ),
    ),
]


def gower(query, reference, background):
    """Compute the distance from its definition, one cell after the other."""
    total = 0.0
    for place, (mine, other) in enumerate(zip(query, reference, strict=True)):
        if -1 in (mine, other) or place == 1:
            total += float(mine != other)
            continue
        known = background[background[:, place] >= 0, place]
        low, span = (known.min(), max(1.0, float(np.ptp(known)))) if len(known) else (0, 1.0)
        apart = np.ptp(np.clip([mine, other], low - span, low + 2 * span))
        total += min(1.0, float(apart) / span)
    return total / len(query)


def random_table(seed, n_records, n_levels=9):
    rng = np.random.default_rng(seed)
    levels = np.column_stack(
        [
            rng.integers(-1, n_levels, n_records),
            rng.integers(-1, 3, n_records),
            rng.integers(-1, n_levels, n_records),
        ]
    )
    return CanonicalTable(codebook=BOOK, levels=levels)


@pytest.mark.parametrize("engine", ENGINES)
@given(
    seed=st.integers(0, 2**32),
    sizes=st.tuples(*[st.integers(1, 9)] * 3),
    n_levels=st.integers(1, 9),
    n_neighbours=st.integers(1, 9),
)
def test_distances_agree_with_the_definition(engine, seed, sizes, n_levels, n_neighbours):
    n_queries, n_references, n_background = sizes
    queries = random_table(seed, n_queries)
    references = random_table(seed + 1, n_references)
    background = random_table(seed + 2, n_background, n_levels=n_levels)
    space = fit_space(background)
    k = min(n_neighbours, n_references)
    found = nearest(space.points(queries), space.points(references), n_neighbours=k, engine=engine)
    for query, distances, places in zip(queries.levels, found.distances, found.places, strict=True):
        every = np.array([gower(query, other, background.levels) for other in references.levels])
        assert distances == pytest.approx(np.sort(every)[:k], abs=1e-6)
        assert every[places] == pytest.approx(distances, abs=1e-6)
        assert len(set(places.tolist())) == k


@pytest.mark.parametrize("engine", ENGINES)
def test_of_equally_near_references_the_first_is_found(engine):
    references = random_table(1, 400)
    tied = references.take(np.tile(np.arange(400), 3))
    space = fit_space(references)
    found = nearest(space.points(references), space.points(tied), n_neighbours=3, engine=engine)
    every = [
        [gower(query, other, references.levels) for other in tied.levels]
        for query in references.levels[:12]
    ]
    expected = np.argsort(np.round(every, 6), axis=1, kind="stable")[:, :3]
    assert np.array_equal(found.places[:12], expected)


@pytest.mark.skipif(find_spec("numba") is None, reason="the extra 'fast' is not installed")
@pytest.mark.parametrize("n_neighbours", [1, 2, 7])
def test_the_engines_agree_to_the_bit(real, n_neighbours):
    space = fit_space(real.background)
    queries, references = space.points(real.non_members), space.points(real.training)
    first, second = (
        nearest(queries, references, n_neighbours=n_neighbours, engine=engine)
        for engine in ("numpy", "numba")
    )
    assert np.array_equal(first.distances, second.distances)
    assert np.array_equal(first.places, second.places)


@pytest.mark.parametrize("engine", ENGINES)
def test_more_references_than_one_block_are_searched(engine, monkeypatch):
    monkeypatch.setattr(_numpy_search, "_BLOCK_REFERENCES", 50)
    table = random_table(2, 333)
    space = fit_space(table)
    found = nearest(space.points(table), space.points(table), n_neighbours=60, engine=engine)
    assert (found.distances[:, 0] == 0).all()
    assert (np.diff(found.distances, axis=1) >= 0).all()
    assert all(len(set(places)) == 60 for places in found.places.tolist())


@pytest.mark.parametrize("columns", [("a",), ("b",), ("b", "c")])
@pytest.mark.parametrize("engine", ENGINES)
def test_only_the_chosen_columns_count(engine, columns):
    table = random_table(3, 60)
    space = fit_space(table, columns=columns)
    found = nearest(space.points(table), space.points(table), n_neighbours=2, engine=engine)
    places = [BOOK.position(name) for name in columns]
    twin = table.levels[found.places[:, 1]][:, places]
    same = (twin == table.levels[:, places]).all(axis=1)
    assert np.array_equal(found.distances[:, 1] == 0, same)


def test_progress_is_told_up_to_the_end():
    table = random_table(4, 100)
    space = fit_space(table)
    for engine in ("numpy", "auto"):
        shares: list[float] = []
        nearest(space.points(table), space.points(table), engine=engine, progress=shares.append)
        assert shares == sorted(shares)
        assert shares[-1] == 1.0


def test_the_unit_leaves_room_for_the_sum_over_all_columns():
    many = Codebook(tuple(NumericColumn(name=str(n), minimum=0, maximum=1) for n in range(500)))
    rows = CanonicalTable(codebook=many, levels=np.array([[0] * 500, [1] * 500]))
    space = fit_space(rows)
    points = space.points(rows)
    for engine in ("numpy", "auto"):
        found = nearest(points, points, n_neighbours=2, engine=engine)
        assert found.distances.tolist() == [[0, 1], [0, 1]]


def test_what_cannot_be_searched_is_refused():
    table = random_table(5, 10)
    space, part = fit_space(table), fit_space(table, columns=("a",))
    with pytest.raises(ValueError, match="give 1 up to the number"):
        nearest(space.points(table), space.points(table), n_neighbours=11)
    with pytest.raises(ValueError, match="different spaces"):
        nearest(space.points(table), part.points(table))
    with pytest.raises(ValueError, match="no columns"):
        fit_space(table, columns=())
    with pytest.raises(ValueError, match="no column 'd'"):
        fit_space(table, columns=("d",))


def test_without_numba_numpy_searches_and_numba_is_refused_by_name(monkeypatch):
    monkeypatch.setattr(search_module, "find_spec", lambda name: None)
    table = random_table(6, 10)
    points = fit_space(table).points(table)
    assert (nearest(points, points).distances == 0).all()
    with pytest.raises(ValueError, match="'numba' is not installed"):
        nearest(points, points, engine="numba")
