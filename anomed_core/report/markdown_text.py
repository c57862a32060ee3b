"""Markdown of organisers as parts of pages: without HTML, pictures and scripts."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_DEEPEST = 6


def markdown(text: str, *, level: int = 3) -> Markup:
    r"""Return Markdown as markup.

    Parameters
    ----------
    text
        CommonMark with tables. HTML in it is shown as it is written, links lead to the web or to
        pages of the server, and pictures are left as text: pages load nothing from elsewhere.
    level
        Of its highest headings: 3 below the heading of a section.

    Returns
    -------
    Markup

    Examples
    --------
    >>> print(markdown("# Who falls ill?\n\nNobody <b>knows</b>."))
    <h3>Who falls ill?</h3>
    <p>Nobody &lt;b&gt;knows&lt;/b&gt;.</p>
    <BLANKLINE>
    """
    parser = _parser()
    tokens = parser.parse(text)
    headings = sorted({int(token.tag[1]) for token in tokens if token.type == "heading_open"})
    shifted = {f"h{old}": f"h{min(level + n, _DEEPEST)}" for n, old in enumerate(headings)}
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = shifted[token.tag]
    rendered: str = parser.renderer.render(tokens, parser.options, {})
    return Markup(rendered)  # noqa: S704  # the parser escapes HTML


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
