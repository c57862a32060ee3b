"""Drawings stand inline under a strict policy, and say what they show."""

import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest
from matplotlib.figure import Figure

from anomed_core.report import Axis, Chart, Series
from anomed_core.report.drawing import saved_svg
from anomed_core.report.palette import COLOURS
from anomed_core.report.svg import page_svg
from tests.report.drawings import ALL, BY_NUMBER

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("chart", ALL.values(), ids=ALL)
def test_no_style_no_script_and_nothing_from_elsewhere(chart: Chart) -> None:
    drawn = chart.svg("f")

    for element in ET.fromstring(drawn).iter():
        assert element.tag.removeprefix(SVG) not in {"style", "script", "image", "metadata"}
        assert not {"style", "target"} & element.attrib.keys()
        assert not any(key.startswith("on") or ":" in key for key in element.attrib)
    assert re.findall(r"https?:[^\"]*", drawn) == ["http://www.w3.org/2000/svg"]
    assert "data:" not in drawn


@pytest.mark.parametrize("chart", ALL.values(), ids=ALL)
def test_identifiers_are_unique_and_all_that_is_referred_to_is_there(chart: Chart) -> None:
    drawn = chart.svg("f")
    found = re.findall(r'\bid="([^"]*)"', drawn)
    used = re.findall(r'url\(#([^)]*)\)|href="#([^"]*)"', drawn)

    assert len(set(found)) == len(found)
    assert {one or other for one, other in used} <= set(found)
    assert all(name.startswith("f-") for name in found)


@pytest.mark.parametrize("name", BY_NUMBER)
def test_every_colour_has_a_class_for_both_schemes(name: str) -> None:
    for element in ET.fromstring(BY_NUMBER[name](3).svg("f")).iter():
        for key, letter in (("fill", "f"), ("stroke", "s")):
            colour = element.get(key, "none")
            if colour.startswith("#"):
                role = next(role for role, known in COLOURS.items() if known == colour)
                assert f"{letter}-{role}" in element.get("class", "").split()


def test_title_and_description_name_the_drawing() -> None:
    chart = BY_NUMBER["roc"](2)
    root = ET.fromstring(chart.svg("f"))
    by_id = {element.get("id"): element.text for element in root}

    assert root.get("role") == "img"
    assert [by_id[name] for name in root.get("aria-labelledby", "").split()] == [
        chart.title,
        chart.description,
    ]


def test_the_same_bytes_in_every_process() -> None:
    code = (
        "from tests.report.drawings import BY_NUMBER\n"
        "import sys; sys.stdout.write(''.join(draw(3).svg('f') for draw in BY_NUMBER.values()))"
    )
    drawn = {
        subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            capture_output=True,
            text=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ".", "HOME": "/tmp"},
        ).stdout
        for seed in ("1", "2")
    }

    assert drawn == {"".join(draw(3).svg("f") for draw in BY_NUMBER.values())}


@pytest.mark.parametrize(
    "name",
    ["<script>alert('x')</script> & $x_1$", "فريق", "团队", "a\x00b\nc\u200b", "_hidden", ""],
)
def test_names_are_shown_as_they_are_or_harmlessly(name: str) -> None:
    axes = {"x": Axis(label=name), "y": Axis(label=name, names=[name, name])}
    series = [Series(name=name, x=[0, 1], y=[0, 1], form="points", labels=[name, name])] * 2
    chart = Chart(title=name, description=name, series=series, **axes)
    drawn = chart.svg("f")

    assert "<script" not in drawn
    texts = {element.text for element in ET.fromstring(drawn).iter(f"{SVG}text")}
    assert not name.isprintable() or len(name) > 20 or not name or name in texts


def test_points_lead_somewhere_but_are_no_tab_stops() -> None:
    series = Series(x=[1, 2], y=[1, 2], form="points", labels=["a", "b"], links=["scores/1", "#2"])
    axis = Axis(label="")
    root = ET.fromstring(
        Chart(title="t", description="d", x=axis, y=axis, series=[series]).svg("f")
    )
    links = {link.get("href"): link for link in root.iter(f"{SVG}a")}

    assert root.get("role") == "group"
    assert links["scores/1"].get("aria-label") == "a"
    assert all(link.get("tabindex") == "-1" for link in links.values())
    assert all(text.get("aria-hidden") == "true" for text in root.iter(f"{SVG}text"))


def test_a_style_that_no_attribute_stands_for_is_an_error() -> None:
    drawn = saved_svg(Figure(), on_white=False).replace("fill: none", "mix-blend-mode: screen")

    with pytest.raises(ValueError, match="mix-blend-mode"):
        page_svg(drawn, name="f", title="t", description="d")


def test_older_drawings_with_a_font_in_one_word_are_understood() -> None:
    drawn = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1">'
        "<text style=\"font: bold 11px 'DejaVu Sans'; fill: #1b1f24\">a</text></svg>"
    )
    text = ET.fromstring(page_svg(drawn, name="f", title="t", description="d")).find(f"{SVG}text")

    assert text is not None
    assert text.attrib == {
        "font-weight": "bold",
        "font-size": "11",
        "fill": "#1b1f24",
        "class": "f-ink",
    }
