"""Names beside points, where they cover neither each other nor a point."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_LETTER, _HEIGHT, _POINT = 6.4, 12.0, 8.0

_SHIFTS = (
    *(((0, 12), "center"), ((6, 11), "left"), ((-6, 11), "right")),
    *(((0, -12), "center"), ((6, -11), "left"), ((-6, -11), "right")),
)
"""Never beside a point, where its interval lies."""

_SIDES = {"center": 0, "left": 1, "right": -1}

Place = tuple[tuple[float, float], str]
_Box = tuple[float, float, float, float]


def label_places(
    points: Sequence[Any], names: Sequence[str], *, inside: tuple[float, ...]
) -> dict[int, Place]:
    """Return where names fit beside their points.

    Parameters
    ----------
    points
        Places in points, upwards.
    names
        One for each; an empty one needs no place.
    inside
        Left, bottom, right and top that no name may cross.

    Returns
    -------
    dict
        By the index of the point: how far its name is off, and its anchor. Names that fit nowhere
        are missing.

    Examples
    --------
    >>> label_places([(50, 50), (52, 50)], ["a", "b"], inside=(0, 0, 100, 100))
    {0: ((0, 12), 'center'), 1: ((6, 11), 'left')}
    """
    taken = [_box(x, y, _POINT, _POINT) for x, y in points]
    places: dict[int, Place] = {}
    for index, ((x, y), name) in enumerate(zip(points, names, strict=True)):
        width = _LETTER * len(name)
        for shift, anchor in _SHIFTS:
            center = x + shift[0] + _SIDES[anchor] * width / 2
            box = _box(center, y + shift[1], width, _HEIGHT)
            fits = box[0] >= inside[0] and box[1] >= inside[1]
            fits = fits and box[2] <= inside[2] and box[3] <= inside[3]
            if name and fits and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                places[index] = (shift, anchor)
                break
    return places


def _box(center: float, middle: float, width: float, height: float) -> _Box:
    return center - width / 2, middle - height / 2, center + width / 2, middle + height / 2


def _overlap(one: _Box, other: _Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
