"""Read a plan: from the text of a request to a `Plan`, by grammar alone."""

from __future__ import annotations

import base64
import binascii
import struct
from typing import Any

from anomed_dp_query.libraries.library import QueryRefused
from anomed_dp_query.libraries.opendp.messagepack import unpacked
from anomed_dp_query.libraries.opendp.plans.figures import read_figures
from anomed_dp_query.libraries.opendp.plans.groups import read_combinations, read_keys
from anomed_dp_query.libraries.opendp.plans.model import Plan, Row, Step
from anomed_dp_query.libraries.opendp.plans.nodes import (
    fields,
    flags,
    items,
    only,
    reference,
    refusal,
    text,
    variant,
)
from anomed_dp_query.libraries.opendp.plans.rows import (
    NUMBER,
    TEXT,
    TIME,
    TRUTH,
    Known,
    name_of,
    read_row,
)
from anomed_dp_query.metadata.model import Kind, TableMetadata

_LARGEST_BYTES = 262_144
_MAGIC = b"DSL_VERSION"
_VERSIONS = (24, 0)
_HASH = b"4aade69a4a8aba464f5bb77824e189450cfdd5ba9f38a843b2282b1fea4a071d"
_MOST_STEPS = 50
_MOST_PARTS = 100
_KINDS = {
    Kind.STRING: TEXT,
    Kind.BOOLEAN: TRUTH,
    Kind.INTEGER: NUMBER,
    Kind.FLOAT: NUMBER,
    Kind.DATETIME: TIME,
}
_FRAME_FLAGS = ("run_parallel", "duplicate_check", "should_broadcast")


def read_plan(document: Any, table: TableMetadata) -> Plan:
    """Read a plan as lomas-client 0.5 sends it.

    Parameters
    ----------
    document
        Base64 of a plan that Polars 1.36 has written.
    table
        What is public about the table.

    Raises
    ------
    QueryRefused
        Naming the part that is not allowed.
    """
    root, frames, parts = _opened(_decoded(document))
    return _Reader(frames, parts, table).plan(root)


def _decoded(document: Any) -> bytes:
    if not isinstance(document, str) or len(document) > 2 * _LARGEST_BYTES:
        raise QueryRefused(
            f"opendp_json must be a text of at most {2 * _LARGEST_BYTES} characters; send the plan "
            "without dummy rows that it does not need"
        )
    try:
        return base64.b64decode(document, validate=True)
    except (binascii.Error, ValueError):
        raise QueryRefused(
            "opendp_json is neither a pipeline of OpenDP nor the base64 of a plan of Polars; send "
            "what lomas-client 0.4 or 0.5 writes"
        ) from None


def _opened(data: bytes) -> tuple[int, list[Any], list[Any]]:
    """Return root, frames and parts of a plan, after its head is found to be the known one."""
    head = len(_MAGIC) + 4 + len(_HASH)
    versions = data[len(_MAGIC) : len(_MAGIC) + 4]
    if not data.startswith(_MAGIC) or len(data) < head:
        raise QueryRefused("opendp_json is no plan of Polars; send what lomas-client 0.5 writes")
    if struct.unpack("<HH", versions) != _VERSIONS or data[head - len(_HASH) : head] != _HASH:
        raise QueryRefused(
            "the plan is of another version of Polars; install lomas-client 0.5.1 with polars "
            "1.36.1"
        )
    plan = unpacked(data[head:], largest_bytes=_LARGEST_BYTES)
    parts = fields(plan, "the plan", ("root", "dataframes", "dsl_plans"))
    frames = _values(parts["dataframes"], "dataframes")
    nodes = _values(parts["dsl_plans"], "dsl_plans")
    return reference(parts["root"], "root"), frames, nodes


def _values(node: Any, where: str) -> list[Any]:
    entries = items(node, where, most=_MOST_PARTS)
    return [fields(entry, where, ("value", "version"))["value"] for entry in entries]


