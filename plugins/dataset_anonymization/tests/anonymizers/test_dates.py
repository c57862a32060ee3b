"""A date is the number of its day: whatever is done with either, the same comes out."""

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_anonymization.anonymizers import ANONYMIZERS, create_anonymizer
from anomed_dataset_anonymization.privacy import k_anonymity, published_classes
from anomed_dataset_anonymization.schema import Bounds, TableSchema
from anomed_dataset_anonymization.schema.hierarchies import parse_hierarchy
from anomed_dataset_anonymization.schemes import canonicalise
from anomed_dataset_anonymization.utility import boxes_of_people, boxes_of_published, gcp

FIRST = pd.Timestamp("2020-01-01")
N_PEOPLE = 120


@pytest.fixture(scope="module")
def people():
    """The same people twice: born on dates, and on days since 1970."""
    rng = np.random.default_rng(5)
    dates = pd.DataFrame(
        {
            "born": FIRST + pd.to_timedelta(rng.integers(0, 400, N_PEOPLE), "D"),
            "town": rng.choice(["Bonn", "Kiel"], N_PEOPLE),
        }
    )
    dates.loc[7, "born"] = pd.NaT
    numbers = dates.assign(born=((dates["born"] - pd.Timestamp(0)).dt.days).astype("Int64"))
    return dates, numbers


def published(table, name):
    schema = TableSchema.infer(table, quasi_identifiers=["born"], sensitive=["town"])
    kinds = {"k": 10} if "k" in ANONYMIZERS[name].__annotations__ else {}
    anonymizer = create_anonymizer(name, kinds)
    out = anonymizer.anonymize(table, schema, rng=np.random.default_rng(0))
    return canonicalise(out, anonymizer.scheme, schema=schema, leaky=table)


@pytest.mark.parametrize("name", sorted(ANONYMIZERS))
def test_dates_are_anonymized_as_their_numbers_are(people, name):
    as_dates, as_numbers = (published(table, name) for table in people)
    if as_dates.scheme == "microaggregation":  # a mean of dates is a date
        means, days = as_numbers.cells["born"].values, as_dates.cells["born"].values
        assert np.nanmax(np.abs(np.sort(means) - np.sort(days))) <= 0.5
        return
    assert all(np.array_equal(as_dates.codes[n], as_numbers.codes[n]) for n in ("born", "town"))
    losses = [gcp(boxes_of_published(table), N_PEOPLE) for table in (as_dates, as_numbers)]
    assert losses[0] == losses[1]
    ks = [k_anonymity(published_classes(table)) for table in (as_dates, as_numbers)]
    assert ks[0] == ks[1]


def test_hierarchies_of_dates_name_them(people):
    table = people[0].assign(born=people[0]["born"].fillna(FIRST))
    schema = TableSchema.infer(table, quasi_identifiers=["born"])
    days = pd.date_range(FIRST, periods=400)
    lines = "\n".join(f"{day:%Y-%m-%d};{day:%Y-%m};{day:%Y};*" for day in days)
    datafly = create_anonymizer(
        "datafly", {"k": 5, "hierarchies": {"born": parse_hierarchy(lines)}}
    )
    out = datafly.anonymize(table, schema, rng=np.random.default_rng(0))
    assert (out["born_min"].dt.to_period("Y") == out["born_max"].dt.to_period("Y")).all()
    for wrong, said in (
        ("a;*\nb;*", "no dates, but .* 'a' is no date"),
        ("2020-01-01;*", "lacks the value 2020-"),
    ):
        datafly = create_anonymizer(
            "datafly", {"k": 5, "hierarchies": {"born": parse_hierarchy(wrong)}}
        )
        with pytest.raises(ValueError, match=said):
            datafly.anonymize(table, schema, rng=np.random.default_rng(0))


def test_boxes_of_people_have_the_step_of_days(people):
    schema = TableSchema.infer(people[0], quasi_identifiers=["born"])
    assert schema["born"].bounds == Bounds(low=18_262, high=schema["born"].bounds.high, step=1)
    assert boxes_of_people(people[0], schema).n_people == N_PEOPLE
