"""Look after a store: whether it holds what the ledger names, and what nothing names any more."""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping

import attrs

from anomed_core.ledger import Ledger, NamedBodies
from anomed_core.service.backup.archive import Progress
from anomed_core.state import Store, StoredObject
from anomed_core.state.filed_bodies import LINGER_S
from anomed_core.state.kept_files import is_kept

YOUNG_S = 86_400.0
"""Seconds for which an object may be ahead of the row that will name it."""

_DIGEST = re.compile(r"[0-9a-f]{64}")
_KEYS = "artifacts/keys/"
_LARGEST_LIST_BYTES = 2**20
"""Lists of the parts of forms and of arrays are smaller."""


@attrs.frozen(kw_only=True)
class StoreFault:
    """An object that is missing, or is not what its name says.

    Attributes
    ----------
    name
        Its name in the store.
    problem
        One sentence.
    """

    name: str
    problem: str


@attrs.frozen(kw_only=True)
class Collected:
    """What nothing names.

    Attributes
    ----------
    objects
        The objects.
    n_unfinished
        How many writes were given up that never ended.
    """

    objects: tuple[StoredObject, ...]
    n_unfinished: int = 0

    @property
    def size_bytes(self) -> int:
        """How much room the objects take."""
        return sum(stored.size_bytes for stored in self.objects)


def store_faults(
    store: Store, ledger: Ledger, *, full: bool, progress: Progress
) -> list[StoreFault]:
    """Find what is missing in a store, or damaged.

    Parameters
    ----------
    store
        The store.
    ledger
        Names what must be there.
    full
        Whether the content of every object is read; otherwise only keys of artifacts are.
    progress
        Told what is under way.
    """
    named = ledger.named_bodies()  # first: what a row names was there before the row
    objects = _objects(store)
    faults = [
        StoreFault(name=name, problem="it is missing, although the ledger names it")
        for name in sorted(_required(named))
        if name not in objects
    ]
    for name in (name for name in objects if name.startswith(_KEYS)):
        digest = _text(store, name)
        if digest is not None and _artifact(digest) not in objects:
            faults.append(StoreFault(name=name, problem="it leads to an artifact that is missing"))
    if full:
        contents = [name for name in objects if not name.startswith(_KEYS)]
        for number, name in enumerate(contents, start=1):
            progress("objects of the store", number, len(contents))
            if not _is_sound(store, name):
                faults.append(StoreFault(name=name, problem="it is not what its name says"))
    return faults


def collect(
    store: Store, ledger: Ledger, *, dry_run: bool, older_than_s: float = YOUNG_S
) -> Collected:
    """Remove what no row, key or list names, and has not been written for a while.

    Parameters
    ----------
    store
        The store.
    ledger
        Its rows name bodies.
    dry_run
        Whether nothing is removed.
    older_than_s
        Seconds since it was written.
    """
    objects = _objects(store)  # first: what is written from now on is not looked at
    named = ledger.named_bodies()
    oldest = time.time() - older_than_s
    due = [
        stored
        for stored in objects.values()
        if stored.modified_at < oldest and not _is_named(stored, named, oldest)
    ]
    listed = _listed(store, objects, named) if due else frozenset()
    due = [stored for stored in due if stored.name not in listed]
    if dry_run:
        return Collected(objects=tuple(due))
    removed = [stored for stored in due if _removed(store, stored)]
    n_unfinished = store.remove_unfinished(older_than_s=older_than_s)
    return Collected(objects=tuple(removed), n_unfinished=n_unfinished)


def _objects(store: Store) -> dict[str, StoredObject]:
    return {stored.name: stored for stored in store.find() if is_kept(stored.name)}


def _artifact(digest: str) -> str:
    return f"artifacts/{digest[:2]}/{digest}"


def _required(named: NamedBodies) -> Iterator[str]:
    for digest in (value.hex() for value in named.kept):
        yield f"payloads/{digest[:2]}/{digest}"
    for claim, digests in named.filed.items():
        for digest in digests:
            yield f"archive/{claim}/{digest[:2]}/{digest}"


def _is_named(stored: StoredObject, named: NamedBodies, oldest: float) -> bool:
    folder, _, rest = stored.name.partition("/")
    owner, digest = rest.partition("/")[0], stored.name.rpartition("/")[2]
    if folder == "payloads":
        return bytes.fromhex(digest) in named.submitted
    if folder == "archive":
        return not owner.isdigit() or int(owner) in named.held or int(owner) in named.filed
    if folder == "jobs":
        return owner in named.jobs or stored.modified_at > oldest - LINGER_S
    return stored.name.startswith(_KEYS)


def _listed(
    store: Store, objects: Mapping[str, StoredObject], named: NamedBodies
) -> frozenset[str]:
    """Return what is named by keys, by lists of arrays and by lists of the parts of forms."""
    names: set[str] = set()
    for name in (name for name in objects if name.startswith(_KEYS)):
        digest = _text(store, name)
        if digest is not None:
            names.add(_artifact(digest))
            names |= {_artifact(line[:64]) for line in _lines(store, objects, _artifact(digest))}
    submitted = (value.hex() for value in named.submitted)
    for name in (f"payloads/{digest[:2]}/{digest}" for digest in submitted):
        text = "".join(_lines(store, objects, name))
        names |= {f"payloads/{part[:2]}/{part}" for part in _parts_of(text)}
    return frozenset(names)


def _lines(store: Store, objects: Mapping[str, StoredObject], name: str) -> list[str]:
    """Return the lines of an object that may be a list; none of what is none for certain."""
    stored = objects.get(name)
    if stored is None or stored.size_bytes > _LARGEST_LIST_BYTES:
        return []
    return (_text(store, name) or "").splitlines()


def _parts_of(text: str) -> Iterable[str]:
    try:
        value = json.loads(text)
    except ValueError:
        return ()
    values = value.values() if isinstance(value, dict) else ()
    return [part for part in values if isinstance(part, str) and _DIGEST.fullmatch(part)]


def _text(store: Store, name: str) -> str | None:
    """Return an object as text; ``None`` if it is none, or was removed meanwhile."""
    try:
        return store.read(name).decode("utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return None


def _is_sound(store: Store, name: str) -> bool:
    with tempfile.TemporaryFile(prefix="anomed-verify-") as file:
        try:
            store.fetch(name, file)
        except FileNotFoundError:
            return True
        file.seek(0)
        return hashlib.file_digest(file, "sha256").hexdigest() == name.rpartition("/")[2]


def _removed(store: Store, stored: StoredObject) -> bool:
    """Remove an object, unless it was written again since it was listed."""
    now = next((other for other in store.find(stored.name) if other.name == stored.name), None)
    if now is None or now.modified_at != stored.modified_at:
        return False
    store.remove(stored.name)
    return True
