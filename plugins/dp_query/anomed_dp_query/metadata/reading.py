"""Read a metadata file, whichever of the two formats it is in."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import yaml

from anomed_dp_query.metadata.csvw import read_csvw
from anomed_dp_query.metadata.model import MetadataError, TableMetadata
from anomed_dp_query.metadata.smartnoise import read_smartnoise

_LARGEST_BYTES = 10 * 2**20


def read_metadata(path: Path) -> TableMetadata:
    """Read a file of metadata: YAML of SmartNoise, or JSON in CSVW-EO.

    The content decides, not the name: what has ``max_ids`` is SmartNoise's.

    Raises
    ------
    MetadataError
        If it cannot be read, or is wrong; naming the file.
    """
    try:
        document = _decoded(path)
        is_smartnoise = isinstance(document, Mapping) and "max_ids" in document
        return read_smartnoise(document) if is_smartnoise else read_csvw(document)
    except MetadataError as error:
        raise MetadataError(f"{path.name}: {error}") from error


def _decoded(path: Path) -> Any:
    try:
        size = path.stat().st_size
        if size > _LARGEST_BYTES:
            raise MetadataError(f"it has {size} bytes; metadata have at most {_LARGEST_BYTES}")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise MetadataError(f"it cannot be read ({error.strerror}); check the path") from error
    except UnicodeDecodeError as error:
        raise MetadataError("it is no text in UTF-8; save it as UTF-8") from error
    try:
        if text.lstrip().startswith("{"):
            return json.loads(text, object_pairs_hook=_once)
        return yaml.load(text, Loader=_Loader)  # noqa: S506  # a SafeLoader that refuses doubles
    except json.JSONDecodeError as error:
        raise MetadataError(f"it is no JSON: {error}; correct it") from error
    except yaml.YAMLError as error:
        raise MetadataError(f"it is no YAML: {' '.join(str(error).split())}; correct it") from error
    except RecursionError as error:
        raise MetadataError("it is nested too deeply; flatten it") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise MetadataError(f"an object has a name twice, among {sorted(fields)}; name each once")
    return fields


class _Loader(yaml.SafeLoader):  # type: ignore[misc]  # the library has no types
    """Reads plain YAML; refuses what names something twice."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Hashable, Any]:
    loader.flatten_mapping(node)
    pairs = [
        (loader.construct_object(key), loader.construct_object(value, deep=True))
        for key, value in node.value
    ]
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise MetadataError(f"{node.start_mark.line + 1}: a name stands twice; name each once")
    return fields


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
