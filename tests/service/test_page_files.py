"""Story, rules and picture of a challenge: read once, and refused in a sentence."""

from pathlib import Path

import pytest

from anomed_core.config.settings import ChallengeTable, PagesTable
from anomed_core.errors import ConfigError
from anomed_core.report import markdown
from anomed_core.service.page_files import read_pages

PNG = b"\x89PNG\r\n\x1a\n"


def table(**files: object) -> ChallengeTable:
    return ChallengeTable(id="ward", type="x", pages=PagesTable(**files))  # type: ignore[arg-type]


def test_nothing_is_read_where_nothing_is_named() -> None:
    pages = read_pages(table())

    assert (pages.story, pages.rules, pages.image) == ("", "", b"")


def test_files_are_read_and_told_apart_by_their_digest(tmp_path: Path) -> None:
    (tmp_path / "story.md").write_text("# A ward")
    (tmp_path / "ward.png").write_bytes(PNG)
    pages = read_pages(
        table(story=tmp_path / "story.md", image=tmp_path / "ward.png", image_alt="A ward")
    )

    assert (pages.story, pages.image, pages.image_type) == ("# A ward", PNG, "image/png")
    assert pages.digest != read_pages(table()).digest


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("story", None, "challenges.ward.pages.story: there is no file"),
        ("story", b"\xff\xfe\x00", "is no UTF-8"),
        ("rules", b"x" * 300_000, "300,000 bytes; at most 262,144"),
        ("image", b"<svg/>", "is no picture that pages show"),
    ],
)
def test_what_cannot_be_shown_is_refused(
    name: str, content: bytes | None, words: str, tmp_path: Path
) -> None:
    path = tmp_path / f"{name}.{'svg' if name == 'image' else 'md'}"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ConfigError, match=words.replace(".", r"\.")):
        read_pages(table(**{name: path}))


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "![x](https://elsewhere.example/x.png)",
        '<img src=x onerror="alert(1)">',
        "`<b>`",
    ],
)
def test_markdown_of_organisers_neither_runs_nor_loads_anything(text: str) -> None:
    html = markdown(text)

    assert "<script" not in html
    assert "<img" not in html
    assert 'href="javascript' not in html
    assert "<b>" not in html


def test_headings_begin_below_those_of_the_page() -> None:
    assert markdown("## a\n\n#### b") == "<h3>a</h3>\n<h4>b</h4>\n"
