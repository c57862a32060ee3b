"""The report's page."""

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_synthesis.attacks.panel import run_panel
from anomed_dataset_synthesis.audit.claims import find_on_claim
from anomed_dataset_synthesis.dp.accounting import Guarantee
from anomed_dataset_synthesis.report import report_parts
from anomed_dataset_synthesis.report.figures import association_chart, bin_labels, marginal_charts
from anomed_dataset_synthesis.table.canonical import canonicalise
from anomed_dataset_synthesis.table.codebook import CategoryColumn, Codebook, NumericColumn
from anomed_dataset_synthesis.table.encoding import fit_bins
from anomed_dataset_synthesis.threat.targets import draw_targets
from anomed_dataset_synthesis.utility.evaluation import evaluate_utility
from anomed_dataset_synthesis.utility.transfer import Task

from anomed_core.report import charts_in, page, parts_from_json, parts_to_json, rendered

TITLE = "<script>alert('Müller & Co')</script>"


@pytest.fixture(scope="module")
def write(real):
    rng = np.random.default_rng(1)
    synthetic = real.training.take(np.arange(1000))
    utility = evaluate_utility(synthetic, real, tasks=[Task(column="outcome", level=1)], rng=rng)
    targets = draw_targets(real.training, real.non_members, n_each=400, rng=rng)
    panel = run_panel(
        synthetic, real, targets=targets, secrets=("outcome",), rng=rng, n_predicates=40
    )
    claim = find_on_claim(
        Guarantee(epsilon=1.0, delta=1e-5, accountant="none"),
        attacks=[(part.members, part.non_members) for part in panel.memberships[:1]],
        rng=rng,
    )

    def parts(**options):
        given = {"claim": claim, **options}
        return report_parts(
            synthetic=synthetic, background=real.background, utility=utility, panel=panel, **given
        )

    return parts


def test_equal_results_give_equal_pages(write):
    html = page(TITLE, write())

    assert html == page(TITLE, parts_from_json(parts_to_json(write())))
    assert "alert" in html
    assert "<script" not in html


def test_verdicts_come_first_and_marginals_are_folded(write, real):
    html = page("a", write())
    places = [html.index(f">{word}<") for word in ("Utility", "Attacks", "Checks", "Marginals")]

    assert places == sorted(places)
    assert html.rindex("<details>") > places[-1]
    titles = [chart.title for chart in charts_in(write())]
    assert titles[-len(real.training.codebook.names) :] == list(real.training.codebook.names)
    assert sum(" members, " in title for title in titles) == 2


def test_shares_are_those_of_both_tables(real):
    binning = fit_bins(real.background)
    chart = marginal_charts(real.training, real.background, binning)[0]
    for series in chart.series:
        assert sum(series.x if series.across else series.y) == pytest.approx(1)
    assert [series.name for series in chart.series] == ["public background", "submission"]


def test_the_verdicts_are_said(write):
    def text(**options):
        return rendered(write(**options))

    assert "reaches the gate of 0.1" in text(gate=0.1)
    assert "misses the gate of 1" in text(gate=1.0)
    assert "epsilon 1, delta 1e-05: refuted" in text()
    assert "claimed epsilon 1" in text()
    without = text(claim=None)
    assert "No differential privacy is claimed." in without
    assert "claimed epsilon" not in without


def test_every_attack_and_diagnostic_is_in_the_tables(write):
    html = rendered(write())
    for words in (
        "distance ratio",
        "density ratio, pairs of columns",
        "exact match",
        "nearest neighbour",
        "singling out",
        "outliers",
        "nearer to training than to non-members",
        "2-way skill",
        "task on outcome",
        "two-sample AUC",
    ):
        assert f">{words}<" in html


def test_bins_are_named_by_what_they_hold():
    words = [f"w{place:02d}" for place in range(14)]
    book = Codebook(
        (
            NumericColumn(name="n", minimum=0, maximum=100, step=0.5, nullable=True),
            NumericColumn(name="d", kind="date", minimum=0, maximum=20_000),
            CategoryColumn(name="w", categories=tuple(words)),
        )
    )
    frame = pd.DataFrame(
        {
            "n": [1.0, 1.0, 40.5, None] * 7,
            "d": pd.to_datetime(["2000-01-01", "2010-05-05"] * 14),
            "w": words * 2,
        }
    )
    binning = fit_bins(canonicalise(frame, book))
    assert bin_labels(binning, 0) == ["less", "from 40.5", "missing"]
    assert bin_labels(binning, 1) == ["less", "from 2010-05-05"]
    assert bin_labels(binning, 2) == [*words[:10], "others"]
    for place in range(3):
        assert len(bin_labels(binning, place)) == binning.n_bins[place]


def test_a_column_that_holds_one_value_only_leaves_its_cells_blank():
    book = Codebook(
        tuple(NumericColumn(name=name, minimum=0, maximum=9) for name in ("a", "b", "c"))
    )
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.integers(0, 9, (50, 3)), columns=["a", "b", "c"]).assign(c=4)
    table = canonicalise(frame, book)
    chart = association_chart(table, table, fit_bins(table))
    known = [value for row in chart.cells.rows for value in row if np.isfinite(value)]
    assert known == [0.0, 0.0]
    assert "a,b,0.0" in chart.csv()
