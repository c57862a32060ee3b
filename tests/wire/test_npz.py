"""npz bodies: what honest writers send is read, what hostile ones send is refused cheaply."""

import io
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from anomed_core.errors import MalformedPayloadError
from anomed_core.wire import decode_npz, encode_npz, write_npz
from tests.wire.archives import (
    MIB,
    TRUTH,
    announced,
    archive,
    header_of,
    member,
    memory_below,
    read,
    savez,
    zeros_bomb,
)

# --- what honest writers send ---------------------------------------------------------------------

arrays = hnp.arrays(
    dtype=st.one_of(
        hnp.boolean_dtypes(),
        hnp.integer_dtypes(endianness="="),
        hnp.unsigned_integer_dtypes(endianness="="),
        hnp.floating_dtypes(endianness="=", sizes=(16, 32, 64)),
        hnp.unicode_string_dtypes(endianness="=", min_len=1, max_len=5),
        hnp.byte_string_dtypes(min_len=1, max_len=5),
    ),
    shape=hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)


@given(arrays)
def test_every_plain_array_survives_the_round_trip(array: np.ndarray) -> None:
    decoded = read(encode_npz({"prediction": array}))

    assert decoded.dtype == array.dtype
    assert decoded.shape == array.shape
    assert decoded.tobytes() == array.tobytes()


@given(arrays)
def test_numpy_reads_what_is_encoded(array: np.ndarray) -> None:
    with np.load(io.BytesIO(encode_npz({"X": array})), allow_pickle=False) as file:
        assert file["X"].tobytes() == array.tobytes()


@pytest.mark.parametrize("compressed", [False, True], ids=["savez", "savez_compressed"])
def test_what_numpy_saves_is_read(compressed: bool) -> None:
    buffer = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(buffer, prediction=TRUTH)

    np.testing.assert_array_equal(read(buffer.getvalue()), TRUTH)


@pytest.mark.parametrize("dtype", [">f8", ">i4", ">U3"])
def test_big_endian_arrays_come_out_native(dtype: str) -> None:
    sent = np.array(["1", "2", "3"]).astype(dtype)

    decoded = read(savez(prediction=sent))

    assert decoded.dtype.isnative
    np.testing.assert_array_equal(decoded, sent)


def test_fortran_order_is_undone() -> None:
    sent = np.asfortranarray(np.arange(12.0).reshape(3, 4))

    np.testing.assert_array_equal(read(savez(prediction=sent)), sent)


def test_an_array_without_axes_is_read() -> None:
    decoded = read(savez(prediction=np.float64(0.5)))

    assert decoded.shape == ()
    assert decoded == 0.5


def test_an_empty_array_is_read() -> None:
    assert read(savez(prediction=np.empty((0, 3)))).shape == (0, 3)


def test_nan_is_the_business_of_the_rules_and_not_of_the_codec() -> None:
    assert np.isnan(read(savez(prediction=np.array([np.nan])))).all()


def test_members_in_zip64_form_are_read() -> None:
    body = archive(("prediction.npy", member(TRUTH)), force_zip64=True)

    np.testing.assert_array_equal(read(body), TRUTH)


def test_an_absent_member_is_left_out() -> None:
    assert decode_npz(savez(other=TRUTH), ["prediction"]) == {}


def test_members_that_nobody_wants_are_never_unpacked() -> None:
    body = archive(
        ("prediction.npy", member(TRUTH)),
        ("bomb.npy", announced(header_of("(10**12,)"))),
        ("pickle.npy", member(np.array([object()], dtype=object))),
    )

    np.testing.assert_array_equal(read(body), TRUTH)


def test_the_judge_sees_the_header_before_anything_is_unpacked() -> None:
    def refuse(name: str, shape: tuple[int, ...], dtype: np.dtype) -> None:
        raise PermissionError(f"{name} {shape} {dtype}")

    with (
        memory_below(4 * MIB),
        pytest.raises(MalformedPayloadError, match=r"prediction \(104857600,\) uint8"),
    ):
        decode_npz(zeros_bomb(100), ["prediction"], judge=refuse)


def test_unwritten_limits_are_the_defaults() -> None:
    np.testing.assert_array_equal(
        decode_npz(savez(prediction=TRUTH), ["prediction"])["prediction"], TRUTH
    )


# --- writing --------------------------------------------------------------------------------------


def written(**arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    write_npz(buffer, arrays)
    return buffer.getvalue()


def test_members_are_written_in_their_order() -> None:
    names = zipfile.ZipFile(io.BytesIO(written(X=TRUTH, y=TRUTH))).namelist()

    assert names == ["X.npy", "y.npy"]


def test_equal_arrays_give_equal_bytes() -> None:
    assert written(X=TRUTH) == written(X=TRUTH.copy())
    assert encode_npz({"X": TRUTH}) == encode_npz({"X": TRUTH.copy()})


def test_noise_is_stored_because_deflate_does_not_pay() -> None:
    noise = np.random.default_rng(1).normal(size=100_000)

    assert len(written(X=noise)) > noise.nbytes


def test_what_shrinks_is_deflated() -> None:
    zeros = np.zeros(100_000)
    body = written(X=zeros)

    assert len(body) < zeros.nbytes / 100
    np.testing.assert_array_equal(np.load(io.BytesIO(body))["X"], zeros)


def test_sorted_data_does_not_mislead_the_sample() -> None:
    """Only the beginning is constant: deflate would not pay."""
    noise = np.random.default_rng(1).integers(0, 2**63, 400_000)
    noise[:40_000] = 0

    assert len(written(X=noise)) > noise.nbytes


@pytest.mark.parametrize("order", ["C", "F"])
def test_large_arrays_of_any_order_are_written_whole(order: str) -> None:
    array = np.zeros((300, 1000), order=order)  # type: ignore[call-overload]
    array[7, 8] = 9.0

    np.testing.assert_array_equal(np.load(io.BytesIO(written(X=array)))["X"], array)


def test_objects_are_never_pickled() -> None:
    with pytest.raises(ValueError, match="allow_pickle"):
        encode_npz({"X": np.array([object()], dtype=object)})
