"""Pages escape what participants chose, need no script, and can be read in both schemes."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from anomed_core.report import (
    Cell,
    Fact,
    Facts,
    Folded,
    Section,
    Table,
    charts_in,
    content_policy,
    page,
    rendered,
    style_sheet,
)
from anomed_core.report.palette import COLOURS
from tests.report.drawings import BY_NUMBER

HOSTILE = '<script>alert("1")</script> & <b onload=x>'


class Nesting(HTMLParser):
    """Fail unless every element is closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in {"meta", "link"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def everything(**options: str) -> str:
    chart = BY_NUMBER["epochs"](2)
    table = Table(
        caption=HOSTILE,
        head=["name", HOSTILE],
        rows=[[HOSTILE, Cell.interval(0.5, 0.4, 0.6, HOSTILE)], ["b", "1.25"]],
        chance=0.5,
    )
    facts = Facts([Fact(name=HOSTILE, value="1", notes=[HOSTILE], tone="bad")])
    parts = [facts, HOSTILE, Section(title=HOSTILE, parts=[chart, chart, table])]
    return page(HOSTILE, [*parts, Folded(summary=HOSTILE, parts=[chart])], lead=HOSTILE, **options)


def test_everything_is_escaped_and_nested() -> None:
    found = Nesting(everything())

    assert not {"script", "b"} & {tag for tag, _ in found.elements}
    assert found.text.count(HOSTILE) >= 8


def test_nothing_runs_and_nothing_comes_from_elsewhere() -> None:
    for tag, attributes in Nesting(everything()).elements:
        assert tag not in {"script", "img", "iframe", "object", "image", "link"}
        assert "style" not in attributes
        assert not any(name.startswith("on") for name in attributes)


def test_the_policy_permits_the_style_sheet_by_its_digest() -> None:
    html = everything()
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()

    assert f"style-src 'sha256-{digest}'" in content_policy()
    assert any(a.get("content") == content_policy() for _, a in Nesting(html).elements)


def test_a_server_can_hold_the_style_sheet() -> None:
    html = everything(sheet_at="/page.css")

    assert '<link rel="stylesheet" href="/page.css">' in html
    assert "<style" not in html


def test_identifiers_are_unique_over_the_page() -> None:
    found = [a["id"] for _, a in Nesting(everything()).elements if "id" in a]

    assert len(found) == len(set(found)) > 6


def test_the_same_parts_give_the_same_bytes() -> None:
    assert everything() == everything()


def test_headings_follow_their_order() -> None:
    inner = Section(title="c", parts=["d"])
    html = page("a", [Section(title="b", parts=[inner])])

    assert re.findall(r"<(h\d)>(\w)", html) == [("h1", "a"), ("h2", "b"), ("h3", "c")]


@pytest.mark.parametrize("text", ["1", "0.250", "-3", "1e-05", "12 %", "\u22120.5", "1,200"])
def test_numbers_stand_at_the_right(text: str) -> None:
    assert '<td class="n"' in rendered([Table(head=["a"], rows=[[text]])])


@pytest.mark.parametrize("text", ["", "-", "about 0.5", "1.2.3", "nan", "1 of 2", "inf"])
def test_other_cells_do_not(text: str) -> None:
    assert 'class="n"' not in rendered([Table(head=["a"], rows=[[text]])])


def test_a_table_without_rows_says_so() -> None:
    assert "Nothing yet." in rendered([Table(head=["a"], rows=[])])
    assert "b: No final yet." in rendered(
        [Table(head=["a"], rows=[], caption="b", empty="No final yet.")]
    )


def test_a_row_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="has 2 columns, but a row with 1 cells"):
        Table(head=["a", "b"], rows=[["c"]])


def test_what_is_no_part_is_refused() -> None:
    with pytest.raises(TypeError, match="but one is a int"):
        rendered([1])


def test_bars_of_a_column_share_a_scale() -> None:
    rows = [[Cell.interval(0.5, 0.0, 1.0)], [Cell.interval(0.75, 0.5, 1.0)]]
    html = rendered([Table(head=["a"], rows=rows)])

    assert re.findall(r'class="band" x="([\d.]+)"', html) == ["0.0", "50.0"]
    assert re.findall(r'class="mark" x="([\d.]+)"', html) == ["50.0", "75.0"]


def test_charts_are_found_wherever_they_stand() -> None:
    one, other = BY_NUMBER["epochs"](1), BY_NUMBER["roc"](1)
    parts = [Section(title="a", parts=[one]), "b", Folded(summary="c", parts=[other])]

    assert list(charts_in(parts)) == [one, other]


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


def contrast(one: str, other: str) -> float:
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def themes() -> list[dict[str, str]]:
    found = re.findall(r":root \{(.*?)\}", style_sheet(), re.DOTALL)[:2]
    return [dict(re.findall(r"--(\w+): (#\w{6})", theme)) for theme in found]


@pytest.mark.parametrize("theme", themes(), ids=["light", "dark"])
def test_colours_contrast_as_the_accessibility_guidelines_demand(theme: dict[str, str]) -> None:
    """WCAG 2.2: 4.5 for text (1.4.3); figures hold text in every colour of a role."""
    for role in (*(set(COLOURS) - {"line"}), "good", "bad"):
        for ground in ("paper", "raised"):
            assert contrast(theme[role], theme[ground]) >= 4.5, (role, ground)


def test_drawings_are_in_the_light_scheme_of_the_style_sheet() -> None:
    assert themes()[0].items() >= COLOURS.items()
    assert all(f".{letter}-{role} " in style_sheet() for role in COLOURS for letter in "fs")
