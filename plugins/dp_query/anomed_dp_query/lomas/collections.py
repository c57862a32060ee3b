"""Lomas' administration as files: its collections of users and datasets, from YAML, JSON or dumps.

A dump of MongoDB is a JSON document a line, perhaps with extended numbers such as
``{"$numberDouble": "10"}``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import attrs
import yaml


class CollectionError(ValueError):
    """A collection that cannot be read: where it is wrong, and what is expected there."""


@attrs.frozen(kw_only=True)
class Allowance:
    """What a user may still spend on a dataset.

    Attributes
    ----------
    dataset
        Its name.
    epsilon, delta
        What was granted, less what was spent; never below 0.
    """

    dataset: str
    epsilon: Decimal
    delta: Decimal


@attrs.frozen(kw_only=True)
class LomasUser:
    """A user of a Lomas server.

    Attributes
    ----------
    name
        As in the header ``user-name``; perhaps with spaces.
    may_query
        Whether they may ask at all.
    allowances
        By dataset.
    """

    name: str
    may_query: bool
    allowances: tuple[Allowance, ...]

    @property
    def id(self) -> str:
        """The id that they go by here, which has no spaces."""
        return re.sub(r"\s+", "", self.name)


@attrs.frozen(kw_only=True)
class LomasDataset:
    """A dataset of a Lomas server.

    Attributes
    ----------
    name
        Its name.
    path, metadata_path
        Of table and metadata; empty where they are not in files.
    """

    name: str
    path: str
    metadata_path: str


def read_users(text: str) -> list[LomasUser]:
    """Read a collection of users.

    Raises
    ------
    CollectionError
        Naming the user and the field.
    """
    return [_user(document) for document in _documents(text, "users")]


def read_datasets(text: str) -> list[LomasDataset]:
    """Read a collection of datasets, of any version of Lomas.

    Raises
    ------
    CollectionError
        Naming the dataset and the field.
    """
    return [_dataset(document) for document in _documents(text, "datasets")]


def _documents(text: str, key: str) -> list[Mapping[str, Any]]:
    content = _decoded(text)
    if isinstance(content, Mapping) and key in content:
        content = content[key]
    if isinstance(content, Mapping):
        content = [content]
    if not isinstance(content, Sequence) or isinstance(content, str):
        raise CollectionError(f"expected a list of {key}, or an object with one; got neither")
    for number, document in enumerate(content, start=1):
        if not isinstance(document, Mapping):
            raise CollectionError(f"{key}, entry {number}: expected an object")
    return list(content)


def _decoded(text: str) -> Any:
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > 1 and all(line.lstrip().startswith("{") for line in lines):
        try:
            return [json.loads(line) for line in lines]
        except json.JSONDecodeError:
            pass  # an object over several lines, which begin like that
    try:
        return yaml.safe_load(text)  # JSON is YAML, too
    except (yaml.YAMLError, RecursionError) as error:
        first = " ".join(str(error).split())[:200]
        raise CollectionError(f"it is neither YAML nor JSON: {first}") from error


def _user(document: Mapping[str, Any]) -> LomasUser:
    identity = document.get("id")
    name = document.get("user_name") or (
        identity.get("name") if isinstance(identity, Mapping) else None
    )
    if not isinstance(name, str) or not name.strip():
        raise CollectionError("a user has no user_name (or id.name); give each one")
    allowances = document.get("datasets_list", [])
    if not isinstance(allowances, Sequence) or isinstance(allowances, str):
        raise CollectionError(f"user {name!r}: datasets_list must be a list")
    return LomasUser(
        name=name,
        may_query=document.get("may_query", True) is not False,
        allowances=tuple(_allowance(one, f"user {name!r}") for one in allowances),
    )


def _allowance(document: Any, where: str) -> Allowance:
    if not isinstance(document, Mapping) or not isinstance(document.get("dataset_name"), str):
        raise CollectionError(f"{where}: an entry of datasets_list names no dataset")
    dataset = document["dataset_name"]

    def left(what: str) -> Decimal:
        granted = _number(document, f"initial_{what}", f"{where}, {dataset}")
        spent = _number(document, f"total_spent_{what}", f"{where}, {dataset}")
        return max(granted - spent, Decimal(0))

    return Allowance(dataset=dataset, epsilon=left("epsilon"), delta=left("delta"))


def _number(document: Mapping[str, Any], key: str, where: str) -> Decimal:
    value = document.get(key, 0)
    if isinstance(value, Mapping) and len(value) == 1:  # of MongoDB's extended JSON
        (value,) = value.values()
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if isinstance(value, bool) or not number.is_finite() or number < 0:
        raise CollectionError(f"{where}: {key} must be a number from 0, got {value!r}")
    return number


def _dataset(document: Mapping[str, Any]) -> LomasDataset:
    name = document.get("dataset_name")
    if not isinstance(name, str) or not name:
        raise CollectionError("a dataset has no dataset_name; give each one")
    data = _part(document, "dataset_access", document)
    metadata = _part(document, "metadata_access", document.get("metadata", {}))
    return LomasDataset(
        name=name,
        path=str(data.get("path") or data.get("dataset_path") or ""),
        metadata_path=str(metadata.get("path") or metadata.get("metadata_path") or ""),
    )


def _part(document: Mapping[str, Any], key: str, older: Any) -> Mapping[str, Any]:
    part = document.get(key, older)
    return part if isinstance(part, Mapping) else {}
