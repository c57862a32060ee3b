"""Try a token and keep it."""

from __future__ import annotations

import getpass
from dataclasses import replace

from anomed_client.challenge import Challenge
from anomed_client.connecting import connected
from anomed_client.errors import UsageError
from anomed_client.options import Options
from anomed_client.settings import keep_profile, keep_token, resolved


def login(
    url: str | None = None,
    *,
    challenge: str | None = None,
    name: str | None = None,
    token: str | None = None,
    profile: str = "default",
    options: Options | None = None,
) -> Challenge:
    """Ask for a token without showing it, try it, and keep it for later.

    Parameters
    ----------
    url, challenge, name, options
        As for `anomed_client.connect`.
    token
        If it is not to be asked for.
    profile
        Under which name the address is kept.

    Returns
    -------
    Challenge
        Connected.

    Raises
    ------
    NotAuthenticated
        If the token is not valid there; nothing is kept.
    UsageError
        If there is none.
    """
    settings = resolved(url=url, challenge=challenge, name=name)
    token = token or getpass.getpass("Token: ").strip()
    if not token:
        raise UsageError("No token was given; ask the organiser for one.")
    settings = replace(settings, token=token, signed_in_by="what you have typed")
    found = connected(settings, options or Options())
    if found.supports("whoami") and found.me is None:
        raise UsageError("This server checks no tokens; connect with name= instead.")
    me = found.me.name if found.me is not None else ""
    keep_token(url=found.url, challenge=found.id, name=me, token=token)
    values = {"url": found.url, "challenge": found.id} | ({"name": me} if me else {})
    keep_profile(profile, values)
    return found
