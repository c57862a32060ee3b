"""``anomed report``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from anomed_core.cli.opening import recorded_server
from anomed_core.cli.options import challenge_options

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from anomed_core.report import Section
    from anomed_core.service import HostedChallenge

FORMS = ("svg", "pdf", "csv")


@click.command()
@challenge_options
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("report"),
    show_default=True,
    help="Folder to write to.",
)
@click.option(
    "--challenge", "only", multiple=True, help="Id of a challenge; repeat it. All if left out."
)
@click.option(
    "--figures",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for every figure as a file of its own, with its numbers.",
)
@click.option(
    "--format",
    "forms",
    default=",".join(FORMS),
    show_default=True,
    help="Forms of these files, with commas between them.",
)
def report(
    config: Path | None,
    plugins: tuple[str, ...],
    state: Path | None,
    ledger: str | None,
    output: Path,
    only: tuple[str, ...],
    figures: Path | None,
    forms: str,
) -> None:
    """Write a page and a JSON file about each challenge: rankings, figures, house attacks.

    Each page is one self-contained HTML file without scripts.
    """
    import json

    from anomed_core.report import page
    from anomed_core.service.house_attacks import ATTACK
    from anomed_core.service.report import page_parts, report_data, report_sections
    from anomed_core.version import __version__

    wanted = _known_forms(forms)
    with recorded_server(config, plugins=plugins, state=state, ledger=ledger) as server:
        chosen = _chosen(server.challenges, only)
        output.mkdir(parents=True, exist_ok=True)
        for hosted in chosen:
            waiting = server.follow_ups.n_waiting(ATTACK, finals_of=hosted.id)
            sections = report_sections(hosted, server.submissions.kept, n_outstanding=waiting)
            parts = page_parts(sections)
            path = output / f"{hosted.id}.html"
            html = page(
                hosted.challenge.title,
                parts,
                lead=hosted.challenge.description,
                footer=f"anomed-core {__version__}",
            )
            path.write_text(html, encoding="utf-8")
            data = json.dumps(report_data(hosted, sections), indent=1)
            path.with_suffix(".json").write_text(data, encoding="utf-8")
            click.echo(f"{path} and {path.with_suffix('.json')}")
            if figures is not None:
                for figure in _write_figures(parts, figures, start=hosted.id, forms=wanted):
                    click.echo(figure)


def _chosen(
    challenges: Mapping[str, HostedChallenge], only: tuple[str, ...]
) -> list[HostedChallenge]:
    unknown = sorted(set(only) - set(challenges))
    if unknown:
        raise click.UsageError(
            f"--challenge takes {', '.join(challenges)}, but got {', '.join(unknown)}"
        )
    return [hosted for name, hosted in challenges.items() if not only or name in only]


def _known_forms(text: str) -> list[str]:
    forms = [form.strip() for form in text.split(",") if form.strip()]
    unknown = [form for form in forms if form not in FORMS]
    if unknown or not forms:
        raise click.UsageError(
            f"--format takes {', '.join(FORMS)} with commas between them, but got {text!r}"
        )
    return forms


def _write_figures(
    parts: Iterable[Section], folder: Path, *, start: str, forms: list[str]
) -> list[Path]:
    """Write every figure under a name that says what it shows."""
    from anomed_core.report import charts_in

    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for number, chart in enumerate(charts_in(parts), start=1):
        words = re.sub(r"[^a-z0-9]+", "-", chart.title.lower()).strip("-")[:60]
        for form in forms:
            path = folder / f"{start}-{number:02d}-{words}.{form}"
            path.write_bytes(chart.saved(form))
            written.append(path)
    return written
