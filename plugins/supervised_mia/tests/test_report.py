import itertools
import json
import re
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import attrs
import numpy as np
import pytest
from anomed_supervised_mia.attacks import Signals
from anomed_supervised_mia.auditing.audits import AuditSettings, audit
from anomed_supervised_mia.auditing.conclusions import conclude
from anomed_supervised_mia.auditing.metadata import AuditMetadata
from anomed_supervised_mia.auditing.results import AuditResults
from anomed_supervised_mia.auditing.slices import by_column
from anomed_supervised_mia.report import (
    epochs_figure,
    plot_by_epoch,
    plot_privacy_utility,
    privacy_utility_figure,
    render_report,
    roc_figure,
    scores_figure,
    slices_figure,
    write_report,
)
from matplotlib.figure import Figure

HOSTILE = '<script>alert("1")</script> & <b onload=x>'


def audited(*, certainty=2.0, epoch=None, model="network", slices=("whole",), **metadata):
    rng = np.random.default_rng(7)
    sides = []
    for gain in (certainty, 1.0):
        labels = rng.integers(0, 3, 200)
        logits = rng.normal(size=(200, 3))
        logits[np.arange(200), labels] += gain
        sides.append(Signals.from_logits(logits, labels=labels))
    return audit(
        *sides, slices=slices, metadata=AuditMetadata(model=model, epoch=epoch, **metadata)
    )


@pytest.fixture(scope="module")
def audits():
    slices = ("whole", "class", "loss-decile")
    return [
        audited(certainty=1.0, epoch=1),
        audited(certainty=3.0, epoch=10, claimed_epsilon=0.1, claimed_delta=1e-5),
        audited(certainty=1.5, epoch=10, model="other", slices=slices),
    ]


@pytest.fixture(scope="module")
def page(audits):
    return render_report(audits, title="Two networks")


class Nesting(HTMLParser):
    """Fail unless every element is closed in order, and collect what was seen."""

    def __init__(self):
        super().__init__()
        self.open, self.elements, self.texts = [], [], []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def parsed(page):
    parser = Nesting()
    parser.feed(page)
    parser.close()
    assert not parser.open
    return parser


def test_page_is_well_nested_html(page):
    assert page.startswith('<!doctype html>\n<html lang="en">')
    tags = {tag for tag, _ in parsed(page).elements}
    assert {"h1", "h2", "table", "figure", "svg", "figcaption"} <= tags


def test_page_needs_no_script_and_nothing_from_elsewhere(page):
    for tag, attributes in parsed(page).elements:
        assert tag not in {"script", "link", "img", "iframe", "object", "image"}
        assert not {"style", "src", "srcset"} & attributes.keys()
        assert attributes.get("href", "#").startswith("#")
        assert not any(name.startswith("on") for name in attributes)
    assert set(re.findall(r"https?://[^\"]*", page)) == {"http://www.w3.org/2000/svg"}
    assert "@import" not in page


def test_names_are_escaped():
    partition = by_column(HOSTILE, [HOSTILE] * 200, [HOSTILE] * 100 + ["x"] * 100)
    hostile = audited(model=HOSTILE, notes=HOSTILE, slices=("whole", partition))
    page = render_report([hostile, hostile], title=HOSTILE)
    tags = {tag for tag, _ in parsed(page).elements}
    assert not {"script", "b"} & tags
    assert HOSTILE in "".join(parsed(page).texts)


def test_every_figure_says_what_it_shows(page):
    for drawing in re.findall(r'<svg[^>]*role="img".*?</svg>', page, re.DOTALL):
        svg = ET.fromstring(drawing)
        assert all(
            svg.find(f"{{http://www.w3.org/2000/svg}}{tag}").text for tag in ("title", "desc")
        )
    for tag, attributes in parsed(page).elements:
        if tag == "svg":
            assert attributes.get("role") == "img" or attributes.get("aria-hidden") == "true"


def test_tables_have_captions_and_scoped_heads(page):
    seen = parsed(page)
    tags = [tag for tag, _ in seen.elements]
    assert tags.count("caption") == tags.count("table") > 2
    assert all(attributes["scope"] == "col" for tag, attributes in seen.elements if tag == "th")
    assert tags.index("h1") < tags.index("h2")


def test_page_shows_each_result_with_its_interval(audits, page):
    text = " ".join(parsed(page).texts)
    for audited in audits:
        for result in itertools.chain(conclude(audited).results, slices_of(audited)):
            assert f"{result.auc.low:.3f} to {result.auc.high:.3f}" in text
            assert f"{result.epsilon.estimate.low:.3f}" in text


def slices_of(audited):
    return [result for result in audited if result.slice.partition != "whole"]


def test_a_number_has_one_interval_wherever_it_stands(audits):
    """The surest AUC stands among the facts, in the figures, and in the table of all attacks."""
    text = " ".join(parsed(render_report(audits[1:2])).texts)
    auc = conclude(audits[1]).auc
    found = re.findall(rf"{auc.value:.3f}\D{{0,20}}?(\d\.\d+) to (\d\.\d+)", text)
    assert len(found) >= 2
    assert set(found) == {(f"{auc.low:.3f}", f"{auc.high:.3f}")}


