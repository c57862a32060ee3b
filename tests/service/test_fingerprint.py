"""Equal settings give equal fingerprints in every process; what decides no score doesn't count."""

from datetime import date
from decimal import Decimal
from enum import Enum
from pathlib import Path

import attrs
import numpy as np
import pytest

from anomed_core.service.fingerprint import stable


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@attrs.frozen
class Part:
    size: int = 1
    note: str = attrs.field(default="", metadata={"fingerprint": False})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Decimal("0.1"), Decimal("0.2")),
        (Path("a.csv"), Path("b.csv")),
        ({"a", "b"}, {"a", "c"}),
        (date(2026, 1, 1), date(2026, 1, 2)),
        (Colour.RED, Colour.BLUE),
        ([Part(size=1)], [Part(size=2)]),
        ({"part": (Part(size=1),)}, {"part": (Part(size=2),)}),
        (0.1, 0.1 + 2**-56),
        (1, True),
    ],
    ids=["decimal", "path", "set", "date", "enum", "list", "mapping", "float", "bool"],
)
def test_other_settings_are_told_apart_however_deep(one: object, other: object) -> None:
    assert repr(stable([one])) != repr(stable([other]))


def test_equal_settings_are_equal_whatever_their_order_and_their_float_type() -> None:
    assert stable({"b", "a", "c"}) == stable({"c", "b", "a"})
    assert stable(np.float64(0.1)) == stable(0.1)


def test_a_field_that_decides_no_score_may_change() -> None:
    assert stable(Part(note="before")) == stable(Part(note="after"))
