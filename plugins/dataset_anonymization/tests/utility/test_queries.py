import itertools

import numpy as np
import pytest
from anomed_dataset_anonymization.utility import CountQuery, answer, draw_workload, query_error
from hypothesis import given
from hypothesis import strategies as st

RED_OR_BLUE = np.array([True, True, False, False])


def mass_by_hand(query, ages, colours):
    """Spread each row over the points of its box and count those that qualify."""
    low, high = query.conditions.get("age", (0, 9))
    asked = query.conditions.get("colour", np.ones(4, dtype=bool))
    total = 0.0
    for (first, last), colour_set in zip(ages, colours, strict=True):
        points = list(itertools.product(range(first, last + 1), colour_set))
        total += sum(low <= age <= high and asked[colour] for age, colour in points) / len(points)
    return total


def test_a_hand_worked_answer(boxes):
    table = boxes([(0, 3), (2, 2)], [{0, 2}, {1}], counts=[10, 5])
    query = CountQuery(conditions={"age": (2.0, 8.0), "colour": RED_OR_BLUE})
    assert answer([query], table) == pytest.approx([10 * 0.5 * 0.5 + 5])


@given(data=st.data(), seed=st.integers(0, 100))
def test_answers_spread_mass_evenly_over_each_box(boxes, random_rows, random_people, data, seed):
    ages, colours = zip(*data.draw(random_rows), strict=True)
    people = boxes(*zip(*data.draw(random_people), strict=True))
    queries = draw_workload(people, np.random.default_rng(seed), n_queries=5, n_conditions=2)
    expected = [mass_by_hand(query, ages, colours) for query in queries]
    assert answer(queries, boxes(ages, colours)) == pytest.approx(expected)


@given(data=st.data(), seed=st.integers(0, 100), n_conditions=st.integers(1, 3))
def test_no_query_is_empty_and_the_original_answers_all(
    boxes, random_people, data, seed, n_conditions
):
    people = boxes(*zip(*data.draw(random_people), strict=True))
    queries = draw_workload(
        people, np.random.default_rng(seed), n_queries=5, n_conditions=n_conditions
    )
    assert (answer(queries, people) >= 1).all()
    error = query_error(people, people, queries=queries)
    assert (error.median, error.mean, error.n_queries) == (0.0, 0.0, 5)


def test_ranges_cover_the_selectivity_asked_for(boxes):
    people = boxes([(4, 4)], [{0}]).select(["age"])
    rng = np.random.default_rng(0)
    queries = draw_workload(people, rng, n_queries=200, n_conditions=1, selectivity=0.34)
    widths = {high - low for low, high in (query.conditions["age"] for query in queries)}
    assert widths == {3.0}
    assert {query.conditions["age"][0] for query in queries} == {1.0, 2.0, 3.0, 4.0}


def test_the_workload_is_a_function_of_the_generator(boxes):
    people = boxes([(age, age) for age in range(10)], [{0}, {3}] * 5)
    draws = [
        answer(draw_workload(people, np.random.default_rng(seed), n_queries=50), people).tolist()
        for seed in (1, 1, 2)
    ]
    assert draws[0] == draws[1] != draws[2]


def test_boxes_are_worked_on_in_chunks(boxes, monkeypatch):
    people = boxes([(age, age) for age in range(10)], [{0}, {3}] * 5)
    queries = draw_workload(people, np.random.default_rng(0), n_queries=20)
    at_once = answer(queries, people)
    monkeypatch.setitem(answer.__globals__, "_CHUNK_NUMBERS", 60)
    assert answer(queries, people) == pytest.approx(at_once)


def test_small_counts_are_compared_with_a_thousandth_of_the_table(boxes):
    people = boxes([(0, 0), (9, 9)], [{0}, {0}], counts=[1, 9999])
    query = CountQuery(conditions={"age": (0.0, 0.0)})
    published = boxes([(0, 0), (9, 9)], [{0}, {0}], counts=[3, 9997])
    assert query_error(people, published, queries=[query]).median == pytest.approx(2 / 10)


def test_missing_rows_are_errors(boxes):
    people = boxes([(1, 1), (1, 1)], [{0}, {0}])
    half = boxes([(1, 1)], [{0}])
    query = CountQuery(conditions={"age": (0.0, 3.0)})
    assert query_error(people, half, queries=[query]).median == 0.5


@pytest.mark.parametrize(
    "settings", [{"n_queries": 0}, {"n_conditions": 0}, {"selectivity": 0}, {"selectivity": 1.5}]
)
def test_impossible_workloads_are_refused(boxes, settings):
    with pytest.raises(ValueError, match="expected two numbers from 1 and a share"):
        draw_workload(boxes([(1, 1)], [{0}]), np.random.default_rng(0), **settings)


def test_queries_that_do_not_fit_the_table_are_refused(boxes):
    table = boxes([(1, 1)], [{0}])
    with pytest.raises(ValueError, match="lacks the columns"):
        answer([CountQuery(conditions={"shoe": (1.0, 2.0)})], table)
    with pytest.raises(ValueError, match="asks for 2 values of column 'colour', which has 4"):
        answer([CountQuery(conditions={"colour": np.array([True, False])})], table)
    with pytest.raises(ValueError, match="0 queries"):
        query_error(table, table, queries=[])
