"""``anomed report``: pages, and every figure as a file of its own."""

import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from anomed_core.service.server import Server

Anomed = Callable[..., Any]


def test_a_page_needs_nothing_else(
    anomed: Anomed, scored: Server, config: str, game: str, tmp_path: Path
) -> None:
    answer = anomed("report", config, "--plugin", game, "--output", "pages")

    (page,) = (tmp_path / "pages").glob("*.html")
    html = page.read_text(encoding="utf-8")
    assert answer.code == 0
    assert html.startswith("<!doctype html>")
    assert not {"<link", "<script", "<iframe", " style="} & {
        word for word in ("<link", "<script", "<iframe", " style=") if word in html
    }
    assert html.index("Ranking") < html.index("House attacks") if "House attacks" in html else True


@pytest.mark.parametrize("forms", ["pnf", "", "svg;pdf"])
def test_an_unknown_form_is_refused_before_anything_is_written(
    forms: str, anomed: Anomed, scored: Server, config: str, game: str, tmp_path: Path
) -> None:
    answer = anomed("report", config, "--plugin", game, "--figures", "f", "--format", forms)

    assert answer.code == 2
    assert "--format takes svg, pdf, csv" in answer.err
    assert not (tmp_path / "f").exists()
    assert not (tmp_path / "report").exists()


def test_figures_are_written_with_their_numbers(tmp_path: Path) -> None:
    from anomed_core.cli.report import _write_figures
    from anomed_core.report import Section, histogram_chart

    chart = histogram_chart([1, 2], [3], title="Loss of <members>")
    parts = [Section(title="a", parts=[chart])]
    written = _write_figures(parts, tmp_path / "new", start="iris", forms=["svg", "pdf", "csv"])

    assert [path.name for path in written] == [
        f"iris-01-loss-of-members.{form}" for form in ("svg", "pdf", "csv")
    ]
    ET.fromstring(written[0].read_text(encoding="utf-8"))
    assert written[1].read_bytes().startswith(b"%PDF")
    assert written[2].read_text(encoding="utf-8") == chart.csv()


def test_one_challenge_is_chosen_and_an_unknown_one_refused(
    anomed: Anomed, scored: Server, config: str, game: str, tmp_path: Path
) -> None:
    (name,) = scored.challenges

    chosen = anomed("report", config, "--plugin", game, "--output", "one", "--challenge", name)
    unknown = anomed("report", config, "--plugin", game, "--output", "no", "--challenge", "other")

    assert chosen.code == 0
    assert [page.stem for page in (tmp_path / "one").glob("*.html")] == [name]
    assert unknown.code == 2
    assert f"--challenge takes {name}, but got other" in unknown.err
    assert not (tmp_path / "no").exists()
