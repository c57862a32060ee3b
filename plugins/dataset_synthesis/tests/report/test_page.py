"""The report's page."""

import re
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_synthesis.attacks.panel import run_panel
from anomed_dataset_synthesis.audit.claims import find_on_claim
from anomed_dataset_synthesis.dp.accounting import Guarantee
from anomed_dataset_synthesis.report import report_page
from anomed_dataset_synthesis.report.figures import association_map, bin_labels
from anomed_dataset_synthesis.table.canonical import canonicalise
from anomed_dataset_synthesis.table.codebook import CategoryColumn, Codebook, NumericColumn
from anomed_dataset_synthesis.table.encoding import fit_bins
from anomed_dataset_synthesis.threat.targets import draw_targets
from anomed_dataset_synthesis.utility.evaluation import evaluate_utility
from anomed_dataset_synthesis.utility.transfer import Task

TITLE = "<script>alert('Müller & Co')</script>"
VOID = {"meta"}


class Nesting(HTMLParser):
    """Follow the tags and complain when they don't nest."""

    def __init__(self):
        super().__init__()
        self.open, self.seen = [], set()

    def handle_starttag(self, tag, attributes):
        self.seen.add(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.seen.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


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

    def page(**options):
        given = {"claim": claim, "title": TITLE, **options}
        return report_page(
            given.pop("title"),
            synthetic=synthetic,
            background=real.background,
            utility=utility,
            panel=panel,
            **given,
        )

    return page


def test_tags_nest_and_none_runs_or_loads_anything(write):
    page = write()
    parser = Nesting()
    parser.feed(page)
    assert parser.open == []
    assert not parser.seen & {"script", "img", "link", "iframe", "object", "form"}
    assert "alert" in page
    assert "<script" not in page
    outside = re.findall(r"(?:https?:)?//[^\"\s<]+", page)
    assert set(outside) <= {"http://www.w3.org/2000/svg"}
    assert not re.search(r"\son\w+=|javascript:|url\(|@import", page)


def test_every_picture_is_well_formed_and_says_what_it_shows(write, real):
    pictures = re.findall(r"<svg.*?</svg>", write(), flags=re.DOTALL)
    labels = [ET.fromstring(picture).get("aria-label") for picture in pictures]
    for name in real.training.codebook.names:
        assert f"Shares of {name}, side by side" in labels
    assert sum(" members, " in label for label in labels) == 2
    assert labels[-1] == "Differences of association between pairs of columns"
    for picture in pictures:
        for points in re.findall(r'points="([^"]*)"', picture):
            numbers = [float(number) for number in re.split("[ ,]", points)]
            assert np.isfinite(numbers).all()
            assert 0 <= min(numbers) <= max(numbers) <= 340


def test_equal_results_give_equal_pages(write):
    assert write() == write()


def test_the_verdicts_are_said(write):
    assert "reaches the gate of 0.1" in write(gate=0.1)
    assert '<span class="bad">misses</span> the gate of 1' in write(gate=1.0)
    assert "epsilon 1, delta 1e-05: refuted" in write()
    assert "claimed epsilon 1" in write()
    without = write(claim=None)
    assert "No differential privacy is claimed." in without
    assert "claimed epsilon" not in without


def test_every_attack_and_diagnostic_is_in_the_tables(write):
    page = write()
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
        assert f">{words}<" in page


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
    drawn = association_map(table, table, fit_bins(table))
    assert drawn.count("<rect") == 2
    assert "a and b: 0.000" in drawn
