import itertools
import json

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_anonymization.anonymizers import (
    Datafly,
    FullDomain,
    LeveledColumn,
    OptimalRecoding,
    find_datafly_levels,
    find_optimal_levels,
)
from anomed_dataset_anonymization.schema import Bounds, Column, TableSchema
from anomed_dataset_anonymization.schema.hierarchies import parse_hierarchy, read_hierarchy
from anomed_dataset_anonymization.schemes import canonicalise
from hypothesis import given
from hypothesis import strategies as st

ARX_COLUMNS = [
    "sex",
    "age",
    "race",
    "marital-status",
    "education",
    "native-country",
    "workclass",
    "salary-class",
]


def as_column(cells, hierarchy):
    """Level a column with the share of the other leaves in its group as its loss."""
    positions = {value: place for place, value in enumerate(hierarchy.values)}
    groups = hierarchy.groups
    sizes = np.stack([np.bincount(level)[level] for level in groups.T], axis=1)
    return LeveledColumn(
        leaves=np.array([positions[str(cell)] for cell in cells]),
        groups=groups,
        losses=(sizes - 1) / max(len(groups) - 1, 1),
    )


@pytest.fixture(scope="session")
def arx_adult(public_tables):
    folder = public_tables / "anonymization"
    table = pd.read_csv(folder / "arx_adult.csv.gz", sep=";")
    return FullDomain.of(
        [
            as_column(
                table[name],
                read_hierarchy(folder / "arx_hierarchies" / f"adult_hierarchy_{name}.csv"),
            )
            for name in ARX_COLUMNS
        ]
    )


@pytest.fixture(scope="session")
def arx_reference(public_tables):
    path = public_tables / "anonymization" / "arx_adult_utility_reference.json"
    return json.loads(path.read_text())


@pytest.mark.parametrize(
    ("metric", "monotone"),
    [
        ("createAECSMetric", ""),
        ("createDiscernabilityMetric", "false"),
        ("createDiscernabilityMetric", "true"),
    ],
)
def test_classes_at_a_node_are_those_of_arx(arx_adult, arx_reference, metric, monotone):
    # ARX, src/test/org/deidentifier/arx/test/TestUtilityMetrics.java: KAnonymity(5), 20 nodes each.
    vectors = [
        (tuple(map(int, node.split(","))), float(value))
        for _, name, flag, pairs in arx_reference
        for node, value in pairs
        if (name, flag) == (metric, monotone)
    ]
    assert len(vectors) == 20
    for node, value in vectors:
        sizes, weights = arx_adult.class_sizes(node), arx_adult.weights
        kept = sizes >= 5
        n_suppressed = arx_adult.count_suppressed(node, k=5)
        if metric == "createAECSMetric":
            n_classes = round((weights[kept] / sizes[kept]).sum()) + (n_suppressed > 0)
            ours = arx_adult.n_records / n_classes
        elif monotone == "true":
            ours = (weights * sizes).sum()
        else:
            ours = (weights * sizes)[kept].sum() + n_suppressed * arx_adult.n_records
        assert ours == pytest.approx(value, rel=1e-9)


def test_anjana_suppresses_the_same_records_at_the_same_node(adult, public_tables):
    # anjana 1.2.3, k_anonymity(k=10, supp_level=50): transformation [1, 0, 0, 0, 0, 0], 14,234
    # rows suppressed (its README says 43.715 %), 644 classes, discernibility 464396657.
    folder = public_tables / "anonymization" / "hierarchies"
    names = ["age", "education", "marital-status", "occupation", "sex", "native-country"]
    files = {"age": "age", "education": "education", "occupation": "occupation", "sex": "sex"}
    files |= {"native-country": "country", "marital-status": "marital"}
    hierarchies = {name: read_hierarchy(folder / f"{file}.csv") for name, file in files.items()}
    domain = FullDomain.of([as_column(adult[name], hierarchies[name]) for name in names])
    node = (1, 0, 0, 0, 0, 0)
    sizes, weights = domain.class_sizes(node), domain.weights
    kept = sizes >= 10
    assert domain.count_suppressed(node, k=10) == 14_234
    assert round((weights[kept] / sizes[kept]).sum()) == 644
    assert (weights * sizes)[kept].sum() + 14_234 * domain.n_records == 464_396_657
    assert domain.kept(node, k=10).sum() == domain.n_records - 14_234


