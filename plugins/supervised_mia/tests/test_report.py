import base64
import hashlib
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
from anomed_supervised_mia.auditing.results import AuditMetadata, AuditResults
from anomed_supervised_mia.auditing.slices import by_column
from anomed_supervised_mia.metrics import Estimate
from anomed_supervised_mia.report import (
    Participant,
    epochs_figure,
    privacy_utility_figure,
    render_report,
    roc_figure,
    slices_figure,
    write_report,
)
from anomed_supervised_mia.report._chart import HEIGHT, WIDTH
from anomed_supervised_mia.report._scales import Scale, padded
from hypothesis import given
from hypothesis import strategies as st

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
        assert tag not in {"script", "link", "img", "iframe", "object", "use", "image"}
        assert not {"style", "src", "href", "srcset"} & attributes.keys()
        assert not any(name.startswith("on") for name in attributes)
    assert "http" not in page.replace("http-equiv", "")
    assert "url(" not in page
    assert "@import" not in page


def test_policy_permits_the_style_sheet_by_its_digest(page):
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    (policy,) = [a["content"] for tag, a in parsed(page).elements if "http-equiv" in a]
    assert policy.startswith("default-src 'none'")
    assert f"style-src 'sha256-{digest}'" in policy


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
        assert svg.find("title").text
        assert svg.find("desc").text
    for tag, attributes in parsed(page).elements:
        if tag == "svg":
            assert attributes.get("role") == "img" or attributes.get("aria-hidden") == "true"


def test_tables_have_captions_and_scoped_heads(page):
    seen = parsed(page)
    tags = [tag for tag, _ in seen.elements]
    assert tags.count("caption") == tags.count("table") > 2
    assert all(
        attributes["scope"] in {"row", "col"} for tag, attributes in seen.elements if tag == "th"
    )
    assert tags.index("h1") < tags.index("h2")


def luminance(color):
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return np.dot([0.2126, 0.7152, 0.0722], linear)


def contrast(one, other):
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colours_contrast_as_the_accessibility_guidelines_demand(page, theme):
    # WCAG 2.2: 4.5 for text (1.4.3), 3 for graphics (1.4.11).
    themes = re.findall(r":root \{(.*?)\}", page, re.DOTALL)
    colours = dict(re.findall(r"--(\w+): (#\w{6})", themes[theme == "dark"]))
    for ground in ("paper", "card"):
        for text in ("ink", "soft", "good", "bad"):
            assert contrast(colours[text], colours[ground]) >= 4.5
        for series in range(6):
            assert contrast(colours[f"c{series}"], colours[ground]) >= 3


def test_page_shows_each_result_with_its_interval(audits, page):
    text = " ".join(parsed(page).texts)
    for result in itertools.chain(*audits):
        assert f"{result.auc.low:.3f} to {result.auc.high:.3f}" in text
        assert f"{result.epsilon.estimate.low:.3f}" in text


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


def test_participants_are_drawn_instead_of_the_audits(audits):
    leak = audits[0].strongest().auc
    page = render_report(audits[:1], participants=[Participant(name="Ada", utility=0.5, leak=leak)])
    assert "Ada: test accuracy 0.500" in page


def test_many_slices_are_folded_away(audits):
    assert "<details>" in render_report(audits)
    assert "<details>" not in render_report(audits[:2])


def test_unresolved_rates_are_marked(audits):
    results = attrs.evolve(audits[0], results=audits[0].results[:1])
    cells = [a for tag, a in parsed(render_report([results])).elements if tag == "td"]
    unresolved = [not found.estimate.resolved for found in results.results[0].tpr_at_fpr]
    assert sum(a.get("class") == "unresolved" for a in cells) == sum(unresolved) > 0


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


def places(figure):
    for drawing in re.findall(r"translate\(([-\d.]+) ([-\d.]+)\)", figure):
        yield tuple(map(float, drawing))


def test_markers_are_inside_of_the_figure(audits):
    figures = [
        epochs_figure(audits),
        slices_figure([r for r in audits[2] if r.attack == "loss-threshold"]),
        privacy_utility_figure(
            [Participant(name=str(i), utility=i / 7, leak=estimate(0.5 + i / 20)) for i in range(8)]
        ),
    ]
    for figure in figures:
        marks = list(places(figure))
        assert marks
        assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in marks)


def estimate(value):
    return Estimate(
        value=value,
        low=value - 0.05,
        high=value + 0.05,
        confidence=0.95,
        n_members=100,
        n_non_members=100,
        method="exact",
    )


def test_names_of_points_do_not_cover_each_other():
    crowd = [Participant(name=f"team {i}", utility=0.5, leak=estimate(0.7)) for i in range(9)]
    figure = privacy_utility_figure(
        [*crowd, Participant(name="far", utility=0.9, leak=estimate(0.5))]
    )
    names = re.findall(r'class="point-name">([^<]*)<', figure)
    assert "far" in names
    assert 1 <= sum(name.startswith("team") for name in names) <= 4


def test_roc_band_holds_the_curve_and_the_ceiling_is_named(audits):
    strongest = [audits[1].strongest()]
    figure = roc_figure(strongest, claimed_epsilon=0.1)
    assert figure.count('class="band s0"') == 1
    assert "ceiling of epsilon 0.1" in figure
    assert "ceiling" not in roc_figure(strongest)


@given(
    st.floats(1e-4, 0.5),
    st.floats(0.6, 100),
    st.booleans(),
    st.lists(st.floats(-1, 200), min_size=2),
)
def test_scale_keeps_order_and_stays_inside(low, high, logarithmic, values):
    scale = Scale(low=low, high=high, start=10, stop=90, logarithmic=logarithmic)
    placed = [scale.place(value) for value in sorted(values)]
    assert placed == sorted(placed)
    assert all(10 - 1e-9 <= place <= 90 + 1e-9 for place in placed)


@given(st.floats(-1e3, 1e3), st.floats(1e-3, 1e3))
def test_linear_ticks_are_few_and_inside(low, width):
    scale = Scale(low=low, high=low + width, start=0, stop=1)
    ticks = scale.ticks()
    assert 2 <= len(ticks) <= 9
    assert all(low - 1e-6 * width <= tick <= low + width * (1 + 1e-6) for tick in ticks)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1))
def test_padded_range_holds_the_values_with_room(values):
    low, high = padded(values)
    assert low < min(values) <= max(values) < high
