"""``anomed routes`` and ``anomed openapi``."""

from __future__ import annotations

from pathlib import Path

import click

from anomed_core.cli.opening import temporary_server
from anomed_core.cli.options import (
    config_argument,
    json_option,
    plugin_option,
    print_json,
    print_table,
)


@click.command()
@config_argument
@plugin_option
@json_option
def routes(config: Path | None, plugins: tuple[str, ...], as_json: bool) -> None:
    """List what a server would hand out, take and answer, and who may use it."""
    from anomed_core.service.routes import offered_routes
    from anomed_core.web import mounted_challenges

    with temporary_server(config, plugins) as server:
        rows = []
        for base, hosted in mounted_challenges(server).items():
            rows += [
                [route.method, base + route.path, route.audience, route.description]
                for route in offered_routes(hosted)
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

    with temporary_server(config, plugins) as server:
        print_json(openapi(mounted_challenges(server)))
