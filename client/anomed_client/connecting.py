"""Find out what answers at an address, and connect to the challenge there."""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from anomed_client.access import Access, Identity, Server, nearest
from anomed_client.answers import json_of
from anomed_client.cache import cache_folder, opened_for_writing, replace
from anomed_client.calls import Calls
from anomed_client.challenge import Challenge
from anomed_client.description import NEWEST_API, OLDEST_API, Description, description_of
from anomed_client.errors import AnomedClientError, NotFound, NotSupported, UsageError
from anomed_client.http import Answer, Connection, client_version
from anomed_client.options import Options
from anomed_client.progress import chosen_progress
from anomed_client.published import ALIVE, LEAKY, published_description
from anomed_client.refusals import not_ours
from anomed_client.settings import Settings, resolved

_FIRST_RELEASE = frozenset({"attempts", "scores"})
"""What servers can that do not tell their features."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChallengeSummary:
    """One of a server's challenges."""

    id: str
    title: str = ""
    type: str = ""
    url: str = ""


def connect(
    url: str | None = None,
    *,
    challenge: str | None = None,
    token: str | None = None,
    name: str | None = None,
    options: Options | None = None,
) -> Challenge:
    """Connect to a challenge.

    Parameters
    ----------
    url
        Of a server or of one of its challenges; ``ANOMED_CLIENT_URL``, if it is not given.
    challenge
        Identifier of the challenge, where the server has several.
    token
        What the organiser handed out; ``ANOMED_CLIENT_TOKEN``, or what ``anomed-client login``
        kept, if it is not given. User info in the URL, as in ``http://ID:TOKEN@host``, will do.
    name
        Under which you take part; needless with a token on servers that know whose it is.
    options
        Time-outs, retries, cache, progress, proxy.

    Returns
    -------
    Challenge

    Raises
    ------
    UsageError
        If it is not clear which challenge is meant.
    NotAnAnomedServer
        If something else answers there.
    AnomedClientError
        If nothing answers.
    """
    settings = resolved(url=url, challenge=challenge, token=token, name=name)
    return connected(settings, options or Options())


def challenges(
    url: str | None = None, *, token: str | None = None, options: Options | None = None
) -> tuple[ChallengeSummary, ...]:
    """Return the challenges of a server.

    Raises
    ------
    AnomedClientError
        See `connect`.
    """
    settings = resolved(url=url, token=token)
    calls = _calls(settings, options or Options())
    told = _listed(calls)
    if told is not None:
        return told
    found = connected(settings, options or Options())
    return (ChallengeSummary(id=found.id, title=found.title, type=found.type, url=found.url),)


def connected(settings: Settings, options: Options) -> Challenge:
    """Connect with everything given; see `connect`."""
    calls = _calls(settings, options)
    if options.offline:
        description = description_of(_kept_description(calls))
        return _challenge(calls, settings, description, me=None)
    answer = _self_description(calls)
    if answer is None:
        if _is_ours(calls):
            return _one_of_several(calls, settings, options)
        return _published(calls, settings)
    told = json_of(answer)
    if not isinstance(told, dict) or "api" not in told or "id" not in told:
        raise not_ours(answer, proxy=options.proxy)
    if settings.challenge not in {None, told["id"]}:
        return _one_of_several(calls, settings, options)
    _check_versions(told)
    description = description_of(told)
    _keep_description(calls, told)
    return _challenge(calls, settings, description, me=_holder(calls, description))


def _calls(settings: Settings, options: Options) -> Calls:
    connection = Connection(settings.url, token=settings.token, options=options)
    return Calls(connection, chosen_progress(options.progress), signed_in_by=settings.signed_in_by)


def _challenge(
    calls: Calls, settings: Settings, description: Description, *, me: Identity | None
) -> Challenge:
    server = Server(
        core_version=description.core_version,
        api=description.api,
        features=description.features or _FIRST_RELEASE,
    )
    return Challenge(_access(calls, settings, description, server, me))


def _access(
    calls: Calls,
    settings: Settings,
    description: Description,
    server: Server,
    me: Identity | None,
) -> Access:
    name = settings.name or calls.connection.user
    if name and (me is None or me.role == "organiser"):
        me = Identity(name=name)
    return Access(
        calls=calls,
        description=description,
        server=server,
        me=me,
        cache=cache_folder(calls.options.cache),
    )


def _self_description(calls: Calls) -> Answer | None:
    """Return ``challenge.json``; ``None`` if there is none."""
    try:
        return calls.get("/challenge.json")
    except NotFound:
        return None
    except AnomedClientError as error:
        if error.status != 404:
            raise
        return None  # the published server's, or a page of something else


