"""``anomed dummy``."""

from __future__ import annotations

from pathlib import Path

import click

from anomed_core.cli.options import config_argument, plugin_option
from anomed_core.cli.routes import temporary_house


@click.command()
@config_argument
@plugin_option
@click.option("--challenge", "challenge_id", metavar="ID", help="Which one, if there are several.")
@click.option("--seed", type=int, default=0, show_default=True, help="Equal seeds, equal data.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("dummy"),
    show_default=True,
    help="Folder to write to.",
)
def dummy(
    config: Path | None,
    plugins: tuple[str, ...],
    challenge_id: str | None,
    seed: int,
    output: Path,
) -> None:
    """Write innocuous data of the same form as each data product, for developing blindly.

    Give the files to participants who may not see the real data.
    """
    from anomed_core.errors import UsageError
    from anomed_core.model import ArraysSchema
    from anomed_core.service import dummy_data, encoded

    with temporary_house(config, plugins) as house:
        chosen = [
            hosted
            for hosted in house.challenges.values()
            if challenge_id is None or hosted.id == challenge_id
        ]
        if not chosen:
            raise UsageError(
                f"there is no challenge {challenge_id!r}; there are {', '.join(house.challenges)}"
            )
        for hosted in chosen:
            for product in hosted.products.values():
                suffix = ".npz" if isinstance(product.schema, ArraysSchema) else ".parquet"
                path = output / hosted.id / (product.path.strip("/").replace("/", "-") + suffix)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(encoded(dummy_data(hosted, product, seed), product.schema))
                click.echo(f"{path}  ({product.path})")
