"""``anomed challenge init``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from anomed_dataset_anonymization.commands.table_files import ANY_FILE, read_names, read_table

if TYPE_CHECKING:
    import pandas as pd


@click.command()
@click.argument("table", type=ANY_FILE)
@click.option("--quasi-identifiers", metavar="A,B,...", required=True, help="What others know.")
@click.option("--sensitive", metavar="C,...", required=True, help="What they must not learn.")
@click.option(
    "--ordinal",
    "orders",
    multiple=True,
    metavar="COLUMN=LOW,...,HIGH",
    help="A column whose values have this order; may be given several times.",
)
@click.option("--id", "challenge_id", default="people", show_default=True, help="Of the challenge.")
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Folder for challenge.toml and schema.json; the current one by default.",
)
@click.option("--force", is_flag=True, help="Overwrite files that exist.")
def init(
    table: Path,
    *,
    quasi_identifiers: str,
    sensitive: str,
    orders: tuple[str, ...],
    challenge_id: str,
    output: Path,
    force: bool,
) -> None:
    """Describe TABLE (CSV or parquet), and write a challenge about it to be edited.

    Domains are taken from the values that occur: widen them in schema.json where more is possible,
    and set tolerances there.
    """
    from anomed_core import UsageError
    from anomed_dataset_anonymization.schema import TableSchema

    files = {name: output / name for name in ("challenge.toml", "schema.json")}
    existing = [str(path) for path in files.values() if path.exists()]
    if existing and not force:
        raise UsageError(f"{', '.join(existing)} exist; name another --output or add --force")
    try:
        people = read_table(table)
        schema = TableSchema.infer(
            people,
            quasi_identifiers=read_names(quasi_identifiers),
            sensitive=read_names(sensitive),
            ordinal=_orders(orders, people),
        )
    except ValueError as error:
        raise UsageError(str(error)) from error
    output.mkdir(parents=True, exist_ok=True)
    document = json.dumps(schema.to_document(), ensure_ascii=False, indent=2)
    files["schema.json"].write_text(document + "\n", encoding="utf-8")
    files["challenge.toml"].write_text(
        _configuration(challenge_id, table, files["schema.json"], n_people=len(people)),
        encoding="utf-8",
    )
    for column in schema:
        click.echo(f"{column.name}: {column.kind}, {_domain(column)}, {column.role}")
    click.echo(f"wrote {files['schema.json']} and {files['challenge.toml']}; edit them, then:")
    click.echo(f"  anomed challenge check {files['challenge.toml']}")


def _configuration(challenge_id: str, table: Path, schema: Path, *, n_people: int) -> str:
    scheme = "parquet" if table.suffix == ".parquet" else "csv"
    n_targets = max(1, min(500, n_people // 10))
    return f"""[challenges.{challenge_id}]
type = "dataset-anonymization"
title = {json.dumps(challenge_id)}
# Paths count from the folder in which the server is started.
data = {{ source = {json.dumps(f"{scheme}:{table}")}, split = [0.4, 0.4, 0.2] }}
schema = {json.dumps(str(schema))}
# Members, and non-members, that an attack is asked about.
n_targets = {n_targets}
"""


def _domain(column: Any) -> str:
    if column.is_listed:
        return f"{len(column.values)} values"
    bounds = column.bounds
    return f"{bounds.low:g} to {bounds.high:g} in steps of {bounds.step:g}"


def _orders(given: tuple[str, ...], people: pd.DataFrame) -> dict[str, list[Any]]:
    orders: dict[str, list[Any]] = {}
    for text in given:
        column, separator, values = text.partition("=")
        if not separator or column not in people.columns:
            raise ValueError(f"expected --ordinal COLUMN=LOW,...,HIGH with a column: {text!r}")
        typed = {str(value): value for value in people[column].dropna().unique().tolist()}
        orders[column] = [typed.get(value, value) for value in read_names(values)]
    return orders
