"""``anomed dummy``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from anomed_core.cli.opening import chosen_challenges, temporary_server
from anomed_core.cli.options import config_argument, plugin_option

if TYPE_CHECKING:
    from anomed_core.model import DataProduct
    from anomed_core.service import HostedChallenge


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

    Give the files to participants who may not see the real data. A product of which no dummy data
    can be made is listed with the reason.
    """
    with temporary_server(config, plugins) as server:
        for hosted in chosen_challenges(server, challenge_id):
            for product in hosted.products.values():
                name = product.path.strip("/").replace("/", "-") + product.schema.file_suffix
                path = output / hosted.id / name
                content = _content(hosted, product, seed)
                if isinstance(content, str):
                    click.echo(f"none  ({product.path}: {content})")
                    continue
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
                click.echo(f"{path}  ({product.path})")


def _content(hosted: HostedChallenge, product: DataProduct, seed: int) -> bytes | str:
    """Return a file's bytes, or in words why there are none: a plugin may make no dummy data."""
    import structlog

    from anomed_core.errors import UsageError
    from anomed_core.plugins import one_line
    from anomed_core.service import dummy_data, encoded

    try:
        return encoded(dummy_data(hosted, product, seed), product.schema)
    except UsageError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - a third-party hook may raise anything
        structlog.get_logger(__name__).exception("no dummy data", product=product.path)
        return f"{hosted.type.plugin_name} raised {one_line(error)}"