def test_conclusions_follow_from_the_measurements(audits):
    leaking = render_report([audits[1]])
    assert "tells members from non-members" in leaking
    assert "refutes the claimed 0.1" in leaking
    silent = render_report([audits[0]])
    assert "not proved better than guessing" in silent
    assert "claimed" not in "".join(parsed(silent).texts)


def test_several_epochs_are_drawn_over_time(audits):
    assert "Privacy by epoch" in render_report(audits)
    assert "Privacy by epoch" not in render_report(audits[1:])


def test_slices_are_folded_and_many_audits_too(audits):
    by_slice = r"<summary>All \d+ results by slice</summary>"
    assert not re.search(by_slice, render_report(audits[:2]))
    assert re.search(by_slice, render_report(audits))
    many = render_report([audits[0]] * 4)
    assert many.index("All audits") < many.index("<summary>network, epoch 1</summary>")


def test_unresolved_rates_are_marked(audits):
    results = attrs.evolve(audits[0], results=audits[0].results[:1])
    cells = [a for tag, a in parsed(render_report([results])).elements if tag == "td"]
    unresolved = [not found.estimate.resolved for found in results.results[0].tpr_at_fpr]
    assert sum("muted" in (a.get("class") or "") for a in cells) == sum(unresolved) > 0


def test_report_of_an_audit_that_measured_nothing_says_so():
    empty = audit(Signals.from_losses([]), Signals.from_losses([0.5]))
    text = "".join(parsed(render_report([empty])).texts)
    assert "Nothing could be measured." in text
    assert "whole (no members)" in text


def test_audit_without_levels_is_rendered():
    losses = Signals.from_losses([0.5, 0.1, 0.2])
    page = render_report([audit(losses, losses, settings=AuditSettings(levels=()))])
    assert "TPR at 0" not in page


def test_report_is_written_with_its_results(audits, tmp_path):
    path = write_report(audits, tmp_path / "new" / "folder")
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
    plain = json.loads((path.parent / "results.json").read_text(encoding="utf-8"))
    assert [AuditResults.from_dict(one) for one in plain] == audits


def test_report_of_one_audit_needs_no_list(audits, tmp_path):
    assert "network, epoch 1" in write_report(audits[0], tmp_path).read_text(encoding="utf-8")


def test_report_from_json_is_almost_the_same(audits, page):
    returned = [AuditResults.from_json(one.to_json()) for one in audits]
    before, after = (
        re.sub(r"<svg.*?</svg>", "", text, flags=re.DOTALL)
        for text in (page, render_report(returned, title="Two networks"))
    )
    assert len(before) == pytest.approx(len(after), abs=20)


@pytest.mark.parametrize(
    "draw",
    [
        lambda: roc_figure([]),
        lambda: slices_figure([]),
        lambda: epochs_figure([]),
        lambda: epochs_figure([audited()]),
        lambda: privacy_utility_figure([]),
        lambda: render_report([]),
    ],
)
def test_figure_of_nothing_is_refused(draw):
    with pytest.raises(ValueError, match="there are none"):
        draw()


def test_roc_band_holds_the_curve_and_the_ceiling_is_named(audits):
    strongest = [audits[1].strongest()]
    chart = roc_figure(strongest, claimed_epsilon=0.1)
    curve = chart.series[0]
    held = [
        low - 1e-9 <= y <= high + 1e-9
        for y, low, high in zip(curve.y, curve.low, curve.high, strict=True)
        if np.isfinite(low)
    ]
    assert len(held) > 20
    assert all(held)
    assert "ceiling of epsilon 0.1" in [guide.name for guide in chart.guides]
    assert len(roc_figure(strongest).guides) == 1


def test_scores_are_those_of_all_records(audits):
    result = audits[1].strongest()
    members, non_members = scores_figure(result).series
    assert sum(members.y) == pytest.approx(1)
    assert sum(non_members.y) == pytest.approx(1)
    assert f"{result.n_members} members" in scores_figure(result).description


def test_by_epoch_is_drawn_what_is_concluded(audits):
    line = epochs_figure(audits).series[0]
    auc = conclude(audits[1]).auc
    assert (line.y[1], line.low[1], line.high[1]) == (auc.value, auc.low, auc.high)
    advantage = audits[1].strongest().max_advantage.estimate.value
    assert epochs_figure(audits, measure="advantage").series[0].y[1] == advantage


def test_the_plots_of_the_field_are_one_call_each(audits):
    axes = Figure().subplots(2, 4).ravel()
    displays = [
        plot_by_epoch(audits, ax=axes[0]),
        plot_by_epoch(audits, measure="advantage", ax=axes[1]),
        plot_privacy_utility(audits, ax=axes[2]),
        audits[1].plot_roc(ax=axes[3]),
        audits[2].plot_slices(ax=axes[4]),
        audits[1].strongest().plot_roc(axes[5]),
        audits[1].strongest().plot_scores(axes[6]),
    ]
    assert [display.ax_ for display in displays] == axes[:7].tolist()
    assert axes[0].get_xlabel() == "epoch"
    assert "<svg" in plot_by_epoch(audits)._repr_svg_()
    with pytest.raises(ValueError, match="there are none"):
        audits[0].plot_slices()
