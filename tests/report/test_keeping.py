"""What is kept is what was measured."""

import pytest
from markupsafe import Markup

from anomed_core.report import (
    Cell,
    Fact,
    Facts,
    Folded,
    Section,
    Table,
    parts_from_json,
    parts_to_json,
    rendered,
)
from tests.report.drawings import ALL


def test_parts_come_back_as_they_were() -> None:
    table = Table(caption="b", head=["c"], rows=[["<d>"], [Cell.interval(0.5, 0.4, 0.6)]])
    facts = Facts([Fact(name="e", value="1", notes=["f"], tone="risk")])
    parts = (
        "a < b",
        Markup("<p>a</p>"),
        Section(title="g", parts=[facts, Folded(summary="h", parts=[table])]),
        *ALL.values(),
    )

    kept = parts_from_json(parts_to_json(parts))

    assert kept == parts
    assert isinstance(kept[1], Markup)
    assert not isinstance(kept[0], Markup)
    assert rendered(kept[:3]) == rendered(parts[:3])


@pytest.mark.parametrize(
    "text", ['[{"kind": "Popen", "args": "x"}]', '[{"kind": "Fact"}]', "[{}]", "3"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no parts of a page"):
        parts_from_json(text)
