"""``anomed synthesize``."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from anomed_dataset_synthesis.commands.command_line import (
    ANY_FILE,
    METHOD_NAMES,
    complaints,
    method_options,
    read_frame,
    read_steps,
    refuse_identifiers,
)

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

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
    type=ANY_FILE,
    help="Public records, as a challenge publishes them at /data/background.",
)
@method_options
def synthesize(
    table: Path,
    *,
    method: str,
    output: Path,
    records: int | None,
    codebook_file: Path | None,
    background: Path | None,
    **options: Any,
) -> None:
    """Write a synthetic table in place of TABLE (CSV or parquet), and a claim to hand in with it.

    Columns are described by --codebook, or learnt from --background, or from TABLE itself. The last
    is no option for differentially private methods: their claims do not cover it.
    """
    import numpy as np

    from anomed_dataset_synthesis.commands.methods import METHODS, PUBLIC_DOMAIN, MethodSettings
    from anomed_dataset_synthesis.table.canonical import canonicalise

    if method in PUBLIC_DOMAIN and not (codebook_file or background):
        raise click.UsageError(
            f"{method} needs --codebook or --background: bounds and categories that are learnt "
            "from the table itself are not covered by its claim"
        )
    dropped, steps = options.pop("dropped"), read_steps(options.pop("steps"))
    rng = np.random.default_rng(options.pop("seed"))
    people = read_frame(table, dropped=dropped)
    public = read_frame(background, dropped=dropped) if background else None
    if codebook_file is None:
        refuse_identifiers(people)
    with tempfile.TemporaryDirectory(prefix="anomed-") as folder, complaints():
        codebook = _codebook(people, public, codebook_file, steps)
        settings = MethodSettings(background=public, workspaces=Path(folder), **options)
        # Whoever learns the codebook elsewhere will meet values that it lacks.
        private = canonicalise(people, codebook, outside="recode" if background else "reject")
        if method in PUBLIC_DOMAIN and public is not None:
            _check_public(private, canonicalise(public, codebook, outside="recode"))
        synthetic, declared = _synthesized(
            METHODS[method](settings),
            private,
            n_records=records or len(people),
            rng=rng,
        )
    _write(_with_integers(synthetic, codebook), output)
    claim = output.with_suffix(".claim.json")
    claim.write_text(json.dumps(declared.to_dict(), indent=2) + "\n", encoding="utf-8")
    said = declared.guarantee
    promise = f"epsilon {said.epsilon:.3g}, delta {said.delta:g}" if said else "no claim of privacy"
    click.echo(
        f"wrote {output} ({len(synthetic)} records by {declared.generator}) and {claim} ({promise})"
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


def _codebook(
    people: pd.DataFrame,
    public: pd.DataFrame | None,
    codebook_file: Path | None,
    steps: dict[str, float],
) -> Codebook:
    from anomed_dataset_synthesis.table.codebook import Codebook
    from anomed_dataset_synthesis.table.inference import infer_codebook

    if codebook_file is None:
        return infer_codebook(
            people if public is None else public, steps=steps, nullable=public is not None
        )
    if steps:
        raise click.UsageError("--step is for codebooks that are learnt; leave it out")
    try:
        described = json.loads(codebook_file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise click.UsageError(f"{codebook_file} is no JSON file: {error}") from error
    if not isinstance(described, dict):
        raise click.UsageError(f"{codebook_file} holds no object with the key 'columns'")
    return Codebook.from_mapping(described)


def _with_integers(table: pd.DataFrame, codebook: Codebook) -> pd.DataFrame:
    """Return whole numbers as such: pandas makes floats of them where one is missing."""
    import numpy as np

    whole = {
        column.name: "Int64"
        for column in codebook.columns
        if getattr(column, "kind", None) == "integer"
        and table[column.name].dtype == np.float64
        and (table[column.name].dropna() % 1 == 0).all()
    }
    return table.astype(whole)


def _write(table: pd.DataFrame, path: Path) -> None:
    if path.suffix == ".parquet":
        table.to_parquet(path, index=False)
    else:
        table.to_csv(path, index=False)
