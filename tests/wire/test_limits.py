"""Limits against hostile input."""

import attrs
import pytest

from anomed_core.wire import Limits


@pytest.mark.parametrize("name", [field.name for field in attrs.fields(Limits)])
@pytest.mark.parametrize("value", [0, -1])
def test_every_limit_leaves_room_for_something(name: str, value: int) -> None:
    with pytest.raises(ValueError, match=name):
        Limits(**{name: value})