def find_by_exhaustion(domain, k, suppression_limit):
    return min(
        domain.loss(node, k=k)
        for node in itertools.product(*(range(level + 1) for level in domain.top))
        if domain.count_suppressed(node, k=k) <= suppression_limit * domain.n_records
    )


@pytest.mark.slow
@pytest.mark.parametrize(("k", "suppression_limit"), [(2, 0.0), (5, 0.05)])
def test_the_optimum_of_adult_is_the_best_of_all_4320_nodes(arx_adult, k, suppression_limit):
    node = find_optimal_levels(arx_adult, k, suppression_limit=suppression_limit)
    best = find_by_exhaustion(arx_adult, k, suppression_limit)
    assert arx_adult.loss(node, k=k) == pytest.approx(best, rel=1e-12)


def test_the_optima_of_adult(arx_adult):
    # Found by exhaustion over all nodes, see the slow test above.
    assert find_optimal_levels(arx_adult, 2) == (0, 4, 1, 1, 3, 2, 0, 0)
    assert find_optimal_levels(arx_adult, 5, suppression_limit=0.05) == (0, 3, 0, 0, 2, 1, 1, 0)


@st.composite
def hierarchies(draw):
    n_values = draw(st.integers(1, 6))
    rows = [[str(value)] for value in range(n_values)]
    for _ in range(draw(st.integers(0, 2))):
        merged = {row[-1]: str(draw(st.integers(0, 3))) for row in rows}
        rows = [[*row, merged[row[-1]]] for row in rows]
    return parse_hierarchy("\n".join(";".join([*row, "*"]) for row in rows))


