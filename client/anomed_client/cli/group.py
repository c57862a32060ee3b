"""The group of all commands."""

from __future__ import annotations

import click

from anomed_client.cli.asking import accounts, call, seal
from anomed_client.cli.cache import cache
from anomed_client.cli.data import data
from anomed_client.cli.history import attempts, rank, watch
from anomed_client.cli.session import describe, login, logout
from anomed_client.cli.submission import submit
from anomed_client.http import client_version

_EXITS = """
Exit codes: 0 done; 1 refused; 2 command line, configuration or a missing extra; 3 not signed in or
not allowed; 4 no attempt left, or scored before; 5 no connection, or too slow; 6 the server failed;
7 a damaged download; 8 not supported by this server; 130 interrupted.
"""


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=_EXITS,
)
@click.version_option(client_version(), prog_name="anomed-client")
def commands() -> None:
    """Take part in privacy challenges.

    Where the challenge is and who takes part is said by options, by the variables
    ANOMED_CLIENT_URL, _CHALLENGE, _NAME, _TOKEN and _PROFILE, or by what login has kept.
    """


for command in (
    login,
    logout,
    describe,
    data,
    submit,
    call,
    accounts,
    seal,
    attempts,
    rank,
    watch,
    cache,
):
    commands.add_command(command)
