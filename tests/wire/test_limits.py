"""Limits against hostile input."""

import attrs
import pytest

from anomed_core.wire import Limits

NONE_BY_ZERO = {"stored_bytes_per_subject"}


@pytest.mark.parametrize("name", [field.name for field in attrs.fields(Limits)])
@pytest.mark.parametrize("value", [0, -1])
def test_every_limit_leaves_room_for_something(name: str, value: int) -> None:
    if value == 0 and name in NONE_BY_ZERO:
        assert getattr(Limits(**{name: value}), name) == 0
        return
    with pytest.raises(ValueError, match=name):
        Limits(**{name: value})
