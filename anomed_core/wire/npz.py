"""npz files: bytes to arrays with limits, arrays to bytes without wasted work.

An npz file is a zip archive of ``.npy`` members (NumPy format specification, NEP 1). Nothing is
inflated before the archive's own directory and the header of the wanted member have been judged.
"""

from __future__ import annotations

import ast
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import IO, Any, BinaryIO

import numpy as np
from numpy.lib import format as npy

from anomed_core.errors import MalformedPayloadError, PayloadTooLargeError, RequestError
from anomed_core.wire.limits import Limits

_END_OF_DIRECTORY = b"PK\x05\x06"
_END_OF_DIRECTORY_SIZE = 22
_ZIP64_LOCATOR = b"PK\x06\x07"
_ZIP64_LOCATOR_SIZE = 20
_DIRECTORY_BYTES_PER_MEMBER = 1024
_HEADER_BYTES = 10_000
_DESCR = re.compile(r"[<>|=]?(?P<kind>[biufUS])(?P<size>[1-9][0-9]{0,8})")
_OBJECT_DESCR = re.compile(r"[<>|=]?O[0-9]*")
_SAMPLE_BYTES = 2**18
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    OverflowError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)
"""What zipfile raises on archives that are damaged, encrypted or from the future."""

_UNPARSABLE = (
    ValueError,
    KeyError,
    TypeError,
    IndexError,
    SyntaxError,
    RecursionError,
    MemoryError,
    struct.error,
)
"""What parsing a header raises that is not a header."""

DEFLATE_PAYS_BELOW = 0.5
"""Deflate is used if it shrinks a sample below this share of its size."""


Judge = Callable[[str, tuple[int, ...], np.dtype[Any]], None]
"""Called with name, shape and dtype of an array before it is unpacked; raises to refuse it."""


def decode_npz(
    body: bytes,
    wanted: Iterable[str],
    *,
    limits: Limits | None = None,
    judge: Judge | None = None,
) -> dict[str, np.ndarray]:
    """Read the wanted arrays of an npz file; all others stay untouched.

    Parameters
    ----------
    body
        The file.
    wanted
        Names of arrays to read. Names that the file does not have are left out of the result.
    limits
        Bounds on members and on unpacked bytes.
    judge
        Sees the header of each wanted array before anything is unpacked.

    Returns
    -------
    dict of str to ndarray
        Arrays of bool, integer, float or fixed-length string dtype, native byte order.

    Raises
    ------
    MalformedPayloadError
        If the body is not an npz file, is damaged, or a wanted member has another dtype.
    PayloadTooLargeError
        If it has too many members or would unpack to too many bytes.
    """
    limits = limits or Limits()
    _judge_directory(body, limits)
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            members = _members(archive, limits)
            arrays = {}
            budget = limits.unpacked_bytes
            for name in wanted:
                if name in members:
                    array = _read_member(archive, members[name], budget, judge)
                    arrays[name] = array
                    budget -= array.nbytes
            return arrays
    except RequestError:
        raise
    except _UNREADABLE as error:
        raise MalformedPayloadError(
            f"The body is not a readable npz file ({_one_line(error)}); "
            "send what numpy.savez or numpy.savez_compressed writes."
        ) from error


def _judge_directory(body: bytes, limits: Limits) -> None:
    """Bound the archive's directory before anything parses it into objects."""
    # As zipfile looks for it: behind it stands a comment of at most 65,535 bytes.
    position = body.rfind(_END_OF_DIRECTORY, max(0, len(body) - _END_OF_DIRECTORY_SIZE - 65535))
    if position < 0 or len(body) - position < _END_OF_DIRECTORY_SIZE:
        raise MalformedPayloadError(
            f"The body ({len(body)} bytes) is not an npz file or is cut off; "
            "send what numpy.savez or numpy.savez_compressed writes."
        )
    # Of the zip64 form, these counts say nothing: it has larger ones of its own.
    if body.startswith(_ZIP64_LOCATOR, max(0, position - _ZIP64_LOCATOR_SIZE)):
        raise MalformedPayloadError(
            "The npz file's directory is in the zip64 form, which is for files of more than 4 GiB; "
            "send what numpy.savez or numpy.savez_compressed writes."
        )
    # All entries, and the size of the directory, behind two disk numbers and a count of this disk.
    n_members, directory_bytes = struct.unpack_from("<HI", body, position + 10)
    if n_members > limits.npz_members:
        raise PayloadTooLargeError(
            f"The npz file has {n_members} members; at most {limits.npz_members} are allowed."
        )
    if directory_bytes > _DIRECTORY_BYTES_PER_MEMBER * limits.npz_members:
        raise PayloadTooLargeError(
            f"The npz file's directory takes {directory_bytes} bytes; "
            f"at most {_DIRECTORY_BYTES_PER_MEMBER * limits.npz_members} are allowed."
        )


def _members(archive: zipfile.ZipFile, limits: Limits) -> dict[str, zipfile.ZipInfo]:
    infos = archive.infolist()
    if len(infos) > limits.npz_members:
        raise PayloadTooLargeError(
            f"The npz file has {len(infos)} members; at most {limits.npz_members} are allowed."
        )
    members: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        name = info.filename.removesuffix(".npy")
        if name in members:
            raise MalformedPayloadError(f"The npz file holds {name!r} twice; send it once.")
        members[name] = info
    return members


