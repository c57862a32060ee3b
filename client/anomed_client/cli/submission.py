"""Submit files."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np

from anomed_client.challenge import Challenge
from anomed_client.cli.call import Call, assignments, command
from anomed_client.cli.csv_tables import read_csv
from anomed_client.errors import MissingExtra, UsageError
from anomed_client.results import Receipt, Score
from anomed_client.schemas import FormSchema, Schema, TextSchema


@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--split", type=click.Choice(["tuning", "validation"]), required=True)
@click.option("--kind", help="Which submission kind.")
@click.option("--target", help="The anonymizer under attack.")
@click.option("--part", "parts", multiple=True, metavar="NAME=FILE", help="A part of a form.")
@click.option("--with", "parameters", multiple=True, metavar="NAME=VALUE", help="A parameter.")
@click.option("--check", is_flag=True, help="Only check; send nothing.")
@click.option("--repeat", is_flag=True, help="Count again what was submitted before.")
@click.option("--yes", is_flag=True, help="Do not ask before a final.")
def _submit(call: Call, files: tuple[Path, ...], **given: Any) -> None:
    """Submit FILES (npz, npy, parquet, csv, json, txt) and print the score."""
    challenge = call.connect()
    payload = _payload(challenge, files, assignments(given["parts"], "--part"), given)
    chosen = {"split": given["split"], "kind": given["kind"], "target": given["target"]}
    chosen |= assignments(given["parameters"], "--with")
    challenge.check(payload, **chosen)
    if given["check"]:
        click.echo("nothing wrong was found; nothing was sent", err=True)
        return
    if given["split"] == "validation" and not given["yes"]:
        _ask()
    _show(call, challenge.submit(payload, repeat=given["repeat"], **chosen))


def _ask() -> None:
    if not sys.stdin.isatty():
        raise UsageError("A final is scored once; say --yes where nobody can be asked.")
    if not click.confirm("A final is scored once. Submit it?", err=True):
        raise UsageError("Nothing was sent.")


def _show(call: Call, result: Score) -> None:
    told: dict[str, Any] = {"id": result.id, "url": result.url, "replayed": result.replayed}
    if isinstance(result, Receipt):
        told |= {"opens_at": result.opens_at, "payload_sha256": result.payload_sha256}
        call.show(["sealed"], [[str(result)]], told)
    else:
        told |= {"metrics": dict(result), "attempts_remaining": result.attempts_remaining}
        call.show(["metric", "value"], result.items(), told)


def _payload(
    challenge: Challenge, files: tuple[Path, ...], parts: dict[str, str], given: dict[str, Any]
) -> Any:
    role = "deanonymizer" if given["target"] else "anonymizer"
    fitting = [k for k in challenge.kinds.values() if given["kind"] in {None, k.name}]
    kinds = [k for k in fitting if given["kind"] or k.submitter == role] or fitting
    schema = kinds[0].schemas.get(given["split"]) if kinds else None
    if not isinstance(schema, FormSchema):
        if len(files) != 1 or parts:
            raise UsageError("Give one file.")
        return read_file(files[0], schema)
    named = dict(zip((part.name for part in schema.parts), files, strict=False))
    named |= {name: Path(value) for name, value in parts.items()}
    declared = {part.name: part.schema for part in schema.parts}
    return {name: _part(path, declared.get(name)) for name, path in named.items()}


def _part(path: Path, schema: Schema | None) -> Any:
    return _text(path) if isinstance(schema, TextSchema) else read_file(path, schema)


def _text(path: Path) -> str:
    """Return a text part: the content of a file, or the word itself."""
    return path.read_text(encoding="utf-8").strip() if path.is_file() else str(path)


def read_file(path: Path, schema: Schema | None) -> Any:
    """Read a payload by the file's suffix.

    Parameters
    ----------
    path
        Parquet files are sent as they are.
    schema
        What is expected; it says what the columns of a CSV file are.

    Raises
    ------
    UsageError
        If the suffix is unknown, or the file is something else.
    MissingExtra
        If a table cannot be read without more.
    """
    readers: dict[str, Callable[[Path], Any]] = {
        ".npy": _npy,
        ".npz": _npz,
        ".csv": partial(read_csv, schema=schema),
        ".json": _json,
    }
    if path.suffix in {".parquet", ".bin"}:
        return path
    if path.suffix not in readers:
        known = ", ".join([*readers, ".parquet"])
        raise UsageError(f"{path} has the suffix {path.suffix!r}; {known} can be submitted.")
    try:
        return readers[path.suffix](path)
    except (ValueError, OSError) as error:
        if isinstance(error, (UsageError, MissingExtra)):
            raise
        raise UsageError(f"{path} cannot be read: {error}") from error


def _npy(path: Path) -> Any:
    return np.load(path, allow_pickle=False)


def _npz(path: Path) -> Any:
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


submit = command("submit")(_submit)
