"""What several commands say alike; imports nothing heavy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

METHOD_NAMES = (
    "copy",
    "bootstrap",
    "independent-columns",
    "gaussian-copula",
    "sequential-trees",
    "dp-marginal-tree",
    "tabular-argn",
    "smartnoise-mst",
    "dpmm-privbayes",
)
ANY_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
Command = TypeVar("Command", bound=Callable[..., Any])


def method_options(command: Command) -> Command:
    """Add what says how methods run."""
    options = (
        click.option(
            "--seed", type=int, default=0, show_default=True, help="Equal seeds, equal output."
        ),
        click.option(
            "--epsilon",
            type=click.FloatRange(min=0, min_open=True),
            help="Budget of private methods [default: 1]; makes tabular-argn private, too.",
        ),
        click.option(
            "--delta",
            type=click.FloatRange(min=0, max=1, min_open=True, max_open=True),
            default=1e-5,
            show_default=True,
            help="The delta that goes with it.",
        ),
        click.option(
            "--step",
            "steps",
            multiple=True,
            metavar="COLUMN=WIDTH",
            help="Width of a number's grid; coarser is safer. May be repeated.",
        ),
        click.option(
            "--max-minutes",
            type=click.FloatRange(min=0, min_open=True),
            help="Minutes that a network trains at most.",
        ),
        click.option(
            "--install",
            is_flag=True,
            help="Make the environment of another project's method, if it is missing: minutes, and "
            "up to 3 GB.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@contextmanager
def complaints() -> Iterator[None]:
    """Say in one line what a method or the command line lacks.

    Raises
    ------
    click.UsageError
        If what was asked for cannot be.
    click.exceptions.Exit
        With code 1, if a library failed in its own environment.
    """
    from anomed_core.environments import EnvironmentMissingError, ForeignLibraryError

    try:
        yield
    except EnvironmentMissingError as error:
        raise click.UsageError(f"{error}; or add --install") from error
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    except ForeignLibraryError as error:
        click.echo(f"anomed: {error}", err=True)
        raise click.exceptions.Exit(1) from error


def read_steps(texts: tuple[str, ...]) -> dict[str, float]:
    """Read ``COLUMN=WIDTH``.

    Raises
    ------
    click.BadParameter
        If a text has another form.
    """
    steps = {}
    for text in texts:
        column, _, width = text.rpartition("=")
        try:
            steps[column] = float(width)
        except ValueError as error:
            raise click.BadParameter(f"--step takes COLUMN=WIDTH, got {text!r}") from error
        if not column:
            raise click.BadParameter(f"--step takes COLUMN=WIDTH, got {text!r}")
    return steps
