"""``anomed scores``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from anomed_core.cli.options import (
    challenge_options,
    json_option,
    ledger_option,
    overrides,
    print_json,
    print_table,
    state_option,
)

if TYPE_CHECKING:
    from anomed_core.ledger import Ledger


@click.group()
def scores() -> None:
    """List and rank recorded scores."""


@scores.command("list")
@state_option
@ledger_option
@click.option("--challenge", metavar="ID", help="Only this challenge.")
@json_option
def list_scores(
    state: Path | None, ledger: str | None, challenge: str | None, as_json: bool
) -> None:
    """List recorded scores, oldest first."""
    found = open_ledger(state, ledger).scores(challenge=challenge)
    if as_json:
        print_json([score.as_dict() for score in found])
        return
    if not found:
        click.echo("No score has been recorded yet.")
        return
    print_table(
        ["id", "challenge", "kind", "anonymizer", "deanonymizer", "split", "metrics", "recorded"],
        [
            [
                score.id,
                score.challenge,
                score.kind,
                score.subject.anonymizer,
                score.subject.deanonymizer,
                score.split.value,
                dict(list(score.metrics.items())[:4]),
                f"{score.recorded_at:%Y-%m-%d %H:%M:%S}Z",
            ]
            for score in found
        ],
    )


@scores.command("rank")
@challenge_options
@click.option("--challenge", "challenge_id", metavar="ID", help="Which one, if there are several.")
@click.option("--kind", metavar="KIND", help="Only this submission kind.")
@click.option(
    "--split",
    type=click.Choice(["tuning", "validation"]),
    default="validation",
    show_default=True,
    help="Which scores to rank.",
)
@json_option
def rank_scores(
    config: Path | None,
    plugins: tuple[str, ...],
    state: Path | None,
    ledger: str | None,
    challenge_id: str | None,
    kind: str | None,
    split: str,
    as_json: bool,
) -> None:
    """Rank recorded scores at full precision; ties go to the declared tie-breakers.

    Give the same CONFIG or --plugin as to serve: it knows the metrics.
    """
    import structlog

    from anomed_core.application import house_from_files
    from anomed_core.model import Split
    from anomed_core.service.ranking import rank, ranking_metrics

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    house = house_from_files(
        config, plugins=plugins, overrides=overrides(state=state, ledger=ledger)
    )
    rankings = []
    for hosted in house.challenges.values():
        if challenge_id in {None, hosted.id}:
            for name, metrics in hosted.metrics.items():
                if kind in {None, name}:
                    found = house.ledger.scores(challenge=hosted.id, kind=name, split=Split(split))
                    ranked = rank([s for s in found if s.origin == "participant"], metrics)
                    rankings.append((hosted, name, ranking_metrics(metrics), ranked))
    house.close()
    if as_json:
        print_json(
            [
                {
                    "challenge": hosted.id,
                    "kind": name,
                    "place": entry.place,
                    **entry.score.as_dict(),
                }
                for hosted, name, _, ranked in rankings
                for entry in ranked
            ]
        )
        return
    for hosted, name, order, ranked in rankings:
        print_table(
            ["place", "anonymizer", "deanonymizer", *(metric.name for metric in order), "score"],
            [
                [
                    entry.place,
                    entry.score.subject.anonymizer,
                    entry.score.subject.deanonymizer,
                    *(entry.score.metrics.get(metric.name) for metric in order),
                    entry.score.id,
                ]
                for entry in ranked
            ],
            title=f"{hosted.challenge.title}: {name}, {split}",
        )
        click.echo()


def open_ledger(state: Path | None, ledger: str | None) -> Ledger:
    """Open the ledger that the options or the environment name."""
    from anomed_core.config import read_configuration
    from anomed_core.errors import UsageError
    from anomed_core.ledger import SqlLedger
    from anomed_core.state import StateDirectory

    settings = read_configuration(None, overrides=overrides(state=state, ledger=ledger)).server
    if not settings.ledger and not (settings.state / "ledger.sqlite").exists():
        raise UsageError(
            f"there is no ledger in {settings.state.absolute()}; give --state or --ledger"
        )
    return SqlLedger(settings.ledger or StateDirectory(settings.state).ledger_url)
