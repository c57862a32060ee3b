"""Files of a state directory that a copy of it must hold, beside ledger and secret.

They are payloads, bodies that belong to jobs and to the archive, and artifacts with the keys that
find them. Artifacts could be computed anew,
but by other versions of libraries they may come out another way, and then every score would be of
other data. All but keys are named by what they contain.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from anomed_core.state.directory import SHARED
from anomed_core.state.stores import Store
from anomed_core.state.syncing import sync_folder
from anomed_core.wire.digests import digest_file

_KEPT = re.compile(
    r"(?:payloads|artifacts|(?:jobs|archive)/[0-9a-f]{1,32})/([0-9a-f]{2})/\1[0-9a-f]{62}"
    r"|artifacts/keys/[0-9a-f]{64}"
)


def is_kept(name: str) -> bool:
    """Return whether a name, relative to the state directory, is that of such a file."""
    return _KEPT.fullmatch(name) is not None


def kept_files(state: Path) -> list[str]:
    """Return the names of all such files, sorted; keys of artifacts come before what they find.

    What is being written, such as a body before it is evaluated, is not among them.
    """
    # Read first: whatever a key leads to was there before the key.
    names = sorted(_below(state, state / "artifacts" / "keys"))
    filed = [*sorted((state / "jobs").glob("*")), *sorted((state / "archive").glob("*"))]
    for root in (state / "artifacts", state / "payloads", *filed):
        names += sorted(
            name for folder in root.glob("[0-9a-f][0-9a-f]") for name in _below(state, folder)
        )
    return names


def _below(state: Path, folder: Path) -> list[str]:
    names = [path.relative_to(state).as_posix() for path in folder.glob("*")]
    return [name for name in names if is_kept(name)]


def kept_objects(store: Store) -> list[str]:
    """Return the names of all such objects of a store, keys of artifacts first."""
    keys = [stored.name for stored in store.find("artifacts/keys/")]
    others = [stored.name for folder in SHARED for stored in store.find(f"{folder}/")]
    return [name for name in dict.fromkeys((*keys, *others)) if is_kept(name)]


def is_damaged(path: Path) -> bool:
    """Return whether a file is not what its name says."""
    return path.parent.name != "keys" and digest_file(path) != path.name


def write_kept(state: Path, name: str, content: Iterable[bytes]) -> None:
    """Write such a file durably; its name is when `sync_folders` has been called.

    Raises
    ------
    ValueError
        If the name is not that of such a file.
    """
    if not is_kept(name):
        raise ValueError(f"{name!r} is no file of a state directory")
    path = state / name
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("xb") as file:
        for part in content:
            file.write(part)
        file.flush()
        os.fsync(file.fileno())


def sync_folders(state: Path) -> None:
    """Make the names of all files below a state directory durable."""
    for folder, _, _ in os.walk(state):
        sync_folder(Path(folder))
