"""The cache of shadow models' results: whole files or none."""

import numpy as np
import pytest
from anomed_supervised_mia.shadow import ShadowCache


def test_what_was_put_is_got(tmp_path):
    cache = ShadowCache(tmp_path / "made" / "on" / "demand")
    assert cache.get("key") is None
    cache.put("key", [1.0, 2.0])
    np.testing.assert_array_equal(cache.get("key"), [1.0, 2.0])
    assert cache.get("other") is None


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"not an array at all"])
def test_a_damaged_file_counts_as_missing(tmp_path, content):
    (tmp_path / "key.npy").write_bytes(content)
    cache = ShadowCache(tmp_path)
    assert cache.get("key") is None
    cache.put("key", [3.0])
    np.testing.assert_array_equal(cache.get("key"), [3.0])


def test_objects_are_never_unpickled(tmp_path):
    np.save(tmp_path / "key.npy", np.array([{}], dtype=object), allow_pickle=True)
    assert ShadowCache(tmp_path).get("key") is None


def test_a_failed_write_leaves_nothing_behind(tmp_path):
    with pytest.raises(ValueError, match="could not convert"):
        ShadowCache(tmp_path).put("key", ["no number"])
    assert list(tmp_path.iterdir()) == []
