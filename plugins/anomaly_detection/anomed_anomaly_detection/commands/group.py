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


def _add(name: str, summary: str) -> None:
    @anomaly.command(
        name.replace("_", "-"),
        help=summary,
        add_help_option=False,
        context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    )
    @click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
    def run(arguments: tuple[str, ...]) -> None:
        from anomed_anomaly_detection.commands.running import COMMANDS

        COMMANDS[name](arguments, click.echo)


for _name, _summary in (
    ("train_classifier", "Train a classifier, perhaps on poisoned records."),
    ("train_detector", "Fit a detector to a classifier and its trusted records."),
    ("eval_detector", "Judge a detector on normal and anomalous inputs."),
    ("make_adversarial_examples", "Attack a classifier and keep the inputs in its folder."),
):
    _add(_name, _summary)
