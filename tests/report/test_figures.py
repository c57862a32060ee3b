"""Figures say what they show, and survive whatever results hold."""

import csv
import io
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from matplotlib.figure import Figure

from anomed_core.report import (
    Axis,
    Chart,
    Series,
    Standing,
    epochs_chart,
    histogram_chart,
    marginals_chart,
    roc_chart,
    slices_chart,
    utility_risk_chart,
)
from anomed_core.report.painting import limits_of
from tests.report.drawings import ALL, BY_NUMBER

NUMBERS = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")


@pytest.mark.parametrize("chart", ALL.values(), ids=ALL)
def test_every_figure_is_drawn_within_its_frame(chart: Chart) -> None:
    root = ET.fromstring(chart.svg("f"))
    _, _, width, height = map(float, root.attrib["viewBox"].split())

    for element in root.iter():
        assert "nan" not in " ".join(element.attrib.values())
        if element.tag.endswith("use"):
            assert -1 <= float(element.get("x", "0")) <= width + 1
            assert -1 <= float(element.get("y", "0")) <= height + 1
        elif element.tag.endswith("path"):
            numbers = map(float, NUMBERS.findall(element.get("d", "")))
            assert all(abs(number) < 2 * (height + width) for number in numbers)


@pytest.mark.parametrize("chart", ALL.values(), ids=ALL)
def test_every_figure_is_told_in_words_with_numbers(chart: Chart) -> None:
    assert chart.title
    assert chart.description.endswith(".")
    assert "  " not in chart.description
    assert re.search(r"\d|There is no|Nothing was", chart.description)


@pytest.mark.parametrize("name", BY_NUMBER)
def test_all_numbers_come_as_a_table(name: str) -> None:
    rows = list(csv.reader(io.StringIO(BY_NUMBER[name](2).csv())))

    assert len(rows) > 2
    assert {len(row) for row in rows} == {len(rows[0])}
    assert "nan" not in str(rows)


@pytest.mark.parametrize("name", BY_NUMBER)
def test_a_file_of_each_form_is_the_same_every_time(name: str) -> None:
    first, second = (BY_NUMBER[name](3) for _ in range(2))

    assert first == second
    assert first.saved("pdf").startswith(b"%PDF")
    assert first.saved("pdf") == second.saved("pdf")
    assert first.saved("csv") == second.saved("csv")


@pytest.mark.parametrize("name", BY_NUMBER)
def test_figures_are_drawn_into_axes_of_ones_own(name: str) -> None:
    axes = Figure().subplots()

    display = BY_NUMBER[name](3).plot(ax=axes)

    assert display.ax_ is axes
    assert display.figure_ is axes.figure
    assert axes.get_children()
    assert "<svg" in display._repr_svg_()


def test_a_figure_of_its_own_shows_later_changes() -> None:
    display = BY_NUMBER["epochs"](2).plot()

    display.ax_.set_title("Mine")

    assert "Mine" in display._repr_svg_()


def test_further_series_are_thin_and_said() -> None:
    chart = BY_NUMBER["epochs"](50)

    assert "45 more are drawn thin." in chart.description
    assert "model 4" in chart.svg("f")
    assert "model 5" not in chart.svg("f")


def test_the_true_positive_rate_in_words_is_that_of_the_curve() -> None:
    chart = roc_chart({"a": ([0, 0.005, 0.05, 1], [0, 0.2, 0.6, 1])}, n_non_members=200)

    assert "20 % of members at 1 %" in chart.description
    assert "60 % of members at 10 %" in chart.description


def test_a_curve_within_the_band_keeps_its_steps() -> None:
    fpr, tpr = [0, 0.02, 0.5, 1], [0, 0.3, 0.9, 1]
    level = np.geomspace(0.01, 1, 30)
    plain = roc_chart({"a": (fpr, tpr)}, n_non_members=100).series[0]
    banded = roc_chart({"a": (fpr, tpr)}, n_non_members=100, band=(level, level, level)).series[0]

    for series in (plain, banded):
        at = np.searchsorted(series.x, [0.019, 0.021, 0.49, 0.51], side="right") - 1
        assert np.array(series.y)[at] == pytest.approx([0.01, 0.3, 0.3, 0.9], abs=1e-9)


def test_the_surest_slice_is_on_top_and_the_rest_is_counted() -> None:
    chart = slices_chart(["a", "b"], [0.9, 0.8], [0.5, 0.7], [1, 0.9])

    assert chart.y.names == ("a", "b")
    assert chart.description.startswith("Highest for b: 0.800 (0.700 to 0.900).")
    assert "26 more are left out." in BY_NUMBER["slices"](50).description


def test_epochs_are_drawn_in_their_order() -> None:
    chart = epochs_chart({"a": ([3, 1], [0.7, 0.5], [0.6, 0.4], [0.8, 0.6])})

    assert chart.series[0].x == (1, 3)
    assert chart.series[0].low == (0.4, 0.6)


def test_the_gate_and_who_misses_it_are_drawn_apart() -> None:
    entries = [
        Standing(name="a", utility=0.7, risk=0.1),
        Standing(name="b", utility=0.5, risk=0.0, is_gated=True),
        Standing(name="c", utility=0.6, risk=0.05, is_house=True),
    ]
    chart = utility_risk_chart(entries, utility="accuracy", gate=0.6)

    assert [series.name for series in chart.series] == [
        "participants",
        "below the gate",
        "the house",
    ]
    assert chart.guides[0].name == "gate: accuracy 0.6"
    assert "Least risk: a, 0.100" in chart.description


def test_the_furthest_share_is_said() -> None:
    chart = marginals_chart(["m", "f"], {"real": [0.4, 0.6], "ours": [0.5, 0.5]}, column="sex")

    assert chart.description.startswith("Total variation distance 0.100. Furthest apart: m, 40 %")


@pytest.mark.parametrize("values", [[0.0], [3.0, 3.0], [float("nan")], [], [-1e9, 1e9]])
def test_axes_have_two_ends_apart_whatever_is_drawn(values: list[float]) -> None:
    series = Series(x=values, y=values)
    for logarithmic in (False, True):
        axis = Axis(label="", logarithmic=logarithmic)
        chart = Chart(title="a", description="", x=axis, y=axis, series=[series])

        low, high = limits_of(chart, "x")

        assert low < high
        assert low > 0 or not logarithmic


def test_a_series_of_unequal_lengths_is_refused() -> None:
    with pytest.raises(ValueError, match="has 1 values as y for 2 points; give one for each"):
        Series(name="a", x=[1, 2], y=[1])


def test_no_figure_imports_pyplot() -> None:
    """Which would open windows, and keep every figure for ever."""
    import subprocess
    import sys

    code = (
        "import sys, anomed_core.report as r\n"
        "assert 'matplotlib' not in sys.modules and 'jinja2' not in sys.modules\n"
        "r.page('a', [r.histogram_chart([1], [2])])\n"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_curves_and_histograms_of_other_things_than_members_say_so() -> None:
    curve = roc_chart({"lof": ([0, 1], [0.5, 1])}, n_non_members=100, found="anomalous inputs")
    shares = histogram_chart([2, 3], [0, 1], names=("anomalous", "normal"))
    assert "of anomalous inputs at" in curve.description
    assert [series.name for series in shares.series] == ["anomalous", "normal"]
    assert shares.description.startswith("2 anomalous, median 2.5.")
