"""Tables become frozen classes, strictly."""

import json
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest

from anomed_core.config import structure
from anomed_core.errors import ConfigError


@attrs.frozen(kw_only=True)
class Inner:
    shares: tuple[float, ...] = ()
    words: tuple[str, ...] = ()
    names: list[str] = attrs.field(factory=list)


@attrs.frozen(kw_only=True)
class Outer:
    flag: bool = False
    level: float = 0.0
    note: str | None = None
    count: int | None = None
    inner: Inner = attrs.field(factory=Inner)
    many: tuple[Inner, ...] = ()
    path: Path = Path("x")
    anything: Any = None
    even: int = attrs.field(default=0)

    @even.validator
    def _check(self, _: object, value: int) -> None:
        if value % 2:
            raise ValueError(f"even must be even,\n got {value}")


def test_values_are_taken_in_their_types() -> None:
    settings = structure(
        {
            "flag": True,
            "level": 1,
            "note": "x",
            "count": 3,
            "inner": {"shares": [1, 0.5], "words": ["a"], "names": ["b"]},
            "many": [{"words": ["c"]}],
            "path": "~/file",
            "anything": [1, {"a": 2}],
        },
        Outer,
        key="c",
    )

    assert settings == Outer(
        flag=True,
        level=1.0,
        note="x",
        count=3,
        inner=Inner(shares=(1.0, 0.5), words=("a",), names=["b"]),
        many=(Inner(words=("c",)),),
        path=Path("~/file").expanduser(),
        anything=[1, {"a": 2}],
    )
    assert type(settings.level) is float


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"flag": 1}, "c.flag: expected true or false, got 1"),
        ({"flag": "true"}, "c.flag: expected true or false, got 'true'"),
        ({"level": True}, "c.level: expected a number, got True"),
        ({"level": "1"}, "c.level: expected a number, got '1'"),
        ({"level": float("inf")}, "c.level: expected a finite number, got inf"),
        ({"level": float("nan")}, "c.level: expected a finite number, got nan"),
        ({"level": 10**400}, "c.level: expected a finite number, got inf"),
        ({"note": 1}, "c.note: expected text in quotes, got 1"),
        ({"count": 1.5}, "c.count: expected a whole number, got 1.5"),
        ({"inner": 5}, "c.inner: expected a table, got 5"),
        ({"inner": []}, "c.inner: expected a table, got a list"),
        ({"inner": {"shares": 5}}, "c.inner.shares: expected a list, got 5"),
        ({"inner": {"shares": "0.5"}}, "c.inner.shares: expected a list, got '0.5'"),
        ({"inner": {"words": "accuracy"}}, "c.inner.words: expected a list, got 'accuracy'"),
        ({"inner": {"names": "accuracy"}}, "c.inner.names: expected a list, got 'accuracy'"),
        ({"inner": {"words": ["a", 1]}}, "c.inner.words[1]: expected text in quotes, got 1"),
        ({"many": [{}, {"wrds": []}]}, "c.many[1].wrds: unknown key; did you mean 'words'?"),
        ({"many": {"words": []}}, "c.many: expected a list, got a table"),
        ({"even": 3}, "c.even: even must be even, got 3"),
        ({"extra": 1}, "c.extra: unknown key; "),
        ([], "c: expected a table, got a list"),
        (None, "c: expected a table, got None"),
    ],
)
def test_what_does_not_fit_is_one_line_with_the_path_of_its_key(table: Any, sentence: str) -> None:
    with pytest.raises(ConfigError) as error:
        structure(table, Outer, key="c")

    assert str(error.value).startswith(sentence)
    assert "\n" not in str(error.value)


@attrs.frozen
class Amounts:
    exact: Decimal = Decimal(0)
    rounded: float = 0.0
    any: Any = None
    count: int = 0


@pytest.mark.parametrize("written", ["0.10", "12.50", "1e-3", "0.1000000000000000055"])
def test_a_decimal_keeps_its_text_and_a_float_is_what_it_always_was(written: str) -> None:
    table = tomllib.loads(
        f"exact = {written}\nrounded = {written}\nany = {{ a = [{written}] }}",
        parse_float=Decimal,
    )
    amounts = structure(table, Amounts, key="c")
    assert str(amounts.exact) == str(Decimal(written))
    assert (amounts.rounded, type(amounts.rounded)) == (float(written), float)
    assert amounts.any == {"a": [float(written)]}
    assert json.loads(json.dumps(amounts.any)) == amounts.any


@pytest.mark.parametrize(("value", "text"), [(1, "1"), (0.1, "0.1"), (Decimal("0.10"), "0.10")])
def test_a_decimal_field_takes_every_number(value: Any, text: str) -> None:
    assert str(structure({"exact": value}, Amounts, key="c").exact) == text


def test_a_number_is_complained_of_as_it_was_written() -> None:
    with pytest.raises(ConfigError, match=r"c\.count: expected a whole number, got 0\.10$"):
        structure({"count": Decimal("0.10")}, Amounts, key="c")


@pytest.mark.parametrize("value", [True, "0.1", Decimal("inf"), Decimal("1e400"), float("nan")])
def test_what_is_no_finite_number_is_no_decimal(value: Any) -> None:
    with pytest.raises(ConfigError, match=r"c\.exact: expected a (finite )?number, got"):
        structure({"exact": value}, Amounts, key="c")
