"""A damaged, foreign or misplaced archive is refused in a sentence and leaves nothing."""

import json
import os
import signal
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from anomed_core.errors import AnomedError, LedgerMismatchError, UsageError
from anomed_core.ledger import Database
from anomed_core.service.backup import back_up, restore
from anomed_core.state import StateDirectory
from anomed_core.state.payloads import PayloadStore
from tests.faults.small_disk import small_disk
from tests.service.backup.conftest import (
    Place,
    Played,
    contents_of,
    put_back,
    rows_of,
    silent,
)


def refusal(archive: Path, state: Path, url: str = "") -> str:
    """Return the sentence of a refusal that leaves nothing."""
    before = sorted(state.iterdir()) if state.exists() else None
    with pytest.raises((UsageError, LedgerMismatchError)) as caught:
        put_back(archive, state, url)
    assert (sorted(state.iterdir()) if state.exists() else None) == before
    assert "\n" not in str(caught.value)
    return str(caught.value)


# --- damage ---------------------------------------------------------------------------------------


@given(place=st.floats(0, 1, exclude_max=True), bits=st.integers(0, 255))
@example(place=0.0, bits=1)
@example(place=0.999999, bits=0)
def test_a_changed_or_missing_end_is_noticed_or_changes_nothing(
    archive: Path, played_on: Callable[[str], Played], place: float, bits: int
) -> None:
    content = bytearray(archive.read_bytes())
    at = int(place * len(content))
    if bits:
        content[at] ^= bits
    else:
        del content[at:]
    with tempfile.TemporaryDirectory() as folder:
        damaged, state = Path(folder, "damaged.zip"), Path(folder, "state")
        damaged.write_bytes(content)
        sentence = ""
        try:
            put_back(damaged, state)
        except AnomedError as error:
            sentence = str(error)
        assert "\n" not in sentence
        assert state.exists() == (not sentence)
        if not sentence:
            played = played_on("sqlite")
            assert rows_of(f"sqlite:///{state}/ledger.sqlite") == rows_of(played.url)
            assert contents_of(state) == contents_of(played.state)
            assert (state / "secret").read_bytes() == (played.state / "secret").read_bytes()


