"""``anomed dp``: what organisers of hidden tables do beside the common commands."""

from __future__ import annotations

from pathlib import Path

import click

_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.group()
def dp() -> None:
    """Hidden tables that are asked with differential privacy."""


@dp.command("import-lomas")
@click.argument("users", type=_FILE)
@click.argument("datasets", type=_FILE)
@click.option("--challenge", default="lomas", show_default=True, metavar="ID", help="Its id.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("from-lomas"),
    show_default=True,
    help="A new folder for the three files.",
)
def import_lomas(users: Path, datasets: Path, challenge: str, output: Path) -> None:
    """Translate the collections of a Lomas server: who may ask which tables, and for how much.

    USERS and DATASETS are YAML, JSON, or what mongoexport writes. Three files are written:
    challenge.toml; teams.csv for anomed tokens import; budgets.csv for anomed budgets import, which
    freezes the accounts of those who may not query. What users have spent at Lomas is gone from
    their budgets here.
    """
    from anomed_core import UsageError
    from anomed_dp_query.challenge.accounts import account_name
    from anomed_dp_query.commands import translation
    from anomed_dp_query.lomas.collections import CollectionError, read_datasets, read_users

    try:
        people = read_users(users.read_text(encoding="utf-8"))
    except (CollectionError, UnicodeDecodeError) as error:
        raise UsageError(f"{users}: {error}") from error
    try:
        tables = read_datasets(datasets.read_text(encoding="utf-8"))
    except (CollectionError, UnicodeDecodeError) as error:
        raise UsageError(f"{datasets}: {error}") from error
    known = {table.name: account_name(table.name) for table in tables}
    for one in people:
        unknown = [a.dataset for a in one.allowances if a.dataset not in known]
        if unknown:
            raise UsageError(
                f"{users}: user {one.name!r} may ask {unknown[0]!r}, which {datasets} lacks; add "
                "it, or take it from the user"
            )
    if output.exists():
        raise UsageError(f"{output} exists already; name a new folder with --output")
    output.mkdir(parents=True)
    files = {
        "challenge.toml": translation.configuration(challenge, tables, people),
        "teams.csv": translation.teams(challenge, people),
        "budgets.csv": translation.states(challenge, people, known),
    }
    for name, text in files.items():
        (output / name).write_text(text, encoding="utf-8")
    elsewhere = [table.name for table in tables if not table.path or not table.metadata_path]
    click.echo(f"{len(people)} users and {len(tables)} datasets are in {output}.")
    if elsewhere:
        click.echo(
            f"Of {', '.join(elsewhere)}, no file is named: fill in source and metadata in "
            f"{output / 'challenge.toml'}."
        )
