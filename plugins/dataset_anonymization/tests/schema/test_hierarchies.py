import os
from pathlib import Path

import numpy as np
import pytest
from anomed_dataset_anonymization.schema.hierarchies import (
    Hierarchy,
    flat_hierarchy,
    interval_hierarchy,
    parse_hierarchy,
    read_hierarchy,
)
from hypothesis import given
from hypothesis import strategies as st

WARDS = "eye;head;*\near;head;*\nknee;leg;*\n"


def test_groups_are_numbered_level_by_level():
    assert parse_hierarchy(WARDS).groups.tolist() == [[0, 0, 0], [1, 0, 0], [2, 1, 0]]


def test_values_are_the_first_labels():
    assert parse_hierarchy(WARDS).values == ("eye", "ear", "knee")


def test_a_hierarchy_survives_its_file(tmp_path):
    path = tmp_path / "wards.csv"
    hierarchy = Hierarchy(labels=[("a;b", 'say "c"', "*"), ("d", "e", "*")])
    path.write_text(hierarchy.to_text(), encoding="utf-8")
    assert read_hierarchy(path) == hierarchy


@pytest.mark.parametrize(
    "text",
    [
        'eye,"head, all",*\near,"head, all",*\n',
        "eye;head, all;*\n\near; head, all ;*\n",
        "\N{ZERO WIDTH NO-BREAK SPACE}eye;head, all;*\near;head, all;*",
    ],
)
def test_commas_quotes_blanks_and_byte_order_marks_are_understood(tmp_path, text):
    path = tmp_path / "wards.csv"
    path.write_text(text, encoding="utf-8")
    assert read_hierarchy(path).labels == (("eye", "head, all", "*"), ("ear", "head, all", "*"))


def test_the_delimiter_can_be_given():
    assert parse_hierarchy("a;b|*", delimiter="|").labels == (("a;b", "*"),)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", r"needs at least one value, got none\."),
        ("eye\near\n", r"needs a level above its values, such as '\*'.*check the delimiter\."),
        ("eye;head;*\near;*\n", r"line 2 of a hierarchy has 2 levels, line 1 has 3"),
        ("eye;head;*\near;;*\n", r"line 2 of a hierarchy has an empty label"),
        ("eye;head;*\neye;head;*\n", r"must have each value once, got 'eye' twice"),
        ("eye;head\nknee;leg\n", r"last level .* must have one group such as '\*', got \['head'"),
        (
            "eye;a;left;*\near;a;right;*\n",
            r"group 'a' at level 1 of a hierarchy belongs to both 'left' and 'right'",
        ),
    ],
)
def test_what_is_no_hierarchy_is_refused_in_one_sentence(text, complaint):
    with pytest.raises(ValueError, match=complaint) as refusal:
        parse_hierarchy(text)
    assert str(refusal.value).endswith(".")
    assert "\n" not in str(refusal.value)


def test_a_refusal_names_the_file(tmp_path):
    path = tmp_path / "wards.csv"
    path.write_text("eye;a\near;b\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"wards\.csv: the last level"):
        read_hierarchy(path)


def test_a_flat_hierarchy_keeps_or_suppresses():
    assert flat_hierarchy(["F", "M"]).to_text() == "F;*\nM;*\n"


def test_intervals_begin_at_multiples_of_their_width():
    hierarchy = interval_hierarchy(["3", "5", "19"], np.array([3.0, 5, 19]), widths=[5, 10])
    assert (
        hierarchy.to_text() == "3;[0, 5[;[0, 10[;*\n5;[5, 10[;[0, 10[;*\n19;[15, 20[;[10, 20[;*\n"
    )


@pytest.mark.parametrize("widths", [[0], [-1], [2, 3], [4, 2]])
def test_widths_that_do_not_nest_are_refused(widths):
    with pytest.raises(ValueError, match=r"must be positive, each a multiple of the one before"):
        interval_hierarchy(["1"], np.array([1.0]), widths=widths)


@given(
    positions=st.lists(st.integers(0, 200), min_size=1, max_size=30, unique=True),
    first=st.integers(1, 7),
    factors=st.lists(st.integers(1, 4), max_size=3),
)
def test_intervals_hold_values_that_are_closer_than_their_width(positions, first, factors):
    widths = np.cumprod([first, *factors])
    places = np.array(positions, dtype=np.float64)
    groups = interval_hierarchy([str(p) for p in positions], places, widths=widths.tolist()).groups
    for level, width in enumerate(widths, start=1):
        for group in np.unique(groups[:, level]):
            assert np.ptp(places[groups[:, level] == group]) < width


@pytest.mark.skipif("ANOMED_TEST_DATA" not in os.environ, reason="set ANOMED_TEST_DATA")
@pytest.mark.parametrize(
    ("folder", "shapes"),
    [
        # Lines and levels as counted in the files of ARX and anjana.
        (
            "arx_hierarchies",
            [(100, 5), (16, 4), (7, 3), (41, 3), (14, 3), (5, 2), (2, 2), (2, 2), (8, 3)],
        ),
        (
            "hierarchies",
            [(73, 7), (42, 3), (16, 4), (7, 3), (15, 3), (5, 2), (2, 2), (2, 2), (9, 3)],
        ),
    ],
)
def test_public_hierarchies_are_read(folder, shapes):
    paths = sorted(Path(os.environ["ANOMED_TEST_DATA"], "anonymization", folder).iterdir())
    assert [read_hierarchy(path).groups.shape for path in paths] == shapes


def test_a_line_for_nothing_is_skipped():
    assert parse_hierarchy(";none;*\n" + WARDS) == parse_hierarchy(WARDS + '"";;*\n')
    assert parse_hierarchy(";none;*\n" + WARDS) == parse_hierarchy(WARDS)
