"""Colours by role."""

COLOURS = {
    "ink": "#1b1f24",
    "muted": "#57606b",
    "line": "#d0d7df",
    "participant": "#0a4fb8",
    "house": "#2b2e33",
    "gate": "#601271",
    "risk": "#ac4917",
    "utility": "#147a63",
}
"""Of the light scheme. Drawings name colours by role only; the style sheet knows both schemes."""
