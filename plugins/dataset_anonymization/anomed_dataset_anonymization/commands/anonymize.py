"""``anomed anonymize``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import click

from anomed_core.tables import read_as_told, table_options
from anomed_dataset_anonymization.commands.description import describe, leave_out
from anomed_dataset_anonymization.commands.words import (
    ANY_FILE,
    names_option,
    read_hierarchies,
    read_names,
    read_parameters,
)

if TYPE_CHECKING:
    import pandas as pd

    from anomed_core.tables import TableRead
    from anomed_dataset_anonymization.schema import TableSchema
    from anomed_dataset_anonymization.schemes import PublishedTable

_CONTEXT = {"ignore_unknown_options": True, "help_option_names": ["-h", "--help"]}
_FORMATS = ("scheme", "readable")


class _MethodCommand(click.Command):
    """A command whose help lists the methods with their parameters."""

    def format_epilog(
        self,
        ctx: click.Context,  # noqa: ARG002 - click decides what it passes
        formatter: click.HelpFormatter,
    ) -> None:
        """Write what the registry knows."""
        from anomed_dataset_anonymization.anonymizers import ANONYMIZERS

        kinds: dict[str, Any] = dict(ANONYMIZERS)
        with formatter.section("Methods and their parameters"):
            formatter.write_dl(
                [
                    (name, " ".join(map(_shown, attrs.fields_dict(method).values())))
                    for name, method in sorted(kinds.items())
                ]
            )


def _shown(field: Any) -> str:
    if field.name == "hierarchies":
        return "--hierarchy COLUMN=FILE"
    return f"--{field.name.replace('_', '-')} {field.default}"


@click.command(cls=_MethodCommand, context_settings=_CONTEXT)
@click.argument("table", type=ANY_FILE)
@click.option("--method", required=True, metavar="NAME", help="How to anonymize; see below.")
@click.option("--schema", type=ANY_FILE, help="JSON file as 'anomed challenge init' writes it.")
@names_option(
    "--quasi-identifiers",
    help="What others know, where there is no schema; all columns by default.",
)
@click.option(
    "--hierarchy",
    "hierarchies",
    multiple=True,
    metavar="COLUMN=FILE",
    help="Lines value;group;...;* for a column; may be given several times.",
)
@table_options
@click.option(
    "--declare",
    metavar="COLUMN",
    default="",
    help="Publish the column, such as record_id, beside the rows, so that each says whose it is.",
)
@click.option("--seed", type=int, help="Makes what is drawn reproducible.")
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMATS),
    default=_FORMATS[0],
    show_default=True,
    help="Cells in the columns of the method's scheme, for programs, or in words: [18-34], {F, M}.",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="CSV or parquet; TABLE-METHOD beside TABLE by default.",
)
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write an HTML page about the anonymized table, too.",
)
@click.argument("parameters", nargs=-1, type=click.UNPROCESSED)
def anonymize(  # noqa: PLR0913 - each option is one
    table: Path,
    *,
    method: str,
    schema: Path | None,
    quasi_identifiers: tuple[str, ...],
    hierarchies: tuple[str, ...],
    reading: tuple[str, ...],
    dropped: tuple[str, ...],
    as_json: bool,
    declare: str,
    seed: int | None,
    form: str,
    output: Path | None,
    report: Path | None,
    parameters: tuple[str, ...],
) -> None:
    """Anonymize TABLE (CSV or parquet) and say what is lost and what it protects.

    Parameters of the method are given as options: --method mondrian --k 10. What is written says
    nothing of the order of the people, and has no index.
    """
    import numpy as np

    from anomed_core import UsageError
    from anomed_dataset_anonymization.anonymizers import (
        anonymize_for_publication,
        create_anonymizer,
    )
    from anomed_dataset_anonymization.commands.summary import page_of, summarize

    try:
        written = _written_schema(schema, quasi_identifiers)
        kinds = written.kinds if written else None
        read = read_as_told(table, reading, dropped=dropped, kinds=kinds)
        people, ids = _apart(read.frame, declare)
        described = _described(people, written, quasi_identifiers)
        chosen: dict[str, Any] = dict(read_parameters(parameters))
        if hierarchies:
            chosen["hierarchies"] = read_hierarchies(hierarchies, described.names)
        anonymizer = create_anonymizer(method, chosen)
        published = anonymize_for_publication(
            people, anonymizer, described, rng=np.random.default_rng(seed)
        )
        summary = summarize(people, published)
        if report is not None:
            html = page_of(table.name, summary, people, published)
            report.write_text(html, encoding="utf-8")
        output = output or table.with_name(f"{table.stem}-{method}{table.suffix}")
        _write(published, output, read=read, form=form, ids=ids)
    except ValueError as error:
        raise UsageError(str(error)) from error
    if as_json:
        facts = {
            "output": str(output),
            "scheme": anonymizer.scheme,
            "columns": list(described.names),
            **attrs.asdict(summary),
        }
        click.echo(json.dumps(facts, indent=2, ensure_ascii=False))
        return
    for line in summary.lines():
        click.echo(line)
    click.echo(f"wrote {output}: {published.n_rows} rows, scheme {anonymizer.scheme}")


def _written_schema(path: Path | None, names: Sequence[str]) -> TableSchema | None:
    from anomed_dataset_anonymization.schema import TableSchema

    if path is None:
        return None
    if names:
        raise ValueError("give either --schema or --quasi-identifiers, not both")
    return TableSchema.from_json(path.read_text(encoding="utf-8"))


def _apart(frame: pd.DataFrame, declare: str) -> tuple[pd.DataFrame, pd.Series[Any] | None]:
    """Part what says who is who from what is said of people."""
    from anomed_core import UsageError
    from anomed_dataset_anonymization.schema.frames import RECORD_ID

    if not declare:
        return frame, None
    if declare not in frame.columns:
        raise UsageError(f"there is no column {declare!r} to declare, only {', '.join(frame)}")
    ids = frame[declare]
    if ids.isna().any() or not ids.is_unique:
        raise UsageError(
            f"column {declare!r} does not say who is who, as a value is missing or comes twice; "
            f"declare one such as {RECORD_ID}"
        )
    click.echo(f"{declare}: published beside the rows, so that they say whose they are", err=True)
    return frame.drop(columns=declare), ids


def _described(
    people: pd.DataFrame, written: TableSchema | None, names: Sequence[str]
) -> TableSchema:
    from anomed_dataset_anonymization.schema.frames import RECORD_ID

    if written is not None:
        for name in people.columns:
            if name not in written:
                leave_out(name, "the schema does not name it")
        return written
    if RECORD_ID in people.columns:
        raise ValueError(
            f"column {RECORD_ID!r} says whose each row is; leave it out by --drop {RECORD_ID}, or "
            f"publish it all the same by --declare {RECORD_ID}"
        )
    if not names:
        click.echo(
            "without --schema or --quasi-identifiers, others may know every column", err=True
        )
    known = read_names(names, list(people.columns)) if names else list(people.columns)
    return describe(people, quasi_identifiers=known)


def _write(
    table: PublishedTable, path: Path, *, read: TableRead, form: str, ids: pd.Series[Any] | None
) -> None:
    """Write a canonical table, its values as they were written, and nothing else."""
    from anomed_core.tables import write_table
    from anomed_dataset_anonymization.report import readable_frame
    from anomed_dataset_anonymization.schemes import write_scheme

    kinds: Mapping[str, Any] = {}
    if form == "readable":
        frame = readable_frame(table)
    else:
        frame = write_scheme(table).to_pandas()
        kinds = {
            name: read.kinds[column]
            for column in table.schema.names
            for name in (column, f"{column}_min", f"{column}_max")
            if name in frame
        }
    if ids is not None:
        if table.lineage is None:
            raise ValueError("the method does not say whose each row is; leave --declare away")
        frame.insert(0, str(ids.name), ids.iloc[table.lineage].to_numpy())
    write_table(frame, path, kinds=kinds, separator=read.separator, decimal=read.decimal)
