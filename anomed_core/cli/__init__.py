"""The command line: ``anomed`` and its commands, imported when they are run."""

from __future__ import annotations

import sys
from typing import NoReturn

import click

from anomed_core.cli.lazy import LazyGroup
from anomed_core.errors import AnomedError
from anomed_core.version import __version__

EXIT_PROBLEM = 1
EXIT_USAGE = 2

_SPEAKING = ("serve", "demo")
"""Commands that tell what they do all the time."""


@click.group(
    cls=LazyGroup,
    commands_by_name={
        "serve": ("anomed_core.cli.serve:serve", "Serve challenges over HTTP."),
        "demo": ("anomed_core.cli.demo:demo", "Play a whole competition on this machine."),
        "plugins": ("anomed_core.cli.plugins:plugins", "List, show, check and begin plugins."),
        "challenge": ("anomed_core.cli.challenge:challenge", "Check a configuration."),
        "routes": ("anomed_core.cli.routes:routes", "List the routes of a server."),
        "openapi": ("anomed_core.cli.routes:openapi_command", "Print the OpenAPI document."),
        "audit": ("anomed_core.cli.audit:audit", "Attack an anonymizer through its /predict."),
        "dummy": ("anomed_core.cli.dummy:dummy", "Write dummy data of a product's form."),
        "attempts": ("anomed_core.cli.attempts:attempts", "List and grant attempts."),
        "budgets": ("anomed_core.cli.budget_files:budgets", "Grant, freeze and seal accounts."),
        "archive": ("anomed_core.cli.archive:archive", "List and export paid calls."),
        "scores": ("anomed_core.cli.scores:scores", "List, rank and export recorded scores."),
        "report": ("anomed_core.cli.report:report", "Write a page about each challenge."),
        "teams": ("anomed_core.cli.teams:teams", "Disqualify, reinstate and rename teams."),
        "tokens": ("anomed_core.cli.tokens:tokens", "Invite teams by tokens."),
        "ledger": ("anomed_core.cli.ledger:ledger_group", "Verify, migrate and audit the ledger."),
        "backup": ("anomed_core.cli.backup:backup", "Write a server to one file."),
        "restore": ("anomed_core.cli.restore:restore", "Put a backup back, into any database."),
        "store": ("anomed_core.cli.store:store_group", "Clear what nothing names any more."),
        "outbox": ("anomed_core.cli.outbox:outbox", "List and retry deliveries to a platform."),
        "environments": (
            "anomed_core.cli.environments:environments",
            "List, install and remove foreign libraries.",
        ),
    },
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="anomed")
@click.pass_context
def anomed(context: click.Context) -> None:
    """Run privacy challenges: anonymizers and deanonymizers compete over HTTP.

    Exit codes: 0 all is well, 1 a check found something wrong, 2 the command line or the
    configuration is wrong.
    """
    from anomed_core.cli.progress import at_work

    command = context.invoked_subcommand
    if command and command not in _SPEAKING:
        context.with_resource(at_work(f"anomed {command}"))


def main() -> NoReturn:
    """Run the command line; what went wrong is one line on standard error."""
    try:
        result = anomed.main(prog_name="anomed", standalone_mode=False)
    except click.exceptions.Exit as signal:
        sys.exit(signal.exit_code)
    except click.Abort:
        sys.exit(130)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        sys.exit(0)
    except click.ClickException as error:
        _complain(error.format_message(), hint=_help_hint(error))
        sys.exit(EXIT_USAGE)
    except AnomedError as error:
        _complain(str(error))
        sys.exit(EXIT_USAGE)
    except BrokenPipeError:
        sys.exit(0)
    except OSError as error:
        _complain(_unusable(error))
        sys.exit(EXIT_USAGE)
    sys.exit(result if isinstance(result, int) else 0)


def _complain(message: str, *, hint: str = "") -> None:
    line = " ".join(message.split())
    click.echo(f"anomed: {line}{hint}", err=True)


def _unusable(error: OSError) -> str:
    """Say which file or folder the system refuses, and why."""
    reason = error.strerror or str(error)
    if error.filename is None:
        return reason
    return f"{error.filename} cannot be read or written: {reason}; name another place"


def _help_hint(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    return f" (see: {context.command_path} --help)" if context else ""
