"""Write npz archives that NumPy would not write, and read them."""

import io
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.lib import format as npy

from anomed_core.wire import Limits, decode_npz

MIB = 2**20
TRUTH = np.arange(6, dtype=np.int64)


def member(array: np.ndarray) -> bytes:
    """Return an array as an npy file."""
    buffer = io.BytesIO()
    npy.write_array(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def announced(header: str, data: bytes = b"", *, version: tuple[int, int] = (1, 0)) -> bytes:
    """Return an npy file with any header in front of any data."""
    text = header.encode("latin1")
    length = struct.pack("<H" if version == (1, 0) else "<I", len(text))
    return npy.magic(*version) + length + text + data


def header_of(shape: str, *, descr: str = "'<f8'", fortran_order: str = "False") -> str:
    """Return the text of an npy header."""
    return f"{{'descr': {descr}, 'fortran_order': {fortran_order}, 'shape': {shape}}}\n"


def archive(
    *members: tuple[str, bytes], compression: int = zipfile.ZIP_STORED, force_zip64: bool = False
) -> bytes:
    """Return a zip archive of members, whatever their names."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as file:
        for name, content in members:
            with file.open(zipfile.ZipInfo(name), "w", force_zip64=force_zip64) as opened:
                opened.write(content)
    return buffer.getvalue()


def prediction(content: bytes, *, compression: int = zipfile.ZIP_STORED) -> bytes:
    """Return an archive with one member, called prediction."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as file:
        file.writestr("prediction.npy", content)
    return buffer.getvalue()


def savez(**arrays: np.ndarray) -> bytes:
    """Return what the published clients send."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]  # its stubs mistake names for options
    return buffer.getvalue()


def zeros_bomb(n_mebibytes: int) -> bytes:
    """Return a small archive of one array of many zero bytes, without compressing them all."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    size = n_mebibytes * 2**20
    header = announced(header_of(f"({size},)", descr="'|u1'"))
    head = compressor.compress(header) + compressor.flush(zlib.Z_FULL_FLUSH)
    block = compressor.compress(bytes(2**20)) + compressor.flush(zlib.Z_FULL_FLUSH)
    packed = head + block * n_mebibytes + compressor.flush(zlib.Z_FINISH)
    name = b"prediction.npy"
    checksum = zlib.crc32(header)
    for _ in range(n_mebibytes):
        checksum = zlib.crc32(bytes(2**20), checksum)
    facts = (zipfile.ZIP_DEFLATED, 0, 33, checksum, len(packed), len(header) + size, len(name), 0)
    local = struct.pack("<4s2H3HLLLHH", b"PK\x03\x04", 20, 0, *facts) + name
    entry = struct.pack("<4s3H3HLLLHH3HLL", b"PK\x01\x02", 20, 20, 0, *facts, 0, 0, 0, 0, 0) + name
    end = struct.pack(
        "<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(entry), len(local) + len(packed), 0
    )
    return local + packed + entry + end


def read(body: bytes, **limits: int) -> np.ndarray:
    """Read the member that most tests send."""
    return decode_npz(body, ["prediction"], limits=Limits(**limits))["prediction"]


@contextmanager
def memory_below(n_bytes: int) -> Iterator[None]:
    """Let a block allocate no more than so many bytes."""
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < n_bytes
