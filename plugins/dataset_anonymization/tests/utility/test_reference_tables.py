"""Published tools' numbers on public tables.

ARX 3.9.2 on `data/adult.csv`: the pairs of transformation and value that its unit test
`TestUtilityMetrics` holds for 5-anonymity with suppression, read from `ANOMED_TEST_DATA`.

anjana 1.2.3 on pycanon's raw Adult: the figures of `anjana.anonymity.k_anonymity(data, ident,
quasi_ident, k=10, supp_level=50, hierarchies)`, which chose the transformation [1, 0, 0, 0, 0, 0].

pycanon 1.3.6 on the tables it ships: `pycanon.utility.discernability_metric` and
`average_ecsize(..., sup=True)`. Its classification metric ignores ties; the number here is the
definition's, worked out with pandas.

Mondrian: the normalised certainty penalty in per cent of the partitions of qiyuangong/Mondrian
(commit 49d49cf) on the 30,162 complete rows of adult.data, names counted as sets.
"""

import functools
import itertools
import json

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_anonymization.anonymizers import mondrian_partition
from anomed_dataset_anonymization.privacy import (
    classes_of_codes,
    codes_of,
    contingency,
    equivalence_classes,
)
from anomed_dataset_anonymization.utility import (
    Boxes,
    Intervals,
    ValueMasses,
    average_class_size,
    classification_metric,
    discernibility,
    gcp,
    non_uniform_entropy,
)

ARX_COLUMNS = ["sex", "age", "race", "marital-status", "education", "native-country"]
ARX_COLUMNS += ["workclass", "salary-class"]
PYCANON_COLUMNS = ["age", "education", "occupation", "relationship", "sex", "native-country"]
MONDRIAN_COLUMNS = ["age", "workclass", "education-num", "marital-status", "occupation", "race"]
MONDRIAN_COLUMNS += ["sex", "native-country"]
N_ADULT = 32_561


class ArxAdult:
    """ARX's table under a transformation, its classes below five suppressed."""

    def __init__(self, folder):
        self.table = pd.read_csv(folder / "arx_adult.csv.gz", sep=";", dtype=str)[ARX_COLUMNS]
        self.hierarchies = {
            name: pd.read_csv(
                folder / "arx_hierarchies" / f"adult_hierarchy_{name}.csv",
                sep=";",
                header=None,
                dtype=str,
            ).set_index(0, drop=False)
            for name in ARX_COLUMNS
        }

    @functools.cache  # noqa: B019 - one instance lives as long as the tests
    def recode_column(self, name, level):
        """Recode one column; categories make the many recodings quick."""
        groups = self.hierarchies[name][level]
        return self.table[name].map(groups).astype("category")

    def recode(self, levels):
        """Recode each column to its level, without suppression."""
        return pd.DataFrame(
            {
                name: self.recode_column(name, int(level))
                for name, level in zip(ARX_COLUMNS, levels.split(","), strict=True)
            }
        )

    def suppress(self, recoded):
        """Blank the records of classes below five."""
        classes = equivalence_classes(recoded)
        small = (classes.sizes < 5)[classes.class_of_row]
        return recoded.mask(pd.Series(small))

    def boxes(self, levels):
        """View the suppressed table as sets of original values."""
        suppressed = self.suppress(self.recode(levels))
        columns = {}
        for name, level in zip(ARX_COLUMNS, levels.split(","), strict=True):
            groups = self.hierarchies[name][int(level)]
            distinct = suppressed[name].unique()
            members = np.array(
                [
                    np.ones(len(groups), bool) if pd.isna(value) else groups == value
                    for value in distinct
                ]
            )
            positions = pd.Index(distinct).get_indexer(suppressed[name])
            columns[name] = ValueMasses.from_sets(members[positions])
        return Boxes(columns=columns, counts=np.ones(len(suppressed), dtype=np.int64))


@pytest.fixture(scope="module")
def arx(public_tables):
    return ArxAdult(public_tables / "anonymization")


@pytest.fixture(scope="module")
def vectors(public_tables):
    """Give the pairs of transformation and value of one ARX metric."""
    text = (public_tables / "anonymization" / "arx_adult_utility_reference.json").read_text()

    def of_metric(name, parameter):
        return [
            pair
            for _, metric, option, pairs in json.loads(text)
            if (metric, option) == (name, parameter)
            for pair in pairs
        ]

    return of_metric


def test_arx_average_class_size(arx, vectors):
    """The suppressed records count as one class."""
    pairs = vectors("createAECSMetric", "")
    assert len(pairs) == 20
    for levels, expected in pairs:
        classes = equivalence_classes(arx.suppress(arx.recode(levels)))
        assert average_class_size(classes, 1) == pytest.approx(float(expected), rel=1e-12)


def test_arx_discernibility_with_suppression(arx, vectors):
    pairs = vectors("createDiscernabilityMetric", "false")
    assert len(pairs) == 20
    for levels, expected in pairs:
        suppressed = arx.suppress(arx.recode(levels))
        kept = equivalence_classes(suppressed.dropna())
        n_suppressed = len(suppressed) - kept.n_records
        assert discernibility(kept, n_suppressed) == float(expected)


def test_arx_discernibility_of_the_recoding_alone(arx, vectors):
    pairs = vectors("createDiscernabilityMetric", "true")
    assert len(pairs) == 20
    for levels, expected in pairs:
        assert discernibility(equivalence_classes(arx.recode(levels))) == float(expected)


