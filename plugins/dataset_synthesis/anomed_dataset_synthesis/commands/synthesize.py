"""``anomed synthesize``."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Collection, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from anomed_core.tables import read_as_told, refuse_identifiers, table_options, write_table
from anomed_dataset_synthesis.commands.command_line import (
    ANY_FILE,
    METHOD_NAMES,
    complaints,
    method_options,
    read_steps,
)

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from anomed_core.tables import ColumnKind, TableRead
    from anomed_dataset_synthesis.audit.declaration import Declaration
    from anomed_dataset_synthesis.generators import Generator
    from anomed_dataset_synthesis.table.canonical import CanonicalTable
    from anomed_dataset_synthesis.table.codebook import Codebook


@click.command()
@click.argument("table", type=ANY_FILE)
@click.option("--method", required=True, type=click.Choice(METHOD_NAMES), help="How.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("synthetic.parquet"),
    show_default=True,
    help="File to write: CSV or parquet, by its suffix. The claim goes beside it.",
)
@click.option(
    "--records", type=click.IntRange(min=1), help="How many to draw [default: as in TABLE]."
)
@click.option(
    "--codebook",
    "codebook_file",
    type=ANY_FILE,
    help="JSON file with the columns, as a challenge publishes it at /data/codebook.",
)
@click.option(
    "--background",
    metavar="FILE[?NAME=VALUE&...]",
    help="Public records, as a challenge publishes them at /data/background. They are read as "
    "TABLE is, unless options stand behind a question mark.",
)
@table_options
@method_options
def synthesize(  # noqa: PLR0913 - each option is one
    table: Path,
    *,
    method: str,
    output: Path,
    records: int | None,
    codebook_file: Path | None,
    background: str | None,
    reading: tuple[str, ...],
    dropped: tuple[str, ...],
    as_json: bool,
    **options: Any,
) -> None:
    """Write a synthetic table in place of TABLE (CSV or parquet), and a claim to hand in with it.

    Columns are described by --codebook, or learnt from --background, or from TABLE itself. The last
    is no option for differentially private methods: their claims do not cover it.
    """
    import numpy as np

    from anomed_dataset_synthesis.commands.methods import METHODS, PUBLIC_DOMAIN, MethodSettings
    from anomed_dataset_synthesis.table.canonical import canonicalise, shuffle

    if method in PUBLIC_DOMAIN and not (codebook_file or background):
        raise click.UsageError(
            f"{method} needs --codebook or --background: bounds and categories that are learnt "
            "from the table itself are not covered by its claim"
        )
    steps, rng = read_steps(options.pop("steps")), np.random.default_rng(options.pop("seed"))
    with tempfile.TemporaryDirectory(prefix="anomed-") as folder, complaints():
        written = _read_codebook(codebook_file, steps) if codebook_file else None
        read, background_read = _read(table, background, reading, dropped, written)
        people, public = read.frame, background_read.frame if background_read else None
        codebook = written or _learnt(people, public, steps)
        _tell_losses(people, codebook, steps)
        settings = MethodSettings(background=public, workspaces=Path(folder), **options)
        # Whoever learns the codebook elsewhere will meet values that it lacks.
        private = canonicalise(people, codebook, outside="recode" if background else "reject")
        if method in PUBLIC_DOMAIN and public is not None:
            _check_public(private, canonicalise(public, codebook, outside="recode"))
        synthetic, declared = _synthesized(
            METHODS[method](settings),
            shuffle(private, rng),
            n_records=records or len(people),
            rng=rng,
        )
        write_table(
            _as_read(synthetic, read.kinds),
            output,
            kinds=read.kinds,
            separator=read.separator,
            decimal=read.decimal,
        )
    claim = output.with_suffix(".claim.json")
    claim.write_text(json.dumps(declared.to_dict(), indent=2) + "\n", encoding="utf-8")
    if as_json:
        files = {"output": str(output), "claim": str(claim), "n_records": len(synthetic)}
        click.echo(json.dumps({**files, "declaration": declared.to_dict()}, indent=2))
    else:
        click.echo(_said(output, claim, len(synthetic), declared))


def _said(output: Path, claim: Path, n_records: int, declared: Declaration) -> str:
    said = declared.guarantee
    promise = f"epsilon {said.epsilon:.3g}, delta {said.delta:g}" if said else "no claim of privacy"
    return f"wrote {output} ({n_records} records by {declared.generator}) and {claim} ({promise})"


def _read(
    table: Path,
    background: str | None,
    reading: tuple[str, ...],
    dropped: tuple[str, ...],
    codebook: Codebook | None,
) -> tuple[TableRead, TableRead | None]:
    """Read both tables alike: as the codebook says, or else as the public one looks."""
    read = partial(read_as_told, reading=reading, dropped=dropped)
    kinds = codebook.kinds if codebook else None
    if background is None:
        return read(table, kinds=kinds), None
    public = read(background, kinds=kinds)
    found = {name: kind.kind for name, kind in public.kinds.items()}
    return read(table, kinds=kinds or found), public


def _tell_losses(people: pd.DataFrame, codebook: Codebook, steps: Collection[str]) -> None:
    """Say which times of day and which digits are lost, where nobody has asked for it."""
    from anomed_core.tables import column_facts
    from anomed_dataset_synthesis.table.codebook import CategoryColumn

    for column in codebook.columns:
        name, kind = column.name, codebook.kinds[column.name]
        if name not in people or name in steps or isinstance(column, CategoryColumn):
            continue
        facts = column_facts(people[name])
        if facts.kind == "number" and column.step > 10**-facts.n_decimals:
            click.echo(
                f"{name}: rounded to multiples of {column.step:,g}; --step {name}=S, or a "
                "codebook, sets another grid",
                err=True,
            )
        if kind == "date" and facts.kind == "date-time":
            click.echo(
                f"{name}: times of day are left out, as the public table or codebook has none; a "
                "codebook that says date-time keeps them",
                err=True,
            )


def _check_public(private: CanonicalTable, public: CanonicalTable) -> None:
    from anomed_dataset_synthesis.table.overlap import overlap

    shared = overlap(private, public)
    if shared.is_sure:
        raise click.UsageError(
            f"{shared.n_shared} of the {len(public)} records of --background are in TABLE, too, "
            "more than chance explains: the claim does not cover what is learnt from people of "
            "TABLE; give records of other people, or --codebook"
        )


def _synthesized(
    generator: Generator, private: CanonicalTable, *, n_records: int, rng: np.random.Generator
) -> tuple[pd.DataFrame, Declaration]:
    from anomed_dataset_synthesis.audit.declaration import Declaration
    from anomed_dataset_synthesis.table.canonical import to_frame

    start = time.perf_counter()
    fitted = generator.fit(to_frame(private), private.codebook, rng=rng)
    declared = Declaration(
        generator=generator.name,
        training_time_s=round(time.perf_counter() - start, 3),
        guarantee=fitted.guarantee,
    )
    return fitted.sample(n_records, rng=rng), declared


def _learnt(people: pd.DataFrame, public: pd.DataFrame | None, steps: dict[str, float]) -> Codebook:
    from anomed_dataset_synthesis.table.inference import infer_codebook

    refuse_identifiers(people, unchanged=list(people.columns))
    return infer_codebook(
        people if public is None else public, steps=steps, nullable=public is not None
    )


def _read_codebook(path: Path, steps: dict[str, float]) -> Codebook:
    from anomed_dataset_synthesis.table.codebook import Codebook

    if steps:
        raise click.UsageError("--step is for codebooks that are learnt; leave it out")
    try:
        described = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise click.UsageError(f"{path} is no JSON file: {error}") from error
    if not isinstance(described, dict):
        raise click.UsageError(f"{path} holds no object with the key 'columns'")
    return Codebook.from_mapping(described)


def _as_read(table: pd.DataFrame, kinds: Mapping[str, ColumnKind]) -> pd.DataFrame:
    """Return whole numbers and booleans as such, which became floats and words on their way."""
    table = table.copy(deep=False)
    for name, column in table.items():
        kind = kinds[str(name)].kind
        if kind == "integer" and column.dtype.kind == "f":
            table[name] = column.astype("Int64")
        elif kind == "boolean":
            table[name] = column.map({"false": False, "true": True}).astype("boolean")
    return table
