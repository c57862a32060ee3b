"""What hostile writers send as npz is refused, cheaply and in one sentence."""

import io
import struct
import time
import zipfile

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from anomed_core.errors import MalformedPayloadError, PayloadTooLargeError, RequestError
from anomed_core.wire import Limits, decode_npz
from tests.wire.archives import (
    MIB,
    TRUTH,
    announced,
    archive,
    header_of,
    member,
    memory_below,
    prediction,
    read,
    savez,
    zeros_bomb,
)


@pytest.mark.timed
def test_a_bomb_of_one_megabyte_is_refused_before_it_unpacks() -> None:
    body = zeros_bomb(1024)
    assert MIB / 2 < len(body) < 1.1 * MIB
    began = time.perf_counter()

    with memory_below(4 * MIB), pytest.raises(PayloadTooLargeError, match="would unpack to more"):
        read(body)

    assert time.perf_counter() - began < 0.5


def test_a_bomb_hidden_behind_a_small_header_is_refused() -> None:
    content = announced(header_of("(1,)", descr="'|u1'")) + bytes(64 * MIB)
    body = prediction(content, compression=zipfile.ZIP_DEFLATED)

    with memory_below(4 * MIB), pytest.raises(MalformedPayloadError, match="does not hold"):
        read(body)


def test_a_bomb_that_fits_the_limits_is_read() -> None:
    """The bomb of these tests is a real one: NumPy unpacks it."""
    assert read(zeros_bomb(3)).nbytes == 3 * MIB


def test_a_header_that_announces_more_than_the_file_holds_allocates_nothing() -> None:
    body = prediction(announced(header_of(f"({200 * MIB},)", descr="'|u1'"), b"few"))

    with memory_below(4 * MIB), pytest.raises(MalformedPayloadError, match="does not hold"):
        read(body)


def test_all_wanted_members_share_one_budget() -> None:
    body = savez(first=np.zeros(100), second=np.zeros(100))

    with pytest.raises(PayloadTooLargeError, match="'second'"):
        decode_npz(body, ["first", "second"], limits=Limits(unpacked_bytes=1500))


def test_too_many_members_are_refused() -> None:
    body = archive(*((f"a{number}.npy", b"") for number in range(65)))

    with pytest.raises(PayloadTooLargeError, match="has 65 members; at most 64 are allowed"):
        read(body)


def test_a_huge_directory_is_refused_before_it_is_parsed() -> None:
    body = archive(*(("x" * 60_000 + str(number), b"") for number in range(60)))

    with (
        memory_below(4 * MIB),
        pytest.raises(PayloadTooLargeError, match="directory takes 3"),
    ):
        read(body)


def test_a_directory_of_a_million_members_behind_a_zip64_record_is_refused() -> None:
    """Python's zipfile believes a zip64 record even where the plain one fits."""
    entry = archive(("a", b""))
    directory = entry[entry.index(b"PK\x01\x02") : entry.index(b"PK\x05\x06")]
    n_members = 200_000
    start = b"PK\x03\x04"
    size = len(directory) * n_members
    zip64 = struct.pack(
        "<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, n_members, n_members, size, len(start)
    )
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, len(start) + size, 1)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, 47, 0, 0)
    body = start + directory * n_members + zip64 + locator + end
    assert (
        len(
            zipfile.ZipFile(
                io.BytesIO(body[: len(start)] + directory + _zip64(directory))
            ).infolist()
        )
        == 1
    )

    with memory_below(4 * MIB), pytest.raises(MalformedPayloadError, match="zip64"):
        read(body)


def _zip64(directory: bytes) -> bytes:
    size, start = len(directory), 4
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, size, start)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, start + size, 1)
    return record + locator + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 9, 9, 9, 0, 0)


@pytest.mark.parametrize(
    "names",
    [("prediction.npy", "prediction.npy"), ("prediction", "prediction.npy")],
    ids=["same name", "with and without suffix"],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_is_there_twice_is_refused(names: tuple[str, str]) -> None:
    body = archive(*((name, member(TRUTH)) for name in names))

    with pytest.raises(MalformedPayloadError, match="'prediction' twice"):
        read(body)


def test_pickled_objects_are_refused_in_the_words_of_the_published_server() -> None:
    body = prediction(member(np.array([{"a": 1}], dtype=object)))

    with pytest.raises(
        MalformedPayloadError, match=r"^Expected a NumPy array with name 'prediction'\.$"
    ):
        read(body)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros(3, dtype=np.complex128),
        np.zeros(3, dtype="M8[ns]"),
        np.zeros(3, dtype=[("a", "<f8"), ("b", "O")]),
        np.zeros(3, dtype="V8"),
    ],
    ids=["complex", "times", "records", "void"],
)
def test_other_dtypes_are_refused(array: np.ndarray) -> None:
    with pytest.raises(MalformedPayloadError, match="'prediction' has dtype"):
        read(prediction(member(array)))


