"""HTML and SVG elements as text that is escaped exactly once."""

from __future__ import annotations

from html import escape

_WITHOUT_END_TAG = frozenset({"br", "meta"})


class Markup(str):
    """Text that is markup already; any other string is escaped when it becomes a child."""

    __slots__ = ()


def element(tag: str, *children: str | None, **attributes: str | float | None) -> Markup:
    """Return an element.

    Parameters
    ----------
    tag : str
    children : str or None
        Text is escaped unless it is markup; None is left out.
    attributes : str, float or None
        A trailing underscore is dropped and others become hyphens, so that ``class_`` and
        ``aria_label`` can be written. None is left out; numbers are rounded to hundredths.

    Returns
    -------
    Markup

    Examples
    --------
    >>> print(element("p", "1 < 2", class_="note"))
    <p class="note">1 &lt; 2</p>
    """
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for name, value in attributes.items()
        if value is not None
    )
    if tag in _WITHOUT_END_TAG:
        return Markup(f"<{tag}{written}>")
    return Markup(f"<{tag}{written}>{joined(*children)}</{tag}>")


def joined(*children: str | None) -> Markup:
    """Return children one after the other.

    Parameters
    ----------
    children : str or None
        Text is escaped unless it is markup; None is left out.

    Returns
    -------
    Markup

    Examples
    --------
    >>> print(joined("a & ", element("b", "c"), None))
    a &amp; <b>c</b>
    """
    return Markup(
        "".join(
            child if isinstance(child, Markup) else escape(child, quote=False)
            for child in children
            if child is not None
        )
    )


def _value(value: str | float) -> str:
    if isinstance(value, str):
        return escape(value)
    return f"{value:.2f}".rstrip("0").rstrip(".")
