"""``anomed scores``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from anomed_core.cli.opening import chosen_challenges, recorded_server
from anomed_core.cli.options import (
    challenge_options,
    json_option,
    print_json,
    print_table,
    records_options,
)
from anomed_core.cli.records import open_records

if TYPE_CHECKING:
    from anomed_core.service import HostedChallenge


@click.group()
def scores() -> None:
    """List, rank, export and re-evaluate recorded scores."""


@scores.command("list")
@records_options
@click.option("--challenge", metavar="ID", help="Only this challenge.")
@json_option
def list_scores(
    config: Path | None,
    state: Path | None,
    ledger: str | None,
    challenge: str | None,
    as_json: bool,
) -> None:
    """List recorded scores, oldest first."""
    with open_records(config, state=state, ledger=ledger) as records:
        found = records.ledger.scores(challenge=challenge)
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
    from anomed_core.model import Split
    from anomed_core.service.ranking import rank, ranking_metrics

    rankings = []
    with recorded_server(config, plugins=plugins, state=state, ledger=ledger) as server:
        for hosted, name in _chosen_kinds(chosen_challenges(server, challenge_id), kind):
            found = server.ledger.scores(challenge=hosted.id, kind=name, split=Split(split))
            metrics = hosted.metrics[name]
            ranked = rank([s for s in found if s.origin == "participant"], metrics)
            rankings.append((hosted, name, ranking_metrics(metrics), ranked))
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


def _chosen_kinds(
    challenges: list[HostedChallenge], kind: str | None
) -> list[tuple[HostedChallenge, str]]:
    """Return the submission kinds of challenges; only those of one name, if it is given."""
    from anomed_core.errors import UsageError

    declared = [(hosted, name) for hosted in challenges for name in hosted.metrics]
    chosen = [(hosted, name) for hosted, name in declared if kind in {None, name}]
    if kind is not None and not chosen:
        names = dict.fromkeys(name for _, name in declared)
        raise UsageError(f"there is no submission kind {kind!r}; there are {', '.join(names)}")
    return chosen


@scores.command("reevaluate")
@challenge_options
@click.option("--challenge", "challenge_id", metavar="ID", help="Only this challenge.")
@click.option("--score", "only", type=int, multiple=True, help="Only this score. May be repeated.")
@click.option("--dry-run", is_flag=True, help="Record nothing; exit with 1 if a score differs.")
@click.option(
    "--accept-metric-change",
    is_flag=True,
    help="Go on although data or metrics are not those that the scores were recorded with.",
)
@json_option
def reevaluate_scores(
    config: Path | None,
    plugins: tuple[str, ...],
    state: Path | None,
    ledger: str | None,
    challenge_id: str | None,
    only: tuple[int, ...],
    dry_run: bool,
    accept_metric_change: bool,
    as_json: bool,
) -> None:
    """Evaluate the kept submissions of finals again, with the plugins that are installed now.

    A score that comes out the same stays. Otherwise a new row supersedes it: rankings and reports
    take the new one, the old one stays in the ledger. Give the same CONFIG or --plugin as to serve.
    """
    from anomed_core.service.reevaluation import reevaluate

    with recorded_server(
        config,
        plugins=plugins,
        state=state,
        ledger=ledger,
        accept_change=accept_metric_change,
    ) as server:
        outcomes = [
            outcome
            for hosted in chosen_challenges(server, challenge_id)
            for outcome in reevaluate(
                hosted,
                ledger=server.ledger,
                submissions=server.submissions.kept,
                engine=server.submissions.inline,
                only=only,
                record=not dry_run,
            )
        ]
        recorded = [outcome.recorded for outcome in outcomes if outcome.recorded]
        if recorded:
            numbers = " ".join(str(score.supersedes) for score in recorded)
            server.ledger.audit("scores reevaluated", superseded=numbers)
    if as_json:
        print_json([outcome.as_dict() for outcome in outcomes])
    else:
        print_table(
            ["score", "kind", "anonymizer", "deanonymizer", "outcome", "new score"],
            [
                [
                    outcome.score.id,
                    outcome.score.kind,
                    outcome.score.subject.anonymizer,
                    outcome.score.subject.deanonymizer,
                    outcome.text,
                    outcome.recorded.id if outcome.recorded else "",
                ]
                for outcome in outcomes
            ],
        )
    if dry_run and any(outcome.metrics and not outcome.repeats for outcome in outcomes):
        raise click.exceptions.Exit(1)


@scores.command("export")
@records_options
@click.option("--challenge", metavar="ID", help="Only this challenge.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "jsonl"]),
    default="csv",
    show_default=True,
    help="One line a score.",
)
def export_scores(
    config: Path | None, state: Path | None, ledger: str | None, challenge: str | None, form: str
) -> None:
    """Write every recorded score with every metric at full precision to standard output."""
    import csv
    import json
    import sys

    with open_records(config, state=state, ledger=ledger) as records:
        rows = [score.as_dict() for score in records.ledger.scores(challenge=challenge)]
    if form == "jsonl":
        for row in rows:
            click.echo(json.dumps(row))
        return
    names = list(dict.fromkeys(name for row in rows for name in row["metrics"]))
    facts = [name for name in rows[0] if name != "metrics"] if rows else ["id"]
    writer = csv.writer(sys.stdout)
    writer.writerow([*facts, *names])
    for row in rows:
        metrics = [row["metrics"].get(name) for name in names]
        values = [*(row[name] for name in facts), *metrics]
        writer.writerow("" if value is None else _exact(value) for value in values)


def _exact(value: object) -> str:
    if isinstance(value, dict):
        import json

        return json.dumps(value)
    return repr(value) if isinstance(value, float) else str(value)