def test_encrypted_members_are_refused() -> None:
    body = bytearray(prediction(member(TRUTH)))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        body[body.index(signature) + offset] |= 1

    with pytest.raises(MalformedPayloadError, match="encrypted"):
        read(bytes(body))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA], ids=["bzip2", "lzma"])
def test_other_compressions_are_refused(method: int) -> None:
    with pytest.raises(MalformedPayloadError, match="use stored or deflate"):
        read(prediction(member(TRUTH), compression=method))


def test_damaged_content_is_refused() -> None:
    body = bytearray(prediction(member(TRUTH)))
    body[body.index(b"PK\x01\x02") - 3] ^= 255

    with pytest.raises(MalformedPayloadError, match="CRC"):
        read(bytes(body))


@pytest.mark.parametrize("n_bytes", [0, 1, 21, 22, 100])
def test_cut_off_files_are_refused(n_bytes: int) -> None:
    with pytest.raises(MalformedPayloadError, match=rf"\({n_bytes} bytes\) is not an npz file"):
        read(savez(prediction=TRUTH)[:n_bytes])


def test_every_truncation_is_refused() -> None:
    body = savez(prediction=TRUTH)

    for n_bytes in range(len(body)):
        with pytest.raises(MalformedPayloadError):
            read(body[:n_bytes])


@pytest.mark.parametrize(
    "header",
    [
        "",
        "{",
        "[" * 5000,
        "[]",
        "{}",
        "'descr'",
        "{'descr': '<f8'}",
        "lambda: 1",
        "__import__('os').abort()",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (6,), 'more': 1}",
        header_of("6"),
        header_of("[6]"),
        header_of("(6.0,)"),
        header_of("(True,)"),
        header_of("('6',)"),
        header_of("(10**3,)"),
        header_of("(6,)", fortran_order="0"),
        header_of("(" + "9" * 6000 + ",)"),
        "{'descr': '<f8', 'fortran_order': False, 'shape': (6L,)}",
        header_of("(6,)") + " " * 20_000,
    ],
)
def test_headers_that_are_no_headers_are_refused(header: str) -> None:
    body = prediction(announced(header, TRUTH.tobytes(), version=(2, 0)))

    with pytest.raises(MalformedPayloadError, match="no readable npy header"):
        read(body)


@pytest.mark.parametrize("shape", ["(-6,)", "(2, -3)", "(" + "1, " * 33 + ")"])
def test_impossible_shapes_are_refused(shape: str) -> None:
    with pytest.raises(MalformedPayloadError, match="impossible shape"):
        read(prediction(announced(header_of(shape), TRUTH.tobytes())))


@pytest.mark.parametrize(
    "shape", ["(" + "9" * 4000 + ",)", "(" + "9" * 2000 + ", " + "9" * 2000 + ")"]
)
def test_astronomic_shapes_are_refused_in_a_short_sentence(shape: str) -> None:
    with pytest.raises(PayloadTooLargeError) as refusal:
        read(prediction(announced(header_of(shape), TRUTH.tobytes())))

    assert len(str(refusal.value)) < 300


@pytest.mark.parametrize(
    "descr",
    ["'<f3'", "'<U999999999'", "'f8,f8'", "'<i0'", "()", "[]", "('<f8', (2,))", "None", "'2f8'"],
)
def test_dtypes_that_do_not_exist_are_refused(descr: str) -> None:
    with pytest.raises(MalformedPayloadError, match="'prediction' has dtype"):
        read(prediction(announced(header_of("(6,)", descr=descr), TRUTH.tobytes())))


@pytest.mark.parametrize("version", [b"\x03\x00", b"\x09\x09"])
def test_other_versions_of_the_format_are_refused(version: bytes) -> None:
    content = bytearray(member(TRUTH))
    content[6:8] = version

    with pytest.raises(MalformedPayloadError, match=r"format 1\.0 or 2\.0"):
        read(prediction(bytes(content)))


@given(position=st.integers(0, 10_000), value=st.integers(0, 255), compress=st.booleans())
@example(position=6, value=255, compress=False)
def test_a_changed_byte_never_causes_anything_but_a_refusal(
    position: int, value: int, compress: bool
) -> None:
    method = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    body = bytearray(prediction(member(TRUTH), compression=method))
    body[position % len(body)] = value

    assert_read_or_refused(bytes(body))


@given(st.binary(max_size=400))
def test_arbitrary_bytes_are_refused(body: bytes) -> None:
    assert_read_or_refused(body)


@given(st.binary(max_size=300))
def test_arbitrary_members_are_refused(content: bytes) -> None:
    assert_read_or_refused(prediction(content))


@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=200))
def test_arbitrary_headers_are_refused(header: str) -> None:
    assert_read_or_refused(prediction(announced(header, TRUTH.tobytes())))


def assert_read_or_refused(body: bytes) -> None:
    try:
        decoded = decode_npz(body, ["prediction"], limits=Limits(unpacked_bytes=MIB))
    except RequestError:
        return
    assert set(decoded) <= {"prediction"}
