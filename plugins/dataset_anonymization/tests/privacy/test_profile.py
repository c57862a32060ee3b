import attrs
import numpy as np
import pandas as pd
import pytest
from anomed_dataset_anonymization import privacy
from anomed_dataset_anonymization.privacy import (
    privacy_profile,
    published_classes,
    published_profile,
    t_closeness_ordered,
)
from anomed_dataset_anonymization.schema import Bounds, Column, TableSchema
from anomed_dataset_anonymization.schemes import Points, PublishedTable, Ranges
from hypothesis import given
from hypothesis import strategies as st

HIGHER_IS_MORE_PRIVATE = {
    "k": True,
    "alpha": False,
    "distinct_l": True,
    "entropy_l": True,
    "recursive_c": False,
    "basic_beta": False,
    "enhanced_beta": False,
    "t": False,
    "delta": False,
    "delta_present": False,
}


def published(ages, wards, triages):
    schema = TableSchema(
        columns=[
            Column(
                name="age", kind="cardinal", dtype="int64", domain=Bounds(low=0, high=99), role="qi"
            ),
            Column(name="ward", kind="nominal", dtype="string", domain=["a", "b", "c"]),
            Column(
                name="triage", kind="ordinal", dtype="string", domain=["green", "yellow", "red"]
            ),
        ]
    )
    ends = np.array(ages, dtype=float)
    cells = {
        "age": Ranges(low=ends[:, 0], high=ends[:, 1]),
        "ward": Points(values=np.array(wards, dtype=float)),
        "triage": Points(values=np.array(triages, dtype=float)),
    }
    return PublishedTable(schema=schema, scheme="generalization", cells=cells)


YOUNG, OLD = (0, 49), (50, 99)


def test_the_profile_knows_a_direction_for_each_number():
    assert set(HIGHER_IS_MORE_PRIVATE) == {
        field.name for field in attrs.fields(privacy.PrivacyProfile)
    }


@given(data=st.data())
def test_merging_all_classes_never_costs_privacy(small_tables, small_table, data):
    """Monotonicity: each model is at least as well satisfied by the coarsest partition."""
    table = data.draw(small_tables)
    rows = [
        (label, value, count)
        for label, member in enumerate(table.members)
        for value, count in member.items()
    ]
    before = privacy_profile(table.classes, table.contingency)
    merged = small_table([(0, value, count) for _, value, count in rows])
    after = privacy_profile(merged.classes, merged.contingency)
    for name, higher in HIGHER_IS_MORE_PRIVATE.items():
        least = getattr(before, name) if higher else getattr(after, name)
        most = getattr(after, name) if higher else getattr(before, name)
        assert least <= most * (1 + 1e-12), name


@given(data=st.data(), factor=st.integers(2, 5))
def test_copying_every_row_changes_k_alone(small_tables, small_table, data, factor):
    table = data.draw(small_tables)
    rows = [
        (label, value, count * factor)
        for label, member in enumerate(table.members)
        for value, count in member.items()
    ]
    before = privacy_profile(table.classes, table.contingency)
    copied = small_table(rows)
    after = privacy_profile(copied.classes, copied.contingency)
    assert after.k == factor * before.k
    assert attrs.astuple(after)[1:] == pytest.approx(attrs.astuple(before)[1:], abs=1e-12)


def test_published_classes_compare_the_quasi_identifiers_only():
    table = published([YOUNG, YOUNG, OLD], wards=[0, 1, 2], triages=[0, 1, 2])
    assert published_classes(table).class_of_row.tolist() == [0, 0, 1]


def test_the_schema_decides_the_distance_of_t_closeness():
    table = published([YOUNG, YOUNG, OLD, OLD], wards=[0, 0, 1, 1], triages=[0, 0, 1, 1])
    assert published_profile(table, "ward").t == 0.5
    # adjacent ranks of a domain of three, though only two of them occur
    assert published_profile(table, "triage").t == 0.25


def test_a_suppressed_sensitive_cell_is_a_value_after_all_others():
    table = published([YOUNG, YOUNG], wards=[0, np.nan], triages=[2, np.nan])
    assert published_profile(table, "ward").distinct_l == 2
    assert published_profile(table, "triage").distinct_l == 2


def test_generalised_sensitive_cells_are_values():
    table = published([YOUNG, YOUNG, OLD], wards=[0, 0, 0], triages=[0, 0, 0])
    assert published_profile(table, "age").alpha == 1.0


def test_the_profile_of_raw_codes_equals_the_published_one():
    ages = [YOUNG, YOUNG, OLD, OLD, OLD]
    table = published(ages, wards=[0, 1, 1, 1, 2], triages=[0, 2, 1, 1, 2])
    classes = privacy.equivalence_classes(pd.DataFrame({"age": [str(age) for age in ages]}))
    raw = privacy_profile(
        classes, privacy.contingency(classes, [0, 2, 1, 1, 2]), closeness=t_closeness_ordered
    )
    assert published_profile(table, "triage") == raw


def test_an_unknown_column_is_refused():
    with pytest.raises(ValueError, match="no column 'shoe'"):
        published_profile(published([YOUNG], wards=[0], triages=[0]), "shoe")


def test_all_public_names_are_listed_in_order():
    assert privacy.__all__ == sorted(privacy.__all__)
    assert all(hasattr(privacy, name) for name in privacy.__all__)
