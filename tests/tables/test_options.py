import pytest

from anomed_core.errors import UsageError
from anomed_core.tables import ColumnKind, TableOptions, parse_options


def test_options_are_read_from_words() -> None:
    pairs = [
        ("separator", "tab"),
        ("na_values", "NA"),
        ("na_values", "?"),
        ("dates", "no"),
        ("kind:born", "date:%d.%m.%Y"),
    ]

    options, kinds = parse_options(pairs)

    assert options == TableOptions(separator="\t", na_values=("NA", "?"), dates=False)
    assert kinds == {"born": ColumnKind("date", "%d.%m.%Y")}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("separator", "::"),
        ("separator", '"'),
        ("decimal", ";"),
        ("encoding", "utf-99"),
        ("index", "keep"),
        ("dates", "maybe"),
        ("times", "1"),
        ("kind:zip", "float"),
        ("sep", ";"),
    ],
)
def test_what_is_not_allowed_is_said(name: str, value: str) -> None:
    with pytest.raises(UsageError, match=r"give|a column is|try"):
        parse_options([(name, value)])


def test_separator_and_decimal_mark_differ() -> None:
    with pytest.raises(UsageError, match="decimal is ','"):
        TableOptions(separator=",", decimal=",")


@pytest.mark.parametrize(("pairs", "times"), [([], False), ([("times", "yes")], True)])
def test_what_is_said_goes_before_what_a_command_prefers(
    pairs: list[tuple[str, str]], times: bool
) -> None:
    options, _ = parse_options(pairs, times=False)

    assert options.times is times
