"""``anomed challenge``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from anomed_core.cli import EXIT_PROBLEM
from anomed_core.cli.lazy import ExtensibleGroup
from anomed_core.cli.opening import temporary_server
from anomed_core.cli.options import config_argument, json_option, plugin_option, print_json

if TYPE_CHECKING:
    from anomed_core.testing.findings import Outcome


@click.group(cls=ExtensibleGroup)
def challenge() -> None:
    """Check a configuration, or begin one with a command that a plugin adds.

    The type dataset-anonymization adds ``anomed challenge init TABLE``.
    """


@challenge.command("check")
@config_argument
@plugin_option
@json_option
def check(config: Path | None, plugins: tuple[str, ...], as_json: bool) -> None:
    """Open every challenge of CONFIG, score its baselines, and say what was found.

    Nothing of the real state is touched. Exit code 1 if a baseline does not behave as declared.
    """
    from anomed_core.service.handouts import gaps, handouts
    from anomed_core.testing import rehearse

    with temporary_server(config, plugins) as server:
        findings = [
            finding for hosted in server.challenges.values() for finding in rehearse(hosted, server)
        ]
        titles = {hosted.id: hosted.challenge.title for hosted in server.challenges.values()}
        handed_out = [
            f"{hosted.id}: {handout}"
            for hosted in server.challenges.values()
            for handout in handouts(hosted)
        ]
        broken = [
            f"{hosted.id}: {gap}" for hosted in server.challenges.values() for gap in gaps(hosted)
        ]
    if as_json:
        print_json([finding.as_dict() for finding in findings])
    else:
        for finding in findings:
            click.echo(f"{_mark(finding.outcome)} {finding.id}: {finding.text}")
        for handout in handed_out:
            click.echo(f"hands out {handout}")
        for gap in broken:
            click.echo(f"careful {gap}")
        click.echo(f"{len(titles)} challenge(s) checked: {', '.join(titles.values())}")
    if not all(finding.ok for finding in findings):
        raise click.exceptions.Exit(EXIT_PROBLEM)


def _mark(outcome: Outcome) -> str:
    """Return three letters that stand for an outcome."""
    from anomed_core.testing.findings import Outcome

    return {Outcome.OK: "ok ", Outcome.WARNING: "SEE"}.get(outcome, "BAD")
