"""``anomed challenge init``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import click

from anomed_core.tables import read_as_told, table_options
from anomed_dataset_anonymization.commands.description import describe
from anomed_dataset_anonymization.commands.words import (
    ANY_FILE,
    names_option,
    read_names,
    read_orders,
)

if TYPE_CHECKING:
    from anomed_dataset_anonymization.schema import Column, TableSchema

_UNITS = {"date": "day", "date-time": "second"}


@click.command()
@click.argument("table", type=ANY_FILE)
@names_option("--quasi-identifiers", required=True, help="What others know.")
@names_option("--sensitive", required=True, help="What they must not learn.")
@click.option(
    "--ordinal",
    "orders",
    multiple=True,
    metavar="COLUMN=LOW,...,HIGH",
    help="A column whose values have this order; may be given several times.",
)
@table_options
@click.option("--id", "challenge_id", default="people", show_default=True, help="Of the challenge.")
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Folder for challenge.toml and schema.json; the current one by default.",
)
@click.option("--force", is_flag=True, help="Overwrite files that exist.")
def init(  # noqa: PLR0913 - each option is one
    table: Path,
    *,
    quasi_identifiers: tuple[str, ...],
    sensitive: tuple[str, ...],
    orders: tuple[str, ...],
    reading: tuple[str, ...],
    dropped: tuple[str, ...],
    as_json: bool,
    challenge_id: str,
    output: Path,
    force: bool,
) -> None:
    """Describe TABLE (CSV or parquet), and write a challenge about it to be edited.

    Domains are taken from the values that occur: widen them in schema.json where more is possible,
    and set tolerances there.
    """
    from anomed_core import UsageError

    files = {name: output / name for name in ("challenge.toml", "schema.json")}
    existing = [str(path) for path in files.values() if path.exists()]
    if existing and not force:
        raise UsageError(f"{', '.join(existing)} exist; name another --output or add --force")
    try:
        people = read_as_told(table, reading, dropped=dropped).frame
        columns = list(people.columns)
        schema = describe(
            people,
            quasi_identifiers=read_names(quasi_identifiers, columns),
            sensitive=read_names(sensitive, columns),
            orders=read_orders(
                orders, lambda name: people[name].dropna().unique().tolist(), columns=columns
            ),
            for_challenge=True,
        )
    except ValueError as error:
        raise UsageError(str(error)) from error
    output.mkdir(parents=True, exist_ok=True)
    document = json.dumps(schema.to_document(), ensure_ascii=False, indent=2)
    files["schema.json"].write_text(document + "\n", encoding="utf-8")
    source = _source(table, (*reading, *(f"drop={name}" for name in dropped)))
    files["challenge.toml"].write_text(
        _configuration(challenge_id, source, files["schema.json"], n_people=len(people)),
        encoding="utf-8",
    )
    _tell(schema, files, n_people=len(people), as_json=as_json)


def _tell(schema: TableSchema, files: dict[str, Path], *, n_people: int, as_json: bool) -> None:
    if as_json:
        facts = {
            "configuration": str(files["challenge.toml"]),
            "schema": str(files["schema.json"]),
            "people": n_people,
            **schema.to_document(),
        }
        click.echo(json.dumps(facts, indent=2, ensure_ascii=False))
        return
    for column in schema:
        click.echo(f"{column.name}: {column.kind}, {_domain(column)}, {column.role}")
    click.echo(f"wrote {files['schema.json']} and {files['challenge.toml']}; edit them, then:")
    click.echo(f"  anomed challenge check {files['challenge.toml']}")


def _source(table: Path, reading: tuple[str, ...]) -> str:
    """Return what the configuration reads the table by, as it was read here."""
    with table.open("rb") as file:
        scheme = "parquet" if file.read(4) == b"PAR1" else "csv"
    options = "&".join(quote(text, safe="=:;,") for text in reading)
    return f"{scheme}:{table}{'?' if options else ''}{options}"


def _configuration(challenge_id: str, source: str, schema: Path, *, n_people: int) -> str:
    n_targets = max(1, min(500, n_people // 10))
    return f"""[challenges.{challenge_id}]
type = "dataset-anonymization"
title = {json.dumps(challenge_id)}
# Paths count from the folder in which the server is started.
data = {{ source = {json.dumps(source)}, split = [0.4, 0.4, 0.2] }}
schema = {json.dumps(str(schema))}
# Members, and non-members, that an attack is asked about.
n_targets = {n_targets}
"""


def _domain(column: Column) -> str:
    if column.is_listed:
        return f"{len(column.values)} values"
    bounds = column.bounds
    ends = f"{column.in_words(bounds.low)} to {column.in_words(bounds.high)}"
    if not column.is_time:
        return f"{ends} in steps of {bounds.step:g}"
    plural = "" if bounds.step == 1 else "s"
    return f"{ends} in steps of {bounds.step:g} {_UNITS[column.dtype]}{plural}"
