"""The codec: bytes to arrays and tables with limits, and back; no HTTP objects."""

from anomed_core.wire.digests import canonical_json, digest_bytes, digest_file, digest_value
from anomed_core.wire.limits import Limits
from anomed_core.wire.npz import decode_npz, encode_npz, write_npz
from anomed_core.wire.parquet import decode_parquet, encode_parquet

__all__ = [
    "Limits",
    "canonical_json",
    "decode_npz",
    "decode_parquet",
    "digest_bytes",
    "digest_file",
    "digest_value",
    "encode_npz",
    "encode_parquet",
    "write_npz",
]
