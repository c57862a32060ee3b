"""Files that are built once, whoever asks first."""

import multiprocessing
import os
import threading
import time
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest

from anomed_core.state import Artifact, ArtifactStore, FrozenArrays


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path)


def build_slowly(store: ArtifactStore, log: Path) -> Artifact:
    """Build an artifact, and leave a line for each time that it is built."""

    def build(file: BinaryIO) -> None:
        with log.open("a") as lines:
            lines.write(f"{os.getpid()}\n")
        time.sleep(0.05)
        file.write(b"content")

    return store.build_once("key", build)


def race(store: ArtifactStore, log: Path, start: Barrier) -> None:
    start.wait()
    build_slowly(store, log)


def test_processes_that_race_build_once(store: ArtifactStore, tmp_path: Path) -> None:
    log = tmp_path / "log"
    context = multiprocessing.get_context("fork")
    start = context.Barrier(8)
    racers = [context.Process(target=race, args=(store, log, start)) for _ in range(8)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(30)

    assert [racer.exitcode for racer in racers] == [0] * 8
    assert len(log.read_text().splitlines()) == 1


def test_threads_that_race_build_once(store: ArtifactStore, tmp_path: Path) -> None:
    log = tmp_path / "log"
    found: list[Artifact] = []
    racers = [
        threading.Thread(target=lambda: found.append(build_slowly(store, log))) for _ in range(8)
    ]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(30)

    assert len(log.read_text().splitlines()) == 1
    assert len(set(found)) == 1


def test_an_artifact_is_named_by_its_content(store: ArtifactStore, tmp_path: Path) -> None:
    artifact = build_slowly(store, tmp_path / "log")

    assert artifact.path.read_bytes() == b"content"
    assert artifact.path.name == artifact.digest
    assert artifact.digest == "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73"
    assert artifact.size_bytes == 7


def test_other_keys_build_again(store: ArtifactStore) -> None:
    first = store.build_once("a", lambda file: file.write(b"1") and None)
    second = store.build_once("b", lambda file: file.write(b"2") and None)

    assert first.digest != second.digest


def test_a_builder_that_raises_leaves_nothing(store: ArtifactStore, tmp_path: Path) -> None:
    def fail(file: BinaryIO) -> None:
        file.write(b"half")
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        store.build_once("key", fail)

    assert not list(tmp_path.glob("building-*"))
    assert build_slowly(store, tmp_path / "log").size_bytes == 7


@pytest.mark.parametrize("torn", ["", "ed70", "../../etc/passwd"])
def test_a_torn_pointer_is_built_again(store: ArtifactStore, tmp_path: Path, torn: str) -> None:
    """A pointer is not synced: after a power loss it may be empty."""
    build_slowly(store, tmp_path / "log")
    (pointer,) = (tmp_path / "keys").iterdir()
    pointer.write_text(torn)

    assert build_slowly(store, tmp_path / "log").path.read_bytes() == b"content"


def test_a_lost_file_is_built_again(store: ArtifactStore, tmp_path: Path) -> None:
    build_slowly(store, tmp_path / "log").path.unlink()

    assert build_slowly(store, tmp_path / "log").path.read_bytes() == b"content"


# --- frozen arrays --------------------------------------------------------------------------------

ARRAYS = {
    "numbers": np.arange(12.0).reshape(3, 4),
    "fortran order": np.asfortranarray(np.arange(12).reshape(3, 4)),
    "strings": np.array(["a", "böse"]),
    "bools": np.array([True, False]),
    "none": np.empty((0, 4)),
    "scalar": np.array(3.5),
}


@pytest.fixture
def frozen(store: ArtifactStore) -> FrozenArrays:
    return store.freeze("key", lambda: ARRAYS)


def test_frozen_arrays_are_what_they_were(frozen: FrozenArrays) -> None:
    assert list(frozen.arrays) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert frozen.arrays[name].dtype == array.dtype
        assert frozen.arrays[name].shape == array.shape
        np.testing.assert_array_equal(frozen.arrays[name], array)


def test_frozen_arrays_are_read_only(frozen: FrozenArrays) -> None:
    assert not any(array.flags.writeable for array in frozen.arrays.values())


def test_frozen_arrays_are_memory_maps(frozen: FrozenArrays) -> None:
    mapped = [name for name, array in frozen.arrays.items() if isinstance(array.base, np.memmap)]

    assert set(mapped) >= {name for name in ARRAYS if name != "none"}


def test_arrays_are_computed_once(store: ArtifactStore, frozen: FrozenArrays) -> None:
    def fail() -> dict[str, np.ndarray]:
        raise AssertionError("computed again")

    assert store.freeze("key", fail).digest == frozen.digest


def test_the_digest_tells_contents_and_names_apart(store: ArtifactStore) -> None:
    def digest(key: str, **arrays: np.ndarray) -> str:
        return store.freeze(key, lambda: arrays).digest

    same = {
        digest("1", a=np.arange(3)),
        digest("2", a=np.arange(3)),
    }
    others = {
        digest("3", a=np.arange(4)),
        digest("4", b=np.arange(3)),
        digest("5", a=np.arange(3.0)),
    }

    assert len(same) == 1
    assert len(same | others) == 4


def test_objects_cannot_be_frozen(store: ArtifactStore) -> None:
    with pytest.raises(ValueError, match="allow_pickle"):
        store.freeze("key", lambda: {"a": np.array([object()], dtype=object)})


def test_a_lost_array_is_computed_again(store: ArtifactStore, tmp_path: Path) -> None:
    store.freeze("key", lambda: {"a": np.arange(3)})
    for path in tmp_path.glob("??/*"):
        if path.read_bytes().startswith(b"\x93NUMPY"):
            path.unlink()

    np.testing.assert_array_equal(
        store.freeze("key", lambda: {"a": np.arange(3)}).arrays["a"], np.arange(3)
    )


def test_what_nobody_built_is_not_found(store: ArtifactStore) -> None:
    assert store.find("key") is None


def test_what_was_built_is_found(store: ArtifactStore, tmp_path: Path) -> None:
    built = build_slowly(store, tmp_path / "log")
    assert store.find("key") == built
