"""``anomed demo``."""

from __future__ import annotations

import click


@click.command()
@click.option(
    "--plugin",
    "plugin",
    default="supervised-mia",
    show_default=True,
    metavar="NAME",
    help="Challenge type to play.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="For the players' models.")
def demo(plugin: str, seed: int) -> None:
    """Play a whole competition on this machine, in a minute, and print the ranking.

    A server starts on a free port, baseline anonymizers train, predict and are scored, baseline
    deanonymizers attack them, all over HTTP; then everything is thrown away.
    """
    from anomed_core.demonstration import play_demo

    play_demo(plugin, seed=seed)
