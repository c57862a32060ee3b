"""matplotlib's SVG as a page can hold it: attributes and classes instead of styles.

Under ``Content-Security-Policy: default-src 'self'`` styles don't count, which leaves black shapes.
Colours become classes that the style sheet draws in its scheme; the attributes remain for the file
alone.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping

from anomed_core.report.palette import COLOURS

_SVG, _XLINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}"
_ROLES = {colour: role for role, colour in COLOURS.items()}
_ATTRIBUTES = {
    *("fill", "fill-opacity", "font-size", "font-style", "font-weight", "opacity", "stroke"),
    *("stroke-dasharray", "stroke-dashoffset", "stroke-linecap", "stroke-linejoin"),
    *("stroke-miterlimit", "stroke-opacity", "stroke-width", "text-anchor"),
}
_DROPPED = frozenset({"font-family", "font-stretch", "font-variant", "white-space"})
_GEOMETRY = {"d", "height", "points", "transform", "width", "x", "y"}
_LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}")
_REFERENCE = re.compile(r"url\(#([^)]*)\)|^#(.*)$", re.DOTALL)
_FONT = re.compile(r"^(?:(italic|oblique) )?(?:(bold|\d+) )?([\d.]+)px .*$", re.DOTALL)


def page_svg(
    drawn: str, *, name: str, title: str, description: str, links: Mapping[str, str] | None = None
) -> str:
    """Rewrite a drawing of matplotlib.

    Parameters
    ----------
    drawn
        Its SVG.
    name
        Begins all identifiers.
    title, description
        What screen readers say.
    links
        What is said of each address that points lead to.

    Returns
    -------
    str
        An element ``svg`` without styles, scripts and sizes of its own.

    Raises
    ------
    ValueError
        If it has a style that no attribute stands for.
    """
    root = ET.fromstring(drawn)  # noqa: S314  # drawn by ourselves
    for parent in root.iter():
        for child in list(parent):
            is_style = child.tag == f"{_SVG}defs" and child.find(f"{_SVG}style") is not None
            if child.tag.endswith("metadata") or is_style:
                parent.remove(child)
    for element in root.iter():
        _rewrite(element)
    _prune(root)
    _rename(root, name)
    for anchor in list(root.iter("a")):
        _name_link(anchor, (links or {}).get(anchor.get("href", ""), ""))
    return _with_words(root, name=name, title=title, description=description)


def _rewrite(element: ET.Element) -> None:
    element.tag = element.tag.removeprefix(_SVG)
    linked = element.attrib.pop(f"{_XLINK}href", None)
    for key in list(element.attrib):
        if key.startswith("{") or (element.tag == "a" and key == "target"):
            element.attrib.pop(key)
    if linked is not None:
        element.set("href", linked)
    element.attrib |= _declarations(element.attrib.pop("style", ""))
    colours = ((letter, element.get(key, "")) for key, letter in (("fill", "f"), ("stroke", "s")))
    classes = [f"{letter}-{_ROLES[colour]}" for letter, colour in colours if colour in _ROLES]
    if classes:
        element.set("class", " ".join(classes))
    for key in element.attrib.keys() & _GEOMETRY:
        element.set(key, _LONG_NUMBER.sub(_rounded, element.get(key, "").strip()))
    if element.get("transform", "").startswith("rotate(-0 "):
        element.attrib.pop("transform")


def _declarations(style: str) -> dict[str, str]:
    attributes: dict[str, str] = {}
    for declaration in filter(None, map(str.strip, style.split(";"))):
        key, value = (part.strip() for part in declaration.split(":", 1))
        if key == "font":
            short = _FONT.match(value)
            if short is None:
                raise ValueError(f"the font {value!r} of a drawing has no size in px")
            parts = zip(("font-style", "font-weight", "font-size"), short.groups(), strict=True)
            attributes |= {name: part for name, part in parts if part}
        elif key in _ATTRIBUTES:
            attributes[key] = value.removesuffix("px")
        elif key not in _DROPPED:
            raise ValueError(f"a drawing has the style {key!r}, for which no attribute is known")
    return attributes


def _rounded(match: re.Match[str]) -> str:
    text = f"{float(match[0]):.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _prune(element: ET.Element) -> None:
    """Drop white space outside of texts, and groups that hold nothing."""
    for child in list(element):
        _prune(child)
        child.tail = None
        if child.tag in {"g", "defs"} and len(child) == 0:
            element.remove(child)
    if element.tag != "text" and element.text and not element.text.strip():
        element.text = None


def _rename(root: ET.Element, name: str) -> None:
    """Keep identifiers that something refers to, renamed to be unique on a page."""
    used = {
        reference[1] or reference[2]
        for element in root.iter()
        for value in element.attrib.values()
        for reference in _REFERENCE.finditer(value)
    }
    names: dict[str, str] = {}
    for element in root.iter():
        old = element.attrib.pop("id", None)
        if old is not None and old in used:
            names[old] = f"{name}-{len(names)}"
            element.set("id", names[old])
    for element in root.iter():
        for key, value in element.attrib.items():
            reference = _REFERENCE.search(value)
            if reference and (reference[1] or reference[2]) in names:
                new = names[reference[1] or reference[2]]
                element.set(key, f"url(#{new})" if reference[1] else f"#{new}")


def _name_link(anchor: ET.Element, label: str) -> None:
    """Say where a link leads; the table beside the drawing is the way for keyboards."""
    anchor.set("tabindex", "-1")
    if label:
        anchor.set("aria-label", label)
        words = ET.Element("title")
        words.text = label
        anchor.insert(0, words)


def _with_words(root: ET.Element, *, name: str, title: str, description: str) -> str:
    linked = root.find(".//a") is not None
    box = root.get("viewBox", "")
    root.attrib.clear()
    root.attrib |= {
        "xmlns": _SVG.strip("{}"),
        "viewBox": box,
        "class": "figure",
        "role": "group" if linked else "img",
        "aria-labelledby": f"{name}-title {name}-desc",
        "font-family": "system-ui, sans-serif",
        "stroke-linejoin": "round",
        "stroke-linecap": "butt",
    }
    for place, (tag, words) in enumerate((("title", title), ("desc", description))):
        said = ET.Element(tag, {"id": f"{name}-{tag}"})
        said.text = words
        root.insert(place, said)
    for text in root.iter("text") if linked else ():
        text.set("aria-hidden", "true")
    return ET.tostring(root, encoding="unicode")
