"""Files that people choose in a form, as the bodies that programs would have sent.

What a file is, its first bytes tell. An npz or parquet file and a JSON document go on as they are;
a table in CSV becomes parquet, and an array alone, a CSV file or a JSON document of arrays an npz
file. So whatever judges bodies of programs judges these, in the same words.
"""

from __future__ import annotations

import csv
import io
import json
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from anomed_core.errors import (
    MalformedPayloadError,
    PayloadTooLargeError,
    SubmissionRejected,
    TableError,
)
from anomed_core.model import (
    ArraySchema,
    ArraysSchema,
    ColumnSchema,
    FormSchema,
    JSONSchema,
    SubmissionSchema,
    TableSchema,
    TextSchema,
)
from anomed_core.service.json_documents import has_more_values
from anomed_core.state.payloads import Body
from anomed_core.tables import read_table, to_arrow
from anomed_core.wire import Limits, encode_npz, encode_parquet

_ZIP, _PARQUET, _NPY = b"PK", b"PAR1", b"\x93NUMPY"
_KINDS = {"int": "integer", "float": "number", "str": "text", "bool": "boolean"}
_NAME = "the file"
_LONGEST_CSV_BYTES = 16 * 2**20
"""Of a text that is read cell by cell while others wait."""


def file_formats(schema: SubmissionSchema | TextSchema) -> tuple[str, ...]:
    """Return the endings of the files that a form takes for a schema, the usual one first.

    Examples
    --------
    >>> file_formats(TableSchema())
    ('.parquet', '.csv')
    """
    if isinstance(schema, TableSchema):
        return (".parquet", ".csv")
    if isinstance(schema, ArraySchema | ArraysSchema):
        return (".npz", ".npy", ".csv", ".json")
    return (".json",) if isinstance(schema, JSONSchema) else (".txt",)


def as_body(files: Mapping[str, bytes], schema: SubmissionSchema, limits: Limits) -> Body:
    """Return the body that a program would have sent in place of chosen files.

    Parameters
    ----------
    files
        Content by the name of the form's part, that of a schema without parts by ``file``; empty
        where nobody has chosen a file.
    schema
        What is submitted.
    limits
        Bounds on what a text may hold.

    Raises
    ------
    MalformedPayloadError
        If nothing was chosen, or a file is not what it begins like.
    PayloadTooLargeError
        If a text is too long to be read cell by cell.
    SubmissionRejected
        If a table has a cell that is not what its column is.
    """
    if isinstance(schema, FormSchema):
        chosen = {part.name: part.schema for part in schema.parts if files.get(part.name)}
        return {name: _sent(files[name], part, limits) for name, part in chosen.items()}
    if not files.get("file"):
        raise MalformedPayloadError("No file was chosen, or it is empty; choose one.")
    return _sent(files["file"], schema, limits)


def _sent(content: bytes, schema: Any, limits: Limits) -> bytes:
    if isinstance(schema, TableSchema):
        return content if content[:4] == _PARQUET else _table(content, schema)
    if isinstance(schema, ArraySchema | ArraysSchema) and not content.startswith(_ZIP):
        return _arrays(content, schema, limits)
    return content


def _table(content: bytes, schema: TableSchema) -> bytes:
    _refuse_long(content, _LONGEST_CSV_BYTES, instead="a parquet file")
    return encode_parquet(to_arrow(_frame(content, schema.columns)))


def _frame(content: bytes, columns: tuple[ColumnSchema, ...] = ()) -> Any:
    """Read a CSV file; what the schema says about its columns decides."""
    header = _header(content)
    kinds = {
        column.name: _KINDS.get(column.kinds[0], column.kinds[0])
        for column in columns
        if len(column.kinds) == 1 and (column.required or column.name in header)
    }
    with tempfile.TemporaryDirectory(prefix="anomed-upload-") as folder:
        path = Path(folder) / _NAME
        path.write_bytes(content)
        try:
            return read_table(path, kinds=kinds).frame
        except TableError as error:
            raise SubmissionRejected(f"{str(error).rstrip('.')}.") from error


def _header(content: bytes) -> list[str]:
    first = content.partition(b"\n")[0].decode("utf-8-sig", errors="replace").rstrip("\r")
    delimiter = ";" if ";" in first and "," not in first else ","
    try:
        return next(csv.reader(io.StringIO(first), delimiter=delimiter), [])
    except csv.Error:  # whoever reads the whole file says what is wrong
        return []


def _arrays(content: bytes, schema: ArraySchema | ArraysSchema, limits: Limits) -> bytes:
    """Return arrays of another form as an npz file."""
    arrays = schema.arrays if isinstance(schema, ArraysSchema) else (schema,)
    names = [array.name for array in arrays]
    if content.startswith(_NPY):
        return _npz_of(content, _the_one(arrays))
    if content.lstrip()[:1] in {b"{", b"["}:
        _refuse_long(content, limits.text_bytes, instead="an npz file")
        return encode_npz(_from_json(content, arrays, limits))
    _refuse_long(content, _LONGEST_CSV_BYTES, instead="an npz file")
    frame = _frame(content)
    missing = [array.name for array in arrays if array.required and array.name not in frame]
    if missing:
        raise SubmissionRejected(
            f"The file has the columns {', '.join(map(str, frame.columns))[:200]}; it needs one "
            f"for each array: {', '.join(names)}."
        )
    return encode_npz({str(name): _plain(frame[name].to_numpy()) for name in frame.columns})


def _plain(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return array.astype(str) if array.dtype.kind == "O" else array


def _the_one(arrays: tuple[ArraySchema, ...]) -> str:
    """Return the name of the one array that is needed."""
    needed = [array.name for array in arrays if array.required]
    if len(needed) != 1:
        raise MalformedPayloadError(
            f"An array alone does not say which of {', '.join(array.name for array in arrays)} it "
            "is; send an npz file."
        )
    return needed[0]


def _npz_of(content: bytes, name: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(zipfile.ZipInfo(f"{name}.npy"), content)
    return file.getvalue()


def _from_json(
    content: bytes, arrays: tuple[ArraySchema, ...], limits: Limits
) -> dict[str, np.ndarray[Any, Any]]:
    try:
        told = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise MalformedPayloadError("Expected a JSON document of arrays.") from error
    if has_more_values(told, limits.json_values):
        raise PayloadTooLargeError(
            f"The JSON document has more than {limits.json_values} values; send an npz file."
        )
    given = told if isinstance(told, dict) else {_the_one(arrays): told}
    read: Callable[[object], np.ndarray[Any, Any]] = np.asarray
    try:
        made = {str(name): read(values) for name, values in given.items()}
    except (ValueError, OverflowError) as error:
        raise SubmissionRejected("An array of the JSON document is ragged.") from error
    mixed = next((name for name, array in made.items() if array.dtype.kind == "O"), None)
    if mixed is not None:
        raise SubmissionRejected(f"The array {mixed[:80]!r} holds more than numbers or texts.")
    return made


def _refuse_long(content: bytes, most_bytes: int, *, instead: str) -> None:
    if len(content) > most_bytes:
        raise PayloadTooLargeError(
            f"A text may have {most_bytes} bytes here, and this one has {len(content)}; "
            f"send {instead}."
        )
