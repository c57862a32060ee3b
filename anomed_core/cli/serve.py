"""``anomed serve``."""

from __future__ import annotations

import os
from pathlib import Path

import click

from anomed_core.cli.options import challenge_options, overrides
from anomed_core.config.modes import AUTH_MODES


@click.command()
@challenge_options
@click.option("--host", help="Address to listen on [default: 127.0.0.1].")
@click.option("--port", type=int, help="Port to listen on [default: 8000].")
@click.option("--workers", type=int, help="Worker processes [default: 2].")
@click.option("--threads", type=int, help="Threads of each worker [default: 96].")
@click.option("--auth", type=click.Choice(AUTH_MODES), help="Who is believed [default: open].")
@click.option(
    "--accept-metric-change",
    is_flag=True,
    help="Start although recorded scores belong to other data or metrics; leaves an audit row.",
)
def serve(
    config: Path | None,
    plugins: tuple[str, ...],
    state: Path | None,
    ledger: str | None,
    host: str | None,
    port: int | None,
    workers: int | None,
    threads: int | None,
    auth: str | None,
    accept_metric_change: bool,
) -> None:
    """Serve challenges over HTTP until SIGTERM or Ctrl-C.

    CONFIG is a TOML file. Without one, each --plugin is served as its demo:

        anomed serve --plugin supervised-mia
    """
    # Workers and evaluations are our threads; libraries read this when they are imported.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from anomed_core.serving import run_server

    run_server(
        config,
        plugins=plugins,
        overrides=overrides(
            state=state,
            ledger=ledger,
            host=host,
            port=port,
            workers=workers,
            threads=threads,
            auth=auth,
        ),
        accept_change=accept_metric_change,
    )
