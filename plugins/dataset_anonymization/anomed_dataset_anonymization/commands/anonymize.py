"""``anomed anonymize``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from anomed_dataset_anonymization.commands.table_files import (
    ANY_FILE,
    read_names,
    read_table,
    write_table,
)

if TYPE_CHECKING:
    import pandas as pd

    from anomed_dataset_anonymization.schema import TableSchema

_CONTEXT = {"ignore_unknown_options": True, "help_option_names": ["-h", "--help"]}


class _MethodCommand(click.Command):
    """A command whose help lists the methods with their parameters."""

    def format_epilog(
        self,
        ctx: click.Context,  # noqa: ARG002 - click decides what it passes
        formatter: click.HelpFormatter,
    ) -> None:
        """Write what the registry knows."""
        import attrs

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
@click.option(
    "--quasi-identifiers",
    metavar="A,B,...",
    help="What others know, where there is no schema; all columns by default.",
)
@click.option(
    "--hierarchy",
    "hierarchies",
    multiple=True,
    metavar="COLUMN=FILE",
    help="Lines value;group;...;* for a column; may be given several times.",
)
@click.option("--seed", type=int, help="Makes what is drawn reproducible.")
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
    quasi_identifiers: str | None,
    hierarchies: tuple[str, ...],
    seed: int | None,
    output: Path | None,
    report: Path | None,
    parameters: tuple[str, ...],
) -> None:
    """Anonymize TABLE (CSV or parquet) and say what is lost and what it protects.

    Parameters of the method are given as options: --method mondrian --k 10.
    """
    import numpy as np

    from anomed_core import UsageError
    from anomed_dataset_anonymization.anonymizers import create_anonymizer

    try:
        people = read_table(table)
        described = _schema_of(people, schema, read_names(quasi_identifiers))
        chosen: dict[str, Any] = dict(_options(parameters))
        if hierarchies:
            chosen["hierarchies"] = _read_hierarchies(hierarchies)
        anonymizer = create_anonymizer(method, chosen)
        published = anonymizer.anonymize(people, described, rng=np.random.default_rng(seed))
        lines = summary(people, published, anonymizer.scheme, schema=described)
        for line in lines:
            click.echo(line)
        if report is not None:
            html = _page(table.name, lines, people, published, anonymizer.scheme, described)
            report.write_text(html, encoding="utf-8")
        output = output or table.with_name(f"{table.stem}-{method}{table.suffix}")
        write_table(published, output)
    except ValueError as error:
        raise UsageError(str(error)) from error
    click.echo(f"wrote {output}: {len(published)} rows, scheme {anonymizer.scheme}")


def summary(
    people: pd.DataFrame, published: pd.DataFrame, scheme: str, *, schema: TableSchema
) -> list[str]:
    """Say in a few lines what an anonymized table loses and protects.

    Parameters
    ----------
    people, published : DataFrame
        Before and after.
    scheme : str
        How the published cells are to be read.
    schema : TableSchema
        Describes the people.

    Returns
    -------
    list of str
    """
    from anomed_dataset_anonymization.privacy import (
        k_anonymity,
        prosecutor_risk,
        published_classes,
    )
    from anomed_dataset_anonymization.schema import encode
    from anomed_dataset_anonymization.schemes import canonicalise
    from anomed_dataset_anonymization.threat import key_shares
    from anomed_dataset_anonymization.utility import (
        boxes_of_people,
        boxes_of_published,
        gcp,
        k_marginal_score,
    )

    table = canonicalise(published, scheme, schema=schema, leaky=people)
    boxes = boxes_of_published(table)
    classes = published_classes(table)
    risk = prosecutor_risk(classes)
    marginals = k_marginal_score(boxes_of_people(people, schema), boxes)
    key, given_away = max(
        key_shares(table, encode(people, schema)).items(), key=lambda item: item[1]
    )
    return [
        f"people published: {table.n_rows} of {len(people)}",
        f"k: {k_anonymity(classes)} ({classes.n_classes} classes)",
        f"average risk of being named by class: {risk.average:.4f}",
        f"given away by the value of {key} alone: {given_away:.1%}",
        f"global certainty penalty: {gcp(boxes, len(people)):.4f}",
        f"k-marginal score: {marginals:.1f} of 1000",
    ]


def _page(
    name: str,
    lines: list[str],
    people: pd.DataFrame,
    published: pd.DataFrame,
    scheme: str,
    schema: TableSchema,
) -> str:
    """Return a page: the summary, the classes, each column before and after, the first rows."""
    from anomed_core.report import Fact, Facts, Section, page
    from anomed_dataset_anonymization.privacy import published_classes
    from anomed_dataset_anonymization.report import (
        class_sizes_chart,
        column_charts,
        readable_table,
    )
    from anomed_dataset_anonymization.schemes import canonicalise
    from anomed_dataset_anonymization.utility import boxes_of_people, boxes_of_published

    table = canonicalise(published, scheme, schema=schema, leaky=people)
    original, boxes = boxes_of_people(people, schema), boxes_of_published(table)
    names = ("original", "anonymized")
    pairs = (line.split(": ", 1) for line in lines)
    facts = [Fact(name=what, value=value) for what, value in pairs]
    columns = column_charts(original, boxes, schema, names=names)
    return page(
        f"{name}, anonymized",
        [
            Facts(facts),
            class_sizes_chart(published_classes(table)),
            Section(title="Columns", parts=columns),
            Section(title="The first rows", parts=[readable_table(table)]),
        ],
    )


def _schema_of(people: pd.DataFrame, path: Path | None, names: list[str]) -> TableSchema:
    from anomed_dataset_anonymization.schema import TableSchema

    if path is not None and names:
        raise ValueError("give either --schema or --quasi-identifiers, not both")
    if path is not None:
        return TableSchema.from_json(path.read_text(encoding="utf-8"))
    if not names:
        click.echo("without --schema or --quasi-identifiers, others may know every column")
    return TableSchema.infer(people, quasi_identifiers=names or list(people.columns))


def _options(words: tuple[str, ...]) -> list[tuple[str, str]]:
    """Read ``--k 10 --relaxed yes`` and ``--k=10``."""
    options, rest = [], list(words)
    while rest:
        name, separator, value = rest.pop(0).partition("=")
        if not name.startswith("--") or (not separator and not rest):
            raise ValueError(f"expected --parameter VALUE of the method, got {name!r}")
        options.append((name[2:], value if separator else rest.pop(0)))
    return options


def _read_hierarchies(given: tuple[str, ...]) -> dict[str, Any]:
    from anomed_dataset_anonymization.schema.hierarchies import read_hierarchy

    hierarchies = {}
    for text in given:
        column, separator, file = text.partition("=")
        if not separator or not Path(file).is_file():
            raise ValueError(f"expected --hierarchy COLUMN=FILE with a file that exists: {text!r}")
        hierarchies[column] = read_hierarchy(Path(file))
    return hierarchies