def forged(archive: Path, target: Path, **changes: Any) -> Path:
    """Write an archive anew with other content; ``None`` leaves a member out."""
    with zipfile.ZipFile(archive) as source:
        members: dict[str, bytes | None] = {name: source.read(name) for name in source.namelist()}
    facts = changes.pop("manifest", {})
    manifest = {**json.loads(members["manifest.json"] or b""), **facts}
    members |= {"manifest.json": json.dumps(manifest).encode(), **changes}
    with zipfile.ZipFile(target, "w") as written:
        for name, content in members.items():
            if content is not None:
                written.writestr(name, content)
    return target


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"tables/teams.jsonl": b""}, "tables/teams.jsonl is not what was written"),
        ({"secret": b"00"}, "secret is not what was written"),
        ({"tables/teams.jsonl": None}, "does not hold what its manifest lists"),
        ({"../elsewhere": b""}, "does not hold what its manifest lists"),
        ({"manifest": {"format": "anomed backup 2"}}, "install the newer one"),
        ({"manifest": {"format": "a picture"}}, "is no archive of anomed backup"),
        ({"manifest": {"revision": "9999"}}, "install the newer release"),
        ({"manifest": {"revision": "0001"}}, "lacks or adds tables of the schema 0001"),
        ({"manifest": {"tables": {}}}, "which no backup writes"),
        ({"manifest": {"shape": "round"}}, "is damaged"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_archive_that_no_backup_wrote_is_refused(
    archive: Path, tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    assert words in refusal(forged(archive, tmp_path / "f.zip", **changes), tmp_path / "state")


def test_a_path_out_of_the_state_directory_is_refused(archive: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(archive) as source:
        members = json.loads(source.read("manifest.json"))["members"]
    listed = {"members": {**members, "payloads/../../evil": ["0" * 64, 0]}}
    changes = {"payloads/../../evil": b"", "manifest": listed}
    sentence = refusal(forged(archive, tmp_path / "f.zip", **changes), tmp_path / "state")
    assert "which no backup writes" in sentence


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    text, other = tmp_path / "text", tmp_path / "other.zip"
    text.write_text("once upon a time")
    zipfile.ZipFile(other, "w").close()
    for file in (text, other):
        assert "is no archive of anomed backup" in refusal(file, tmp_path / "state")


# --- places ---------------------------------------------------------------------------------------


def test_a_directory_that_is_not_empty_is_refused(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "is not empty" in refusal(archive, tmp_path)
    with pytest.raises(UsageError, match="is not empty"):
        put_back(archive, tmp_path / "file")


@pytest.mark.parametrize("sort", ["sqlite", "postgresql"])
def test_a_database_with_a_ledger_is_refused(
    archive: Path, tmp_path: Path, place: Place, sort: str
) -> None:
    url = place(sort)
    Database(url).close()
    before = rows_of(url)
    assert "a ledger in this database already" in refusal(archive, tmp_path / "state", url)
    assert rows_of(url) == before


@pytest.mark.parametrize("sort", ["sqlite", "postgresql"])
def test_a_failure_leaves_the_database_as_it_was(
    archive: Path, tmp_path: Path, place: Place, sort: str
) -> None:
    url = place(sort)
    wrong = forged(archive, tmp_path / "f.zip", secret=b"00")  # noticed after all rows
    assert "is damaged" in refusal(wrong, tmp_path / "state", url)
    with pytest.raises(UsageError, match="there is no ledger"):
        rows_of(url)
    assert put_back(archive, tmp_path / "state", url).faults == []


@pytest.mark.parametrize("is_ledger_elsewhere", [True, False], ids=["files", "ledger"])
def test_a_full_disk_leaves_nothing(
    played_on: Callable[[str], Played], tmp_path: Path, is_ledger_elsewhere: bool
) -> None:
    full, elsewhere = tmp_path / "full", tmp_path / "elsewhere"
    full.mkdir()
    elsewhere.mkdir()
    PayloadStore(full / "payloads").keep(bytes(2**21))
    back_up(played_on("sqlite").url, full, tmp_path / "b.zip", progress=silent)
    with small_disk(tmp_path / "disk", size_mib=1) as disk:
        if is_ledger_elsewhere:
            url = f"sqlite:///{elsewhere}/ledger.sqlite"
        else:
            url = ""
            disk.fill()
            ballast = disk.folder / "ballast"
            os.truncate(ballast, ballast.stat().st_size - 2**16)
        sentence = refusal(tmp_path / "b.zip", disk.folder / "state", url)
    assert "nothing is restored" in sentence
    assert "free some space" in sentence
    assert list(elsewhere.iterdir()) == []


def test_a_full_disk_leaves_no_archive(played_on: Callable[[str], Played], tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", size_mib=1) as disk:
        disk.fill()
        with pytest.raises(UsageError, match="cannot be written: No space left"):
            played_on("sqlite").archived(disk.folder / "backup.zip")
        assert [path.name for path in disk.folder.iterdir()] == ["ballast"]


def test_an_interruption_leaves_nothing(archive: Path, tmp_path: Path) -> None:
    def interrupted(what: str, _: int, __: int) -> None:
        if what == "payloads and artifacts":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        restore(archive, tmp_path / "state", progress=interrupted)
    assert list(tmp_path.iterdir()) == []


# --- ends without notice --------------------------------------------------------------------------

STEPS = ["rows of scores", "checking the ledger", "payloads and artifacts"]


def killed_in(step: str, archive: Path, state: Path, url: str = "") -> None:
    """Restore in a process that is killed as soon as it comes to a step."""

    def kill(what: str, *_: int) -> None:
        if what == step:
            os.kill(os.getpid(), signal.SIGKILL)

    process = os.fork()
    if not process:
        try:
            restore(archive, state, url=url, progress=kill)
        finally:
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == -signal.SIGKILL


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("sort", ["", "postgresql"])
def test_what_a_killed_one_left_is_used_by_nobody_and_goes_with_the_next(
    archive: Path,
    played_on: Callable[[str], Played],
    place: Place,
    tmp_path: Path,
    sort: str,
    step: str,
) -> None:
    state, url = tmp_path / "state", place(sort) if sort else ""
    killed_in(step, archive, state, url)
    for use in (
        lambda: StateDirectory(state),
        lambda: back_up(url, state, tmp_path / "b.zip", progress=silent),
    ):
        with pytest.raises(UsageError, match="holds a part of an archive only"):
            use()

    assert put_back(archive, state, url).faults == []
    played = played_on("sqlite")
    assert rows_of(url or f"sqlite:///{state}/ledger.sqlite") == rows_of(played.url)
    assert contents_of(state) == contents_of(played.state)
    assert not [path for path in state.iterdir() if path.name.startswith("restoring")]


def test_what_was_killed_after_its_rows_were_there_is_left_alone(
    archive: Path, place: Place, tmp_path: Path
) -> None:
    state, url = tmp_path / "state", place("sqlite")
    put_back(archive, state, url)
    (state / "restoring").touch()
    before = contents_of(state)

    with pytest.raises(UsageError, match="a ledger in this database already"):
        put_back(archive, state, url)
    assert contents_of(state) == before


def test_two_do_not_fill_one_place(archive: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"

    def other(what: str, *_: int) -> None:
        if what == "payloads and artifacts":
            with pytest.raises(UsageError, match="another anomed restore fills"):
                put_back(archive, state)

    assert restore(archive, state, progress=other).faults == []
