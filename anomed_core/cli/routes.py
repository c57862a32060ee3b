"""``anomed routes`` and ``anomed openapi``."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from anomed_core.cli.options import (
    config_argument,
    json_option,
    plugin_option,
    print_json,
    print_table,
)

if TYPE_CHECKING:
    from anomed_core.service.house import House


@click.command()
@config_argument
@plugin_option
@json_option
def routes(config: Path | None, plugins: tuple[str, ...], as_json: bool) -> None:
    """List what a server would hand out and take, and who may use it."""
    from anomed_core.web import mounted_challenges

    with temporary_house(config, plugins) as house:
        rows = []
        for base, hosted in mounted_challenges(house).items():
            rows += [
                [
                    "GET",
                    base + product.path,
                    ", ".join(sorted(product.audience)),
                    product.description,
                ]
                for product in hosted.products.values()
            ]
            rows += [
                ["POST", base + kind.path, kind.submitter.value, kind.description]
                for kind in hosted.kinds
            ]
            rows += [
                ["*", base + path, "", f"extra route of {hosted.type.plugin_name}"]
                for path in hosted.extra_routes
            ]
    if as_json:
        names = ["method", "route", "for", "description"]
        print_json([dict(zip(names, row, strict=True)) for row in rows])
    else:
        print_table(["method", "route", "for", "description"], rows)


@click.command()
@config_argument
@plugin_option
def openapi_command(config: Path | None, plugins: tuple[str, ...]) -> None:
    """Print the OpenAPI 3.1 document of a server."""
    from anomed_core.web import mounted_challenges, openapi

    with temporary_house(config, plugins) as house:
        print_json(openapi(mounted_challenges(house)))


@contextmanager
def temporary_house(config: Path | None, plugins: tuple[str, ...]) -> Iterator[House]:
    """Open a house whose state is thrown away."""
    import structlog

    from anomed_core.application import house_from_files

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    with tempfile.TemporaryDirectory() as folder:
        house = house_from_files(config, plugins=plugins, overrides={"state": folder, "ledger": ""})
        try:
            yield house
        finally:
            house.close()
