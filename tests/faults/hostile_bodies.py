"""Bodies that are small to send and large, or impossible, to take in."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

MIB = 2**20


def npy_header(description: str) -> bytes:
    """Return the beginning of a npy file (format 1.0) with this header."""
    padding = -(len(description) + 11) % 64
    header = description.encode() + b" " * padding + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header


def _npz(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return buffer.getvalue()


def announced_too_long() -> bytes:
    """Return an npz whose array says that it has 2^40 elements."""
    return _npz(
        prediction=npy_header(f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({2**40},), }}")
    )


def longer_than_announced() -> bytes:
    """Return an npz whose array is followed by 512 MiB of zeros."""
    header = npy_header("{'descr': '<f8', 'fortran_order': False, 'shape': (10,), }")
    return _npz(prediction=header + bytes(512 * MIB))


def long_npy_header() -> bytes:
    """Return an npz whose array's header has 64 kB of brackets."""
    return _npz(prediction=npy_header("(" * 65_000))


def many_members() -> bytes:
    """Return an npz of 60,000 members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(60_000):
            archive.writestr(f"{number}.npy", b"")
    return buffer.getvalue()


def one_member_many_times() -> bytes:
    """Return an npz whose directory names one member 50 times."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("prediction.npy", bytes(100))
        archive.filelist *= 50
    return buffer.getvalue()


def pickled_objects() -> bytes:
    """Return an npz of Python objects."""
    buffer = io.BytesIO()
    np.savez(buffer, prediction=np.array([print, 1], dtype=object))
    return buffer.getvalue()


def _parquet(table: pa.Table, **options: object) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", **options)
    return bytes(sink.getvalue())


def _constant_table(*, n_rows: int, n_columns: int) -> pa.Table:
    column = pa.array(np.zeros(n_rows, dtype=np.int64))
    return pa.table({"age": column, **{f"c{n}": column for n in range(n_columns - 1)}})


def many_rows() -> bytes:
    """Return a parquet file of 20 million equal rows."""
    return _parquet(_constant_table(n_rows=20_000_000, n_columns=1))


def many_cells() -> bytes:
    """Return a parquet file of 1,500 columns with 60,000 equal rows: 700 MiB."""
    return _parquet(_constant_table(n_rows=60_000, n_columns=1_500))


def many_columns() -> bytes:
    """Return a parquet file of 10,000 columns."""
    return _parquet(_constant_table(n_rows=1, n_columns=10_000))


def repeated_text() -> bytes:
    """Return a parquet file whose dictionary holds one text of 1 MiB, used 100,000 times."""
    text = pa.DictionaryArray.from_arrays(
        pa.array(np.zeros(100_000, dtype=np.int32)), pa.array(["x" * MIB])
    )
    age = pa.array(np.zeros(100_000))
    return _parquet(pa.table({"age": age, "city": text}))


def long_footer() -> bytes:
    """Return what says that it is a parquet file with a footer of 1 GiB."""
    return b"PAR1" + bytes(1000) + struct.pack("<I", 2**30) + b"PAR1"


def multipart(*parts: tuple[str, bytes], boundary: str = "b") -> tuple[bytes, str]:
    """Return the body and Content-Type of a form."""
    body = b"".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode()
        + content
        + b"\r\n"
        for name, content in parts
    )
    return body + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def zlib_noise() -> bytes:
    """Return an npz whose deflate stream is damaged in the middle."""
    body = bytearray(_npz(prediction=npy_header("{}") + zlib.compress(bytes(100_000))))
    body[60:70] = b"\xff" * 10
    return bytes(body)


NPZ: tuple[Callable[[], bytes], ...] = (
    announced_too_long,
    longer_than_announced,
    long_npy_header,
    many_members,
    one_member_many_times,
    pickled_objects,
    zlib_noise,
)
PARQUET: tuple[Callable[[], bytes], ...] = (
    many_rows,
    many_cells,
    many_columns,
    repeated_text,
    long_footer,
)