class _Reader:
    """Follow a plan from its end to its table."""

    def __init__(self, frames: list[Any], parts: list[Any], table: TableMetadata) -> None:
        self._frames = frames
        self._parts = parts
        self._table = table
        self._columns = {
            column.name: Known(
                kind=_KINDS[column.kind],
                whole=column.kind is Kind.INTEGER,
                nullable=column.nullable,
                keys=column.categories if column.exhaustive else None,
            )
            for column in table.columns
        }
        self._steps: list[Step] = []

    def plan(self, root: int) -> Plan:
        """Read the part that the plan ends with, and what leads to it."""
        name, content = self._part(root, ("Select", "GroupBy", "Join"))
        if name == "Select":
            parts = fields(content, "Select", ("expr", "input", "options"))
            flags(parts["options"], "options of Select", _FRAME_FLAGS)
            self._source(parts["input"])
            figures = read_figures(parts["expr"], self._columns)
            return Plan(steps=tuple(self._steps), figures=figures)
        keys = None
        if name == "Join":
            grouped, frame, names = read_keys(content)
            keys = self._public_keys(frame, names)
            name, content = self._part(grouped, ("GroupBy",))
        groups = self._grouped(content)
        figures = read_figures(content["aggs"], self._columns, taken=groups)
        combinations = read_combinations(groups, self._columns, keys)
        return Plan(
            steps=tuple(self._steps), figures=figures, groups=groups, combinations=combinations
        )

    def _part(self, place: int, allowed: tuple[str, ...]) -> tuple[str, Any]:
        if not 0 < place < len(self._parts):
            raise refusal(f"a reference to part {place}", allowed=f"1 to {len(self._parts) - 1}")
        return variant(self._parts[place], "a part of the plan", allowed)

    def _source(self, node: Any) -> None:
        """Read what leads from the table to a node, the table first."""
        chain: list[tuple[str, Any]] = []
        name, content = self._part(reference(node, "input"), ("DataFrameScan", "Filter", "HStack"))
        while name != "DataFrameScan":
            names = ("predicate",) if name == "Filter" else ("exprs", "options")
            parts = fields(content, name, ("input", *names))
            chain.append((name, parts))
            if len(chain) > _MOST_STEPS:
                raise refusal(f"more than {_MOST_STEPS} steps", allowed=f"{_MOST_STEPS} steps")
            name, content = self._part(
                reference(parts["input"], "input"), ("DataFrameScan", "Filter", "HStack")
            )
        self._scan(content)
        for step, parts in reversed(chain):
            if step == "Filter":
                self._filter(parts["predicate"])
            else:
                flags(parts["options"], "options of HStack", _FRAME_FLAGS)
                self._add_columns(parts["exprs"])

    def _scan(self, content: Any) -> None:
        """Check the columns of the table; its rows are the client's own, and are not looked at."""
        parts = fields(content, "DataFrameScan", ("df", "schema"))
        reference(parts["df"], "df")
        schema = fields(parts["schema"], "schema", ("fields",))["fields"]
        if not isinstance(schema, dict) or not schema:
            raise refusal("a table without columns", allowed=", ".join(self._columns))
        for name in schema:
            if name not in self._columns:
                raise refusal(f"the column {name[:60]!r}", allowed=", ".join(self._columns))
        self._columns = {name: self._columns[name] for name in schema}

    def _filter(self, node: Any) -> None:
        row, known = read_row(node, self._columns)
        if known.kind != TRUTH:
            raise refusal(f"a filter that is a {known.kind}", allowed="a comparison")
        self._steps.append(row)

    def _add_columns(self, node: Any) -> None:
        before = dict(self._columns)
        added: list[tuple[str, Row]] = []
        for expression in items(node, "HStack", most=_MOST_PARTS):
            row, known = read_row(expression, before)
            name = name_of(expression)
            self._columns[name] = known
            added.append((name, row))
        self._steps.append(tuple(added))

    def _grouped(self, content: Any) -> tuple[str, ...]:
        names = ("input", "keys", "aggs", "predicates", "maintain_order", "options", "apply")
        parts = fields(content, "GroupBy", names)
        only(parts["predicates"], "predicates", [])
        only(parts["apply"], "apply", None)
        for name, value in fields(
            parts["options"], "options of GroupBy", ("dynamic", "rolling", "slice")
        ).items():
            only(value, name, None)
        if not isinstance(parts["maintain_order"], bool):
            raise refusal("maintain_order", allowed="true, false")
        self._source(parts["input"])
        groups = tuple(
            text(variant(key, "a key", ("Column",))[1], "a key")
            for key in items(parts["keys"], "keys", most=10)
        )
        if not groups or len(set(groups)) < len(groups):
            raise refusal(f"{len(groups)} keys", allowed="1 to 10 different columns")
        for name in groups:
            if name not in self._columns:
                raise refusal(f"the column {name!r}", allowed=", ".join(self._columns))
        return groups

    def _public_keys(self, place: int, names: tuple[str, ...]) -> tuple[tuple[str, ...], bytes]:
        """Return the frame of keys that the plan brings along, below its wrappers."""
        name, content = self._part(place, ("IR", "DataFrameScan"))
        if name == "IR":
            inner = fields(content, "IR", ("dsl", "version"))["dsl"]
            name, content = self._part(reference(inner, "dsl"), ("DataFrameScan",))
        scanned = fields(content, "DataFrameScan", ("df", "schema"))
        frame = reference(scanned["df"], "df")
        if not 0 < frame < len(self._frames):
            raise refusal(f"a reference to frame {frame}", allowed="a frame of the plan")
        stream = self._frames[frame]
        if isinstance(stream, list) and len(stream) == 1:
            (stream,) = stream
        if isinstance(stream, list):
            if not all(type(byte) is int and 0 <= byte < 256 for byte in stream):
                raise refusal("a frame that is not made of bytes", allowed="an Arrow stream")
            stream = bytes(stream)
        if not isinstance(stream, bytes):
            raise refusal(f"{type(stream).__name__} as a frame", allowed="an Arrow stream")
        return names, stream
