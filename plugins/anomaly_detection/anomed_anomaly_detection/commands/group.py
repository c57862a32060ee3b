"""The group of commands, and those that list what is installed."""

from __future__ import annotations

import inspect

import click

from anomed_anomaly_detection.registry.offers import DETECTORS, TASKS, TRIGGERS, offers


@click.group()
def anomaly() -> None:
    """Plant anomalies in models, and flag them."""


def _list(group: str) -> None:
    for offer in offers(group):
        owners = " and ".join(offer.point.distributions)
        if offer.offered is None:
            click.echo(f"{offer.point.name} (broken): {offer.error}")
        else:
            summary = (inspect.getdoc(offer.offered) or "").partition("\n")[0]
            click.echo(f"{offer.point.name} ({owners}): {summary}")


@anomaly.command("detectors")
def list_detectors() -> None:
    """List the detectors that are installed, and what is wrong with broken ones."""
    _list(DETECTORS)


@anomaly.command("tasks")
def list_tasks() -> None:
    """List the tasks that are installed, and what is wrong with broken ones."""
    _list(TASKS)


@anomaly.command("triggers")
def list_triggers() -> None:
    """List the triggers that are installed, and what is wrong with broken ones."""
    _list(TRIGGERS)
