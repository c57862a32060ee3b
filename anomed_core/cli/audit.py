"""``anomed audit``."""

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
)

if TYPE_CHECKING:
    from anomed_core.service import HostedChallenge
    from anomed_core.service.server import Server


@click.command()
@click.argument("url")
@challenge_options
@click.option("--anonymizer", required=True, metavar="ID", help="Which anonymizer is at URL.")
@click.option("--challenge", "challenge_id", metavar="ID", help="Which one, if there are several.")
@click.option(
    "--accept-metric-change",
    is_flag=True,
    help="Go on although attacks were installed after the first score; leaves an audit row.",
)
@json_option
def audit(
    url: str,
    config: Path | None,
    plugins: tuple[str, ...],
    state: Path | None,
    ledger: str | None,
    anonymizer: str,
    challenge_id: str | None,
    accept_metric_change: bool,
    as_json: bool,
) -> None:
    """Run the house attacks on the anonymizer whose /predict is at URL, and record the results.

    Members, non-members and evaluation records are asked for in one secret order, and the answers
    are compared with what the anonymizer submitted to be scored. Exit code 1 if a result is
    flagged: then the model at URL is not the one that was scored.
    """
    from anomed_core.errors import UsageError

    with recorded_server(
        config, plugins=plugins, state=state, ledger=ledger, accept_change=accept_metric_change
    ) as server:
        chosen = chosen_challenges(server, challenge_id)
        if len(chosen) != 1:
            raise UsageError(f"name one challenge with --challenge: {', '.join(server.challenges)}")
        results = _attack(server, chosen[0], anonymizer, url)
    if as_json:
        print_json(results)
    else:
        print_table(
            ["attack", "metric", "value"],
            [[name, m, value] for name, metrics in results.items() for m, value in metrics.items()],
        )
    if any(metrics.get("flagged") for metrics in results.values()):
        click.echo("FLAGGED: the model at this URL is not the one that was scored.", err=True)
        raise click.exceptions.Exit(EXIT_PROBLEM)


def _attack(
    server: Server, hosted: HostedChallenge, anonymizer: str, url: str
) -> dict[str, dict[str, float]]:
    import attrs

    from anomed_core.errors import UsageError
    from anomed_core.plugins import one_line
    from anomed_core.service.evaluation import Attack, Evaluator
    from anomed_core.service.house_attacks import audit_result
    from anomed_core.service.kept_submissions import refuse_annulled

    target = server.submissions.kept.target(hosted, anonymizer, whole=True)
    refuse_annulled(target)
    if target.submission is None:
        raise UsageError(
            f"anonymizer {anonymizer!r} has no submission that was kept; it must submit its final "
            "first, so that there is something to compare with"
        )
    submission = attrs.evolve(
        target.submission, parameters={**target.submission.parameters, "predict_url": url}
    )
    evaluator = Evaluator(server.challenges)
    results: dict[str, dict[str, float]] = {}
    for attack in hosted.house_attacks:
        job = Attack(challenge=hosted.id, attack=attack.name, submission=submission)
        try:
            metrics = evaluator(job)
        except Exception as error:
            raise UsageError(
                f"the house attack {attack.name!r} failed: {one_line(error)}; check that the "
                f"anonymizer {anonymizer!r} answers at {url}"
            ) from error
        if isinstance(metrics, dict):
            results[attack.name] = metrics
            result = audit_result(hosted, submission, attack.name, metrics)
            server.ledger.record_house(result)
    return results
