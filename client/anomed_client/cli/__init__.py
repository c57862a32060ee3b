"""The command line ``anomed-client``, with the extra ``cli``."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line; without the extra, say how to install it."""
    try:
        import click  # noqa: F401 - only whether it is there
        import rich  # noqa: F401 - only whether it is there
    except ImportError:
        sys.stderr.write(
            "The command line needs click and rich: pip install 'anomed-client[cli]'\n"
        )
        raise SystemExit(2) from None
    from anomed_client.cli.group import commands

    commands()
