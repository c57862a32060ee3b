"""``anomed report``."""

from __future__ import annotations

from pathlib import Path

import click

from anomed_core.cli.opening import recorded_server
from anomed_core.cli.options import challenge_options


@click.command()
@challenge_options
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("report"),
    show_default=True,
    help="Folder to write to.",
)
def report(
    config: Path | None,
    plugins: tuple[str, ...],
    state: Path | None,
    ledger: str | None,
    output: Path,
) -> None:
    """Write a page and a JSON file about each challenge: rankings, house attacks, figures.

    Each page is one self-contained HTML file without scripts.
    """
    import json
    from html import escape

    from anomed_core.service.report import report_data, report_sections
    from anomed_core.web.pages import document

    with recorded_server(config, plugins=plugins, state=state, ledger=ledger) as server:
        output.mkdir(parents=True, exist_ok=True)
        for hosted in server.challenges.values():
            sections = report_sections(hosted, server.submissions.kept)
            title, description = hosted.challenge.title, hosted.challenge.description
            body = f"<h1>{escape(title)}</h1><p>{escape(description)}</p>" + "".join(
                f"<h2>{escape(section.title)}</h2>{section.html}" for section in sections
            )
            page = output / f"{hosted.id}.html"
            page.write_text(document(title, body), encoding="utf-8")
            data = json.dumps(report_data(hosted, sections), indent=1)
            page.with_suffix(".json").write_text(data, encoding="utf-8")
            click.echo(f"{page} and {page.with_suffix('.json')}")
