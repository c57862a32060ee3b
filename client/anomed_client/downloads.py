"""What was downloaded: where it lies, and what is in it."""

from __future__ import annotations

import json
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from anomed_client.cache import Places, replace
from anomed_client.errors import DownloadDamaged, MissingExtra, UsageError

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True, kw_only=True, slots=True, weakref_slot=True)
class Download:
    """A file that is what the server has.

    Attributes
    ----------
    path
        Where it is. What was made for one pair of participants goes with this object.
    size_bytes, sha256
        Of its content.
    verified
        Whether the server told its digest; otherwise the size alone was compared.
    from_cache
        Whether it had been downloaded before.
    """

    path: Path
    size_bytes: int
    sha256: str
    verified: bool
    from_cache: bool


class Arrays(Mapping[str, "np.ndarray[Any, Any]"]):
    """The arrays of an npz file; `X` and `y` may be written as attributes.

    Attributes
    ----------
    source
        The file.
    """

    def __init__(self, arrays: Mapping[str, np.ndarray[Any, Any]], source: Download | None) -> None:
        self._arrays = dict(arrays)
        self.source = source

    def __getitem__(self, name: str) -> np.ndarray[Any, Any]:
        return self._arrays[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

    def __repr__(self) -> str:
        told = (f"{name}: {array.dtype} {array.shape}" for name, array in self._arrays.items())
        return f"Arrays({', '.join(told)})"

    @property
    def X(self) -> np.ndarray[Any, Any]:
        """Features, one row a record."""
        return self._named("X")

    @property
    def y(self) -> np.ndarray[Any, Any]:
        """Targets, one a record; empty where they are to be found out."""
        return self._named("y")

    def _named(self, name: str) -> np.ndarray[Any, Any]:
        if name not in self._arrays:
            raise AttributeError(f"there is no array {name!r}; there are {', '.join(self)}")
        return self._arrays[name]


def temporary_places() -> Places:
    """Return places for a file that is not kept."""
    return Places(folder=Path(tempfile.mkdtemp(prefix="anomed-client-")), stem="product")


def gone_with(download: Download, places: Places) -> Download:
    """Let a file go when nobody looks at it any more."""
    weakref.finalize(download, shutil.rmtree, places.folder, ignore_errors=True)
    return download


def copied(download: Download, target: Path, *, name: str) -> Download:
    """Copy a download to where its reader wants it.

    Parameters
    ----------
    download
        As it was fetched.
    target
        A file, or a folder that exists.
    name
        Of the file, in a folder.
    """
    place = target / name if target.is_dir() else target
    beside = place.with_name(f".{place.name}.part")
    try:
        shutil.copyfile(download.path, beside)
        replace(beside, place)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise UsageError(f"{place} cannot be written: {error.strerror}.") from error
    return Download(
        path=place,
        size_bytes=download.size_bytes,
        sha256=download.sha256,
        verified=download.verified,
        from_cache=download.from_cache,
    )


def read_arrays(download: Download) -> Arrays:
    """Read an npz file.

    Raises
    ------
    DownloadDamaged
        If it is none.
    """
    return arrays_of(download.path, download)


def arrays_of(file: Path | BytesIO, source: Download | None) -> Arrays:
    """Read an npz file that was downloaded, or that is an answer; see `read_arrays`."""
    try:
        with np.load(file, allow_pickle=False) as opened:
            return Arrays({name: opened[name] for name in opened.files}, source)
    except (ValueError, OSError, AttributeError, EOFError) as error:
        raise DownloadDamaged(f"{_named(file)} is no npz file: {error}.") from error


def _named(file: Path | BytesIO) -> str:
    return str(file) if isinstance(file, Path) else "The answer"


def read_table(download: Download) -> DataFrame:
    """Read a parquet file.

    Raises
    ------
    MissingExtra
        Without pandas and pyarrow.
    DownloadDamaged
        If it is none.
    """
    return table_of(download.path)


def table_of(file: Path | BytesIO) -> DataFrame:
    """Read a parquet file that was downloaded, or that is an answer; see `read_table`."""
    try:
        import pandas as pd
        import pyarrow as pa  # noqa: F401 - pandas needs it
    except ImportError as error:
        raise MissingExtra("Reading tables needs pandas and pyarrow", "tables") from error
    try:
        with file.open("rb") if isinstance(file, Path) else nullcontext(file) as opened:
            return pd.read_parquet(opened)
    except (ValueError, OSError) as error:
        raise DownloadDamaged(f"{_named(file)} is no parquet file: {error}.") from error


def read_document(download: Download) -> Any:
    """Read a JSON document.

    Raises
    ------
    DownloadDamaged
        If it is none.
    """
    try:
        return json.loads(download.path.read_bytes())
    except ValueError as error:
        raise DownloadDamaged(f"{download.path} is no JSON document: {error}.") from error