@st.composite
def domains(draw):
    ladders = draw(st.lists(hierarchies(), min_size=1, max_size=4))
    n_records = draw(st.integers(1, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    return FullDomain.of(
        [as_column(rng.choice(ladder.values, n_records), ladder) for ladder in ladders]
    )


@given(domain=domains(), k=st.integers(1, 10), suppression_limit=st.sampled_from([0, 0.1, 0.5, 1]))
def test_the_optimum_is_the_best_of_all_nodes(domain, k, suppression_limit):
    k = min(k, domain.n_records)
    node = find_optimal_levels(domain, k, suppression_limit=suppression_limit)
    best = find_by_exhaustion(domain, k, suppression_limit)
    assert domain.loss(node, k=k) == pytest.approx(best, abs=1e-12)
    assert domain.count_suppressed(node, k=k) <= suppression_limit * domain.n_records


@given(domain=domains(), k=st.integers(1, 10), suppression_limit=st.sampled_from([0, 0.1, 0.5]))
def test_datafly_keeps_the_limit_and_is_no_better_than_the_optimum(domain, k, suppression_limit):
    k = min(k, domain.n_records)
    node = find_datafly_levels(domain, k, suppression_limit=suppression_limit)
    assert domain.count_suppressed(node, k=k) <= suppression_limit * domain.n_records
    optimum = find_optimal_levels(domain, k, suppression_limit=suppression_limit)
    assert domain.loss(node, k=k) >= domain.loss(optimum, k=k) - 1e-12


@given(domain=domains())
def test_class_sizes_are_those_of_a_group_by(domain):
    node = tuple(level // 2 for level in domain.top)
    cells = pd.DataFrame(
        {
            place: column.groups[column.leaves, level]
            for place, (column, level) in enumerate(zip(domain.columns, node, strict=True))
        }
    )
    sizes = cells.groupby(list(cells)).transform("size") if len(node) > 1 else None
    expected = cells.groupby(list(cells))[0].transform("size") if sizes is None else sizes
    assert (domain.class_sizes(node)[domain.kinds] == expected.to_numpy()).all()


def test_datafly_generalizes_the_most_varied_column():
    ages = parse_hierarchy("20;20-29;*\n25;20-29;*\n30;30-39;*\n35;30-39;*\n")
    sexes = parse_hierarchy("F;*\nM;*\n")
    domain = FullDomain.of(
        [as_column(["F", "M"] * 4, sexes), as_column([20, 20, 25, 25, 30, 30, 35, 35], ages)]
    )
    assert find_datafly_levels(domain, 2) == (0, 1)
    # With two values each, the first column is taken.
    assert find_datafly_levels(domain, 3) == (1, 1)


def test_many_columns_of_many_values_do_not_overflow():
    rng = np.random.default_rng(5)
    groups = np.stack([np.arange(1000), np.zeros(1000, dtype=np.int64)], axis=1)
    losses = np.array([[0.0, 1.0]] * 1000)
    leaves = rng.integers(0, 1000, size=(12, 50))
    doubled = np.concatenate([leaves, leaves], axis=1)
    domain = FullDomain.of(
        [LeveledColumn(leaves=column, groups=groups, losses=losses) for column in doubled]
    )
    assert domain.class_sizes((0,) * 12).tolist() == [2] * 50


def test_columns_of_different_lengths_are_refused():
    sexes = parse_hierarchy("F;*\nM;*\n")
    with pytest.raises(ValueError, match=r"same number of records, at least one, got \[2, 1\]"):
        FullDomain.of([as_column("FM", sexes), as_column("F", sexes)])


@pytest.mark.parametrize("find", [find_datafly_levels, find_optimal_levels])
@pytest.mark.parametrize("k", [0, 3])
def test_an_impossible_k_is_refused(find, k):
    domain = FullDomain.of([as_column("FM", parse_hierarchy("F;*\nM;*\n"))])
    with pytest.raises(ValueError, match=rf"k must lie between 1 and the 2 records, got {k}\."):
        find(domain, k)


def test_a_lattice_too_large_to_search_is_refused():
    column = as_column("FM", parse_hierarchy("F;*\nM;*\n"))
    with pytest.raises(ValueError, match=r"lattice has 2,097,152 nodes, at most 2,000,000"):
        find_optimal_levels(FullDomain.of([column] * 21), 1)


AGES = Column(name="age", kind="cardinal", dtype="int64", domain=Bounds(low=0, high=99), role="qi")
TRIAGE = Column(
    name="triage", kind="ordinal", dtype="string", domain=["green", "yellow", "red"], role="qi"
)
WARD = Column(name="ward", kind="nominal", dtype="string", domain=["ear", "eye", "knee"], role="qi")
SCHEMA = TableSchema(columns=[AGES, TRIAGE, WARD])
HIERARCHIES = {
    "age": parse_hierarchy("\n".join(f"{age};{age // 10};{age // 50};*" for age in range(100))),
    "triage": parse_hierarchy("red;urgent;*\nyellow;urgent;*\ngreen;calm;*"),
    "ward": parse_hierarchy("ear;head;*\neye;head;*\nknee;leg;*"),
}


def test_groups_are_published_as_ranges_and_sets(rng):
    table = pd.DataFrame(
        {
            "age": [11, 12, 44, 45],
            "triage": ["red", "yellow", "green", "green"],
            "ward": ["ear", "eye", "knee", "knee"],
        },
        index=[7, 5, 3, 1],
    )
    published = OptimalRecoding(k=2, hierarchies=HIERARCHIES).anonymize(table, SCHEMA, rng=rng)
    assert published.reset_index().to_dict(orient="list") == {
        "index": [7, 5, 3, 1],
        "age_min": [10, 10, 40, 40],
        "age_max": [19, 19, 49, 49],
        "triage_min": ["yellow", "yellow", "green", "green"],
        "triage_max": ["red", "red", "green", "green"],
        "ward_ear": [True, True, False, False],
        "ward_eye": [True, True, False, False],
        "ward_knee": [False, False, True, True],
    }


def test_suppressed_people_are_left_out(rng):
    table = pd.DataFrame({"age": [11, 12, 13, 99], "triage": "red", "ward": "ear"})
    published = Datafly(k=3, suppression_limit=0.25, hierarchies=HIERARCHIES).anonymize(
        table, SCHEMA, rng=rng
    )
    assert published.index.tolist() == [0, 1, 2]


@pytest.mark.parametrize("method", [Datafly, OptimalRecoding])
@pytest.mark.parametrize("hierarchies", [HIERARCHIES, {}])
def test_nulls_are_values_and_are_published_as_the_whole_domain(method, hierarchies, rng):
    ages = pd.array([11, 12, None, None], dtype="Int64")
    table = pd.DataFrame({"age": ages, "triage": "red", "ward": [None, "eye", "eye", None]})
    published = method(k=2, suppression_limit=0, hierarchies=hierarchies).anonymize(
        table, SCHEMA, rng=rng
    )
    assert published.loc[2:, "age_min"].tolist() == [0, 0]
    assert published.loc[2:, "age_max"].tolist() == [99, 99]
    assert published.loc[[0, 3]].filter(like="ward").all(axis=None)


@pytest.mark.parametrize("method", [Datafly, OptimalRecoding])
def test_columns_without_any_value_are_published_as_the_whole_domain(method, rng):
    table = pd.DataFrame(
        {"age": pd.array([None, None], dtype="Int64"), "triage": None, "ward": None}
    )
    published = method(k=2).anonymize(table, SCHEMA, rng=rng)
    assert published["age_max"].tolist() == [99, 99]
    assert published["triage_min"].tolist() == ["green", "green"]
    assert published.filter(like="ward").all(axis=None)


@pytest.mark.parametrize("method", [Datafly, OptimalRecoding])
def test_a_published_register_is_k_anonymous_and_covers_its_people(method, register, schema, rng):
    published = method(k=5).anonymize(register, schema, rng=rng)
    canonical = canonicalise(published, "generalization", schema=schema, leaky=register)
    names = [column.name for column in schema.quasi_identifiers]
    assert np.bincount(canonical.labels(names)).min() >= 5
    people = register.loc[published.index]
    assert len(people) >= 0.99 * len(register)
    assert (published["age_min"] <= people["age"]).all()
    assert (published["age_max"] >= people["age"]).all()
    for region in schema["region"].values:
        assert published.loc[people["region"] == region, f"region_{region}"].all()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"ward": parse_hierarchy("ear;*\neye;*")}, r"column 'ward' lacks the value 'knee'; it"),
        ({"age": parse_hierarchy("11;*\n12;*")}, r"column 'age' lacks the value 44 and 1 more; it"),
        ({"age": parse_hierarchy("old;*\n12;*")}, r"column 'age' has values that are no numbers"),
        ({"sex": parse_hierarchy("F;*")}, r"there are hierarchies for \['sex'\], but"),
    ],
)
def test_hierarchies_that_do_not_fit_the_table_are_refused(change, complaint, rng):
    table = pd.DataFrame({"age": [11, 12, 44, 45], "triage": "red", "ward": "knee"})
    with pytest.raises(ValueError, match=complaint):
        Datafly(k=2, hierarchies=HIERARCHIES | change).anonymize(table, SCHEMA, rng=rng)


