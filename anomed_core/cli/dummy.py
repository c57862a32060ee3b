"""``anomed dummy``."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from anomed_core.cli.opening import chosen_challenges, temporary_server
from anomed_core.cli.options import config_argument, plugin_option

if TYPE_CHECKING:
    from anomed_core.model.payloads import ProductSchema


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
    """Write innocuous data of the same form as what is handed out, for developing blindly.

    There is a file for each data product, and for the answer of each operation. Give them to
    participants who may not see the real data. What no dummy data can be made of is listed with the
    reason.
    """
    from anomed_core.service import dummy_data
    from anomed_core.service.dummy import dummy_answer

    with temporary_server(config, plugins) as server:
        for hosted in chosen_challenges(server, challenge_id):
            folder = output / hosted.id
            for product in hosted.products.values():
                make = partial(dummy_data, hosted, product, seed)
                _write(folder, product.path, product.schema, make)
            for operation in hosted.operations:
                make = partial(dummy_answer, operation, seed)
                _write(folder, operation.path, operation.answer, make)


def _write(folder: Path, route: str, schema: ProductSchema, make: Callable[[], Any]) -> None:
    """Write a file, or say why there is none: a plugin may make no dummy data."""
    import structlog

    from anomed_core.errors import UsageError
    from anomed_core.plugins import one_line
    from anomed_core.service import encoded

    try:
        content = encoded(make(), schema)
    except UsageError as error:
        click.echo(f"none  ({route}: {error})")
        return
    except Exception as error:  # noqa: BLE001 - a third-party hook may raise anything
        structlog.get_logger(__name__).exception("no dummy data", route=route)
        click.echo(f"none  ({route}: its plugin raised {one_line(error)})")
        return
    path = folder / (route.strip("/").replace("/", "-") + schema.file_suffix)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    click.echo(f"{path}  ({route})")