@pytest.mark.parametrize("parameter", ["", "false"])
def test_arx_non_uniform_entropy(arx, vectors, parameter):
    """Recoding and suppression, one after the other, lose the sum of their losses."""

    def codes(table):
        return [codes_of(table[name]) for name in ARX_COLUMNS]

    pairs = vectors("createEntropyMetric", parameter)
    assert len(pairs) == 20
    original = codes(arx.table)
    for levels, expected in pairs:
        recoded = arx.recode(levels)
        steps = original, codes(recoded), codes(arx.suppress(recoded))
        lost = sum(
            non_uniform_entropy(before, after).bits for before, after in itertools.pairwise(steps)
        )
        assert lost == pytest.approx(float(expected), rel=1e-12)


def test_arx_loss(arx, vectors):
    """Its vectors are sorted, and printed to ten digits."""
    pairs = vectors("createLossMetric", "AggregateFunction.RANK")
    assert len(pairs) == 18
    for levels, expected in pairs:
        table = arx.boxes(levels)
        costs = sorted((gcp(table.select([name])) for name in table.columns), reverse=True)
        assert costs == pytest.approx(json.loads(expected), abs=5e-10)


def test_anjana_on_adult(public_tables):
    folder = public_tables / "anonymization"
    names = ["age", "education", "marital-status", "occupation", "sex", "native-country"]
    table = pd.read_csv(folder / "adult_pycanon_raw.csv.gz")[names]
    ages = pd.read_csv(folder / "hierarchies" / "age.csv", header=None, index_col=0)
    recoded = table.assign(age=table["age"].map(ages[1]))
    classes = equivalence_classes(recoded)
    kept = equivalence_classes(recoded[(classes.sizes >= 10)[classes.class_of_row]])
    n_suppressed = N_ADULT - kept.n_records
    assert n_suppressed == 14_234
    assert kept.n_classes == 644
    assert discernibility(kept, n_suppressed) == 464_396_657
    assert average_class_size(kept, 10) == pytest.approx(2.8458, abs=5e-5)


@pytest.mark.parametrize(
    ("name", "k", "expected_discernibility", "expected_size"),
    [
        ("adult_pycanon_raw", 1, 212745, 2.1573577154972505),
        ("adult_pycanon_anonymized_3", 3, 467705021, 2.138761602631888),
        ("adult_pycanon_anonymized_10", 10, 822562643, 1.5807359307359308),
        ("adult_pycanon_anonymized_20", 20, 981231391, 1.3640449438202247),
        ("pycanon_adult_k3_anonymized_l2", 3, 741241967, 2.514754939697203),
        ("pycanon_adult_k10_anonymized_l2", 10, 898321849, 1.5894568690095847),
        ("pycanon_adult_k20_anonymized_l2", 20, 1007290211, 1.3788135593220339),
    ],
)
def test_pycanon_class_sizes(public_tables, name, k, expected_discernibility, expected_size):
    table = pd.read_csv(public_tables / "anonymization" / f"{name}.csv.gz")[PYCANON_COLUMNS]
    kept = equivalence_classes(table[(table != "*").all(axis=1)])
    assert discernibility(kept, N_ADULT - kept.n_records) == expected_discernibility
    assert average_class_size(kept, k) == expected_size


def test_the_classification_metric_of_raw_adult(public_tables):
    table = pd.read_csv(public_tables / "anonymization" / "adult_pycanon_raw.csv.gz")
    labels = contingency(equivalence_classes(table[PYCANON_COLUMNS]), table["salary-class"])
    assert classification_metric(labels) == pytest.approx(0.10266883695218205, rel=1e-14)


@pytest.mark.parametrize(
    ("k", "n_parts", "expected_discernibility", "ncp_percent"),
    [
        (5, 3271, 502940, 7.3079),
        (10, 1795, 673672, 9.9866),
        (25, 776, 1290052, 14.4872),
        (50, 402, 2405520, 18.5625),
        (100, 205, 4654210, 24.7288),
    ],
)
def test_mondrian_on_adult(public_tables, k, n_parts, expected_discernibility, ncp_percent):
    table = pd.read_csv(public_tables / "adult.data.gz", header=None, skipinitialspace=True)
    table = table[(table != "?").all(axis=1)][[0, 1, 4, 5, 6, 8, 9, 13]]
    points = np.stack(
        [
            column.to_numpy() if column.dtype == np.int64 else pd.factorize(column)[0]
            for _, column in table.items()
        ],
        axis=1,
    ).astype(np.float64)
    parts = mondrian_partition(points, k)
    classes = classes_of_codes([codes_of(parts)], n_rows=len(parts))
    assert classes.n_classes == n_parts
    assert discernibility(classes) == expected_discernibility
    columns = {}
    for name, values in zip(MONDRIAN_COLUMNS, points.T, strict=True):
        if name in {"age", "education-num"}:
            ends = pd.Series(values).groupby(parts)
            columns[name] = Intervals.from_rows(
                ends.transform("min"),
                ends.transform("max"),
                domain=(values.min(), values.max()),
                step=1,
            )
        else:
            members = np.zeros((n_parts, int(values.max()) + 1), dtype=bool)
            members[parts, values.astype(int)] = True
            columns[name] = ValueMasses.from_sets(members[parts])
    boxes = Boxes(columns=columns, counts=np.ones(len(parts), dtype=np.int64))
    assert 100 * gcp(boxes) == pytest.approx(ncp_percent, abs=5e-5)