@pytest.mark.parametrize("limit", [-0.1, 1.5, "all", True])
def test_a_limit_that_is_no_share_is_refused(limit):
    with pytest.raises(ValueError, match=r"suppression_limit must be a number from 0 to 1, got"):
        Datafly(suppression_limit=limit)


def test_a_schema_without_quasi_identifiers_is_refused(rng):
    schema = TableSchema(columns=[Column(name="x", kind="nominal", dtype="string", domain=["a"])])
    with pytest.raises(ValueError, match=r"none of the columns \['x'\] is a quasi-identifier"):
        Datafly().anonymize(pd.DataFrame({"x": ["a"]}), schema, rng=rng)


@pytest.mark.parametrize("line", ["", ";;*\n", "NULL;NULL;*\n"])
def test_a_hierarchy_may_have_a_line_for_nothing(rng, line):
    ages = parse_hierarchy(line + "\n".join(f"{age};{age // 10};*" for age in range(100)))
    table = pd.DataFrame({"age": [None, 11, 99]})
    published = Datafly(k=1, hierarchies={"age": ages}).anonymize(
        table, TableSchema(columns=[AGES]), rng=rng
    )
    assert published["age_min"].tolist() == [0, 11, 99]
    assert published["age_max"].tolist() == [99, 11, 99]