def _is_ours(calls: Calls) -> bool:
    """Tell a server of several challenges, whose root has no description, from all else."""
    probe = calls.probe("/livez")
    return probe.status == 200 and "x-request-id" in probe.headers


def _one_of_several(calls: Calls, settings: Settings, options: Options) -> Challenge:
    """Go on to the challenge that is meant, below ``/challenges``."""
    known = _listed(calls) or ()
    if settings.challenge is None and len(known) != 1:
        listed = f" There are {', '.join(one.id for one in known)}." if known else ""
        raise UsageError(
            "This server has several challenges; say which: connect(..., challenge=ID), or add "
            f"/challenges/ID to the address.{listed}"
        )
    wanted = settings.challenge or known[0].id
    if known and wanted not in {one.id for one in known}:
        raise UsageError(
            f"There is no challenge {wanted!r} here{nearest(wanted, [one.id for one in known])}"
        )
    base = calls.connection.url.partition("/challenges/")[0]
    there = calls.connection.at(f"{base}/challenges/{wanted}")
    calls.connection.close()
    return connected(
        Settings(
            url=there.url,
            challenge=wanted,
            name=settings.name or calls.connection.user or None,
            token=there.token,
            signed_in_by=settings.signed_in_by,
        ),
        options,
    )


def _listed(calls: Calls) -> tuple[ChallengeSummary, ...] | None:
    """Return the challenges that a server lists; ``None`` if it lists none."""
    base = calls.connection.url.partition("/challenges/")[0]
    try:
        told = calls.get_json(f"{base}/challenges")
    except AnomedClientError as error:
        if error.status != 404:
            raise
        return None
    rows = told.get("challenges", ()) if isinstance(told, dict) else ()
    return tuple(
        ChallengeSummary(
            id=row["id"],
            title=row.get("title", ""),
            type=row.get("type", ""),
            url=f"{base}/challenges/{row['id']}",
        )
        for row in rows
    )


def _published(calls: Calls, settings: Settings) -> Challenge:
    """Take the published server for what it is, by exactly what it answers."""
    alive = calls.probe("/")
    if json_of(alive) != ALIVE:
        raise not_ours(alive, proxy=calls.options.proxy)
    if calls.connection.token is not None:
        calls.connection.token = None
        warnings.warn(
            "This is the published server, which checks no tokens: yours is not sent.",
            stacklevel=4,
        )
    calls.connection.close()
    calls.connection.keeps_alive = False
    with calls.connection.incoming("GET", LEAKY) as incoming:  # for its head alone
        tabular = incoming.head.status == 200
    description = published_description(tabular=tabular)
    server = Server(published=True)
    return Challenge(_access(calls, settings, description, server, None))


def _holder(calls: Calls, description: Description) -> Identity | None:
    """Return whom the token belongs to; ``None`` without one, and where the server does not say."""
    if calls.connection.token is None or "whoami" not in description.features:
        return None
    told = calls.get_json("/whoami")
    if not told.get("role"):
        return None
    names = {grant["role"]: grant["name"] for grant in reversed(told.get("grants", ()))}
    return Identity(
        name=told.get("name") or "", role=told["role"], names=names if len(names) > 1 else {}
    )


def _check_versions(told: Mapping[str, Any]) -> None:
    api = told["api"]
    if not isinstance(api, int) or not OLDEST_API <= api <= NEWEST_API:
        newer = isinstance(api, int) and api > NEWEST_API
        remedy = "pip install -U anomed-client" if newer else "an older release of anomed-client"
        raise NotSupported(
            f"The server speaks version {api} of the protocol, this release {OLDEST_API} to "
            f"{NEWEST_API}; use {remedy}.",
            feature="api",
        )
    oldest = told.get("min_client")
    if oldest and _numbers(client_version()) < _numbers(str(oldest)):
        warnings.warn(
            f"The server expects anomed-client {oldest} or newer, this is {client_version()}: "
            "pip install -U anomed-client",
            stacklevel=4,
        )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _description_file(calls: Calls) -> Any:
    name = hashlib.sha256(calls.connection.url.encode()).hexdigest()[:32]
    return cache_folder(calls.options.cache) / f"{name}.challenge.json"


def _keep_description(calls: Calls, told: Mapping[str, Any]) -> None:
    """Keep ``challenge.json`` for use without a network; that it cannot be kept harms nothing."""
    path = _description_file(calls)
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(opened_for_writing(beside, append=False), "w") as file:
            json.dump(told, file)
        replace(beside, path)
    except OSError:
        return


def _kept_description(calls: Calls) -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.loads(_description_file(calls).read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{calls.connection.url} was not connected to before; connect once without offline."
        ) from error
    return told
