"""Tables are safe whatever participants call themselves."""

import pytest

from anomed_core import table_html

HOSTILE = "<script>alert('x')</script>"


def test_everything_is_escaped() -> None:
    for table in (
        table_html([HOSTILE], [["a"]]),
        table_html(["a"], [[HOSTILE]]),
        table_html(["a"], [["b"]], caption=HOSTILE),
        table_html(["a"], [], empty=HOSTILE),
    ):
        assert "<script" not in table
        assert "&lt;script&gt;" in table


@pytest.mark.parametrize("text", ["1", "0.250", "-3", "1e-05", "2.5e+10"])
def test_numbers_are_marked(text: str) -> None:
    assert f'<td class="n">{text}</td>' in table_html(["a"], [[text]])


@pytest.mark.parametrize("text", ["", "-", "about 0.5", "1.2.3", "nan", "10%", "1\n"])
def test_other_cells_are_not(text: str) -> None:
    assert f"<td>{text}</td>" in table_html(["a"], [[text]])


def test_a_table_without_rows_says_so() -> None:
    assert table_html(["a"], []) == "<p>Nothing yet.</p>"
    assert table_html(["a"], [], caption="b", empty="No final yet.") == "<p>No final yet.</p>"
