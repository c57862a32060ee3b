"""``anomed scores``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from anomed_core.cli import EXIT_PROBLEM
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
    """List, rank, export, annul and re-evaluate recorded scores."""


@scores.command("list")
@records_options
@click.option("--challenge", metavar="ID", help="Only this challenge.")
@click.option("--kind", metavar="KIND", help="Only this submission kind.")
@click.option("--split", type=click.Choice(["tuning", "validation"]), help="Only this split.")
@click.option(
    "--origin",
    type=click.Choice(["participant", "house"]),
    help="Only what participants handed in, or what the house found.",
)
@json_option
def list_scores(
    config: Path | None,
    state: Path | None,
    ledger: str | None,
    challenge: str | None,
    kind: str | None,
    split: str | None,
    origin: str | None,
    as_json: bool,
) -> None:
    """List recorded scores, oldest first; house attacks stand with their names.

    Only what is recorded is read and no plugin is asked, so there is no --plugin.
    """
    with open_records(config, state=state, ledger=ledger) as records:
        recorded = records.ledger.scores(challenge=challenge)
    chosen = [
        score
        for score in recorded
        if kind in {None, score.kind}
        and split in {None, score.split.value}
        and origin in {None, score.origin}
    ]
    if as_json:
        print_json([score.as_dict() for score in chosen])
        return
    if not chosen:
        click.echo("No such score has been recorded." if recorded else "No score is recorded yet.")
        return
    print_table(
        ["id", "challenge", "kind", "anonymizer", "deanonymizer", "split", "metrics", "recorded"],
        [
            [
                score.id,
                score.challenge,
                score.kind,
                score.subject.anonymizer,
                f"house: {score.label}" if score.origin == "house" else score.subject.deanonymizer,
                score.split.value,
                dict(list(score.metrics.items())[:4]),
                f"{score.recorded_at:%Y-%m-%d %H:%M:%S}Z",
            ]
            for score in chosen
        ],
    )


@scores.command("rank")
@challenge_options
@click.option("--challenge", "challenge_id", metavar="ID", help="Which one, if there are several.")
@click.option("--name", metavar="NAME", default="", help="Only this ranking.")
@click.option("--kind", metavar="KIND", help="Only rankings of this submission kind.")
@click.option(
    "--split",
    type=click.Choice(["tuning", "validation"]),
    default="validation",
    show_default=True,
    help="Finals, or the newest tuning score of each participant.",
)
@json_option
def rank_scores(
    config: Path | None,
    plugins: tuple[str, ...],
    state: Path | None,
    ledger: str | None,
    challenge_id: str | None,
    name: str,
    kind: str | None,
    split: str,
    as_json: bool,
) -> None:
    """Tell who won, as everybody sees it once the rankings are shown.

    Give the same CONFIG or --plugin as to serve: it knows what is ranked.
    """
    from anomed_core.model import Split

    with recorded_server(config, plugins=plugins, state=state, ledger=ledger) as server:
        chosen = chosen_challenges(server, challenge_id)
        _refuse_unknown_kind(chosen, kind)
        tables = [
            table
            for hosted in chosen
            for table in server.rankings.tables(hosted, name=name, split=Split(split), at_most=None)
            if kind in {None, table.kind}
        ]
        titles = {hosted.id: hosted.challenge.title for hosted in chosen}
    if as_json:
        print_json([table.as_dict() for table in tables])
        return
    for table in tables:
        title = f"{titles[table.challenge]}: {table.title}, {table.split}"
        print_table(*table.cells(), title=title)
        click.echo()


def _refuse_unknown_kind(challenges: list[HostedChallenge], kind: str | None) -> None:
    from anomed_core.errors import UsageError

    names = dict.fromkeys(name for hosted in challenges for name in hosted.metrics)
    if kind is not None and kind not in names:
        raise UsageError(f"there is no submission kind {kind!r}; there are {', '.join(names)}")


@scores.command("annul")
@click.argument("score_id", metavar="ID", type=int)
@records_options
@click.option("--reason", required=True, metavar="TEXT", help="Why; everybody may read it.")
@click.option(
    "--return-attempt", is_flag=True, help="Let it be made once more, a final in place of this one."
)
@json_option
def annul_score(
    score_id: int,
    config: Path | None,
    state: Path | None,
    ledger: str | None,
    reason: str,
    return_attempt: bool,
    as_json: bool,
) -> None:
    """Let a score count no more: it leaves the rankings, the recorded row stays.

    ID is the number of its newest version. With the final of an anonymizer, all attacks on it are
    annulled, and their attempts return. The annulment is a row of the audit. No plugin is asked, so
    there is no --plugin.
    """
    from anomed_core.cli.options import given_reason

    why = given_reason(reason)
    with open_records(config, state=state, ledger=ledger) as records:
        annulled, *attacks = records.ledger.annul(score_id, why, return_attempt=return_attempt)
    if as_json:
        print_json({**annulled.as_dict(), "with": [attack.as_dict() for attack in attacks]})
        return
    click.echo(f"Score {score_id} is annulled; row {annulled.id} says why.")
    if attacks:
        numbers = ", ".join(str(attack.supersedes) for attack in attacks)
        click.echo(f"So is what rests on it ({numbers}); attempts at it return.")
    if return_attempt:
        click.echo("Its attempt returns: it may be made once more.")


@scores.command("reevaluate")
@challenge_options
@click.option("--challenge", "challenge_id", metavar="ID", help="Only this challenge.")
@click.option("--score", "only", type=int, multiple=True, help="Only this score. May be repeated.")
@click.option(
    "--split",
    type=click.Choice(["tuning", "validation", "all"]),
    default="validation",
    show_default=True,
    help="Finals, tuning scores as far as their submissions are kept, or both.",
)
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
    split: str,
    dry_run: bool,
    accept_metric_change: bool,
    as_json: bool,
) -> None:
    """Evaluate kept submissions again, with the plugins that are installed now.

    A score that comes out the same stays. Otherwise a new row supersedes it: rankings and reports
    take the new one, the old one stays in the ledger. Give the same CONFIG or --plugin as to serve.

    Exit code 1 if a submission is missing that should be there, or a score differs in a dry run.
    """
    from anomed_core.cli.progress import Progress
    from anomed_core.model import Split
    from anomed_core.service.reevaluation import reevaluate

    tell = Progress()
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
                splits=tuple(Split) if split == "all" else (Split(split),),
                progress=tell,
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
    n_lost = sum(outcome.is_lost for outcome in outcomes)
    if n_lost:
        click.echo(
            f"{n_lost} of {len(outcomes)} scores could not be evaluated, as what was submitted or "
            "its plugin is missing; bring back payloads and plugins of the server",
            err=True,
        )
    differs = any(outcome.metrics and not outcome.repeats for outcome in outcomes)
    if n_lost or (dry_run and differs):
        raise click.exceptions.Exit(EXIT_PROBLEM)


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
    """Write every recorded score with every metric at full precision to standard output.

    Only what is recorded is read and no plugin is asked, so there is no --plugin.
    """
    import sys

    from anomed_core.service.score_files import as_csv, as_json_lines

    with open_records(config, state=state, ledger=ledger) as records:
        rows = [score.as_dict() for score in records.ledger.scores(challenge=challenge)]
    sys.stdout.write(as_json_lines(rows) if form == "jsonl" else as_csv(rows))