def _read_member(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, budget: int, judge: Judge | None
) -> np.ndarray:
    name = info.filename.removesuffix(".npy")
    if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise MalformedPayloadError(
            f"Array {name!r} uses compression method {info.compress_type}; use stored or deflate."
        )
    with archive.open(info) as member:
        shape, fortran_order, dtype = _read_header(member, name)
        if judge is not None:
            judge(name, shape, dtype)
        size_bytes = _size_bytes(shape, dtype)
        if size_bytes > budget:
            raise PayloadTooLargeError(
                f"Array {name!r} of shape {str(shape)[:80]} and dtype {dtype} would unpack to more "
                f"than the {budget} bytes that are allowed."
            )
        if size_bytes > info.file_size:  # before so much memory is taken for it
            raise _not_as_announced(name, size_bytes)
        data = bytearray(size_bytes)
        n_read = _read_into(member, data)
        if n_read != size_bytes or member.read(1):
            raise _not_as_announced(name, size_bytes)
    array = np.frombuffer(data, dtype=dtype).reshape(shape, order="F" if fortran_order else "C")
    return array if dtype.isnative else array.astype(dtype.newbyteorder("="))


def _not_as_announced(name: str, size_bytes: int) -> MalformedPayloadError:
    return MalformedPayloadError(
        f"Array {name!r} does not hold the {size_bytes} bytes that its header announces."
    )


def _read_header(member: IO[bytes], name: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    try:
        shape, fortran_order, descr = _parsed_header(member)
    except _UNPARSABLE as error:
        raise MalformedPayloadError(
            f"Array {name!r} has no readable npy header (format 1.0 or 2.0)."
        ) from error
    if any(length < 0 for length in shape) or len(shape) > 32:
        raise MalformedPayloadError(f"Array {name!r} has the impossible shape {str(shape)[:80]}.")
    return shape, fortran_order, _dtype(descr, name)


def _parsed_header(member: IO[bytes]) -> tuple[tuple[int, ...], bool, Any]:
    """Parse an npy header; unlike NumPy's own reader, without Python 2 and without warnings."""
    version = npy.read_magic(member)
    length_format = {(1, 0): "<H", (2, 0): "<I"}[version]
    (length,) = struct.unpack(length_format, member.read(struct.calcsize(length_format)))
    if length > _HEADER_BYTES:
        raise ValueError(f"the header takes {length} bytes")
    header = ast.literal_eval(member.read(length).decode("latin1").strip())
    descr, fortran_order, shape = (header[key] for key in ("descr", "fortran_order", "shape"))
    is_plain = type(fortran_order) is bool and type(shape) is tuple
    if len(header) != 3 or not is_plain or not all(type(length) is int for length in shape):
        raise ValueError("the header has fields of other types")
    return shape, fortran_order, descr


def _dtype(descr: Any, name: str) -> np.dtype[Any]:
    text = str(descr)
    if _OBJECT_DESCR.fullmatch(text):  # in the words of the published server
        raise MalformedPayloadError(f"Expected a NumPy array with name '{name}'.")
    try:
        if isinstance(descr, str) and _DESCR.fullmatch(descr):
            return np.dtype(descr)
    except (TypeError, ValueError):
        pass  # of an allowed kind, but in a size that does not exist
    raise MalformedPayloadError(
        f"Array {name!r} has dtype {text[:80]}; allowed are bool, integers, floats and "
        "fixed-length strings."
    )


def _size_bytes(shape: tuple[int, ...], dtype: np.dtype) -> int:
    size = dtype.itemsize
    for length in shape:
        size *= length
    return size


def _read_into(member: IO[bytes], data: bytearray) -> int:
    view = memoryview(data)
    position = 0
    while position < len(view):
        chunk = member.read(min(2**20, len(view) - position))
        if not chunk:
            break
        view[position : position + len(chunk)] = chunk
        position += len(chunk)
    return position


def write_npz(file: BinaryIO, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays as an npz file, compressing only what compression makes much smaller.

    Equal arrays give equal bytes: members carry a fixed time stamp.

    Parameters
    ----------
    file
        Writable binary file.
    arrays
        Member names without ``.npy`` to arrays, written in this order.
    """
    with zipfile.ZipFile(file, "w", allowZip64=True) as archive:
        for name, array in arrays.items():
            values = np.asanyarray(array)
            info = zipfile.ZipInfo(f"{name}.npy", date_time=_FIXED_TIME)
            info.compress_type = (
                zipfile.ZIP_DEFLATED if _deflate_pays(values) else zipfile.ZIP_STORED
            )
            with archive.open(info, "w", force_zip64=values.nbytes > 2**31) as member:
                npy.write_array(member, values, allow_pickle=False)


def encode_npz(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Return arrays as the bytes of an npz file without compression.

    Parameters
    ----------
    arrays
        Member names without ``.npy`` to arrays, written in this order.

    Returns
    -------
    bytes
        Readable by ``numpy.load`` without pickle.

    Examples
    --------
    >>> import numpy as np
    >>> body = encode_npz({"prediction": np.array([True, False])})
    >>> decode_npz(body, ["prediction"])["prediction"]
    array([ True, False])
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            npy.write_array(member, np.asanyarray(array), allow_pickle=False)
            archive.writestr(
                zipfile.ZipInfo(f"{name}.npy", date_time=_FIXED_TIME), member.getbuffer()
            )
    return buffer.getvalue()


def _deflate_pays(array: np.ndarray) -> bool:
    """Judge by samples from start, middle and end, so that sorted data does not mislead."""
    if array.nbytes < 2 * _SAMPLE_BYTES:
        return False
    flat = array.reshape(-1) if array.flags.c_contiguous else array.ravel(order="K")
    n_items = _SAMPLE_BYTES // 4 // array.itemsize
    starts = np.linspace(0, len(flat) - n_items, num=4).astype(int)
    sample = b"".join(flat[start : start + n_items].tobytes() for start in starts)
    return len(zlib.compress(sample, level=1)) < DEFLATE_PAYS_BELOW * len(sample)


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__
