"""One way to turn values into digests."""

import hashlib
from pathlib import Path

import pytest

from anomed_core.wire import canonical_json, digest_bytes, digest_file, digest_value


def test_key_order_and_white_space_do_not_matter() -> None:
    assert digest_value({"a": 1, "b": [1.5, "ä"]}) == digest_value({"b": [1.5, "ä"], "a": 1})
    assert canonical_json({"b": "ä", "a": 1.0}) == '{"a":1.0,"b":"ä"}'


def test_digests_are_sha256(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc")
    expected = hashlib.sha256(b"abc").hexdigest()

    assert digest_bytes(b"abc") == digest_file(tmp_path / "file") == expected


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"a": [float("-inf")]}])
def test_what_is_not_json_has_no_digest(value: object) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        digest_value(value)


def test_other_objects_have_no_digest() -> None:
    with pytest.raises(TypeError):
        digest_value({1, 2})
