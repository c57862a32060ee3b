"""The configuration as classes: what an organiser can decide."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs

from anomed_core.config.modes import AUTH_MODES
from anomed_core.config.structuring import structure, unknown_key
from anomed_core.errors import ConfigError
from anomed_core.model.challenge import CHALLENGE_ID, Phase, ShownRanking
from anomed_core.model.roles import BothRoles, FinalScores, Split
from anomed_core.wire.limits import LONGEST_S, Limits

_LONGEST_KEPT_S = 100 * 365 * 86_400.0
"""A century, which stands for ever and fits into the ledger's times."""


@attrs.frozen(kw_only=True)
class QuotaSettings:
    """Key ``[server.quota]``.

    Attributes
    ----------
    tuning_attempts
        Tuning attempts of each subject within a period; 0 for no limit.
    period_s
        Length of the period in seconds; 86,400 is a day in UTC.
    requests
        Requests of each subject, of whatever kind, within a request period; 0 for no limit.
    requests_period_s
        Length of the request period in seconds.
    """

    tuning_attempts: int = attrs.field(default=0, validator=attrs.validators.ge(0))
    period_s: int = attrs.field(default=86_400, validator=attrs.validators.ge(1))
    requests: int = attrs.field(default=0, validator=attrs.validators.ge(0))
    requests_period_s: int = attrs.field(default=60, validator=attrs.validators.ge(1))


@attrs.frozen(kw_only=True)
class ServerSettings:
    """Table ``[server]``.

    Attributes
    ----------
    host, port
        Where to listen.
    names
        What the header ``Host`` may name besides this machine; where it is empty, open servers on
        loopback addresses answer to names of this machine only, and all others to any.
    workers, threads
        Worker processes, and threads of each: slow clients hold a thread while they upload.
    state
        State directory.
    ledger
        Database URL of the ledger; empty for SQLite in the state directory.
    store
        Where servers that share a ledger share data, submissions and archived bodies:
        ``s3://BUCKET/PREFIX``, or a directory that all of them see; empty for the state directory.
    store_copies_bytes
        The most that copies of what is in the store may take in the state directory.
    auth
        ``open`` trusts the ids in the query; ``tokens`` wants a token from each participant.
    evaluation_timeout_s
        Seconds that an evaluation may take.
    evaluation_memory_bytes
        Memory that an evaluation may use beyond the server's own.
    evaluations_at_once
        Evaluations that run at once in each worker; others wait for their turn.
    jobs_kept_s
        Seconds that the result of a job can be asked for after its end; scores stay for ever.
    archive_kept_s
        Seconds that requests and answers of paid calls are kept; 0 for as long as the ledger. Their
        digests stay in the ledger's chain.
    limits
        Bounds on requests.
    quota
        Attempts of each participant.
    """

    host: str = "127.0.0.1"
    port: int = attrs.field(
        default=8000, validator=[attrs.validators.ge(0), attrs.validators.le(65535)]
    )
    names: tuple[str, ...] = ()
    workers: int = attrs.field(default=2, validator=attrs.validators.ge(1))
    threads: int = attrs.field(default=96, validator=attrs.validators.ge(1))
    state: Path = Path("anomed-state")
    ledger: str = ""
    store: str = ""
    store_copies_bytes: int = attrs.field(default=10 * 2**30, validator=attrs.validators.gt(0))
    auth: str = attrs.field(default="open", validator=attrs.validators.in_(AUTH_MODES))
    evaluation_timeout_s: float = attrs.field(
        default=60.0, validator=[attrs.validators.gt(0), attrs.validators.le(LONGEST_S)]
    )
    evaluation_memory_bytes: int = attrs.field(default=4 * 2**30, validator=attrs.validators.gt(0))
    evaluations_at_once: int = attrs.field(default=2, validator=attrs.validators.ge(1))
    jobs_kept_s: float = attrs.field(
        default=7 * 86_400.0,
        validator=[attrs.validators.gt(0), attrs.validators.le(_LONGEST_KEPT_S)],
    )
    archive_kept_s: float = attrs.field(
        default=0.0, validator=[attrs.validators.ge(0), attrs.validators.le(_LONGEST_KEPT_S)]
    )
    limits: Limits = attrs.field(factory=Limits)
    quota: QuotaSettings = attrs.field(factory=QuotaSettings)

    @property
    def claim_lease_s(self) -> float:
        """How long a claim may be held: an evaluation may wait for its turn as long as it runs."""
        return 2 * self.evaluation_timeout_s + _LEASE_MARGIN_S


_LEASE_MARGIN_S = 30.0


@attrs.frozen(kw_only=True)
class PhasesTable:
    """Table ``phases`` of a challenge.

    Attributes
    ----------
    tuning, validation
        When each split opens and closes.
    """

    tuning: Phase = attrs.field(factory=Phase)
    validation: Phase = attrs.field(factory=Phase)

    def by_split(self) -> dict[Split, Phase]:
        """Return the phases by split."""
        return {Split.TUNING: self.tuning, Split.VALIDATION: self.validation}


@attrs.frozen(kw_only=True)
class PagesTable:
    """Table ``pages`` of a challenge: files for its first page.

    Attributes
    ----------
    story, rules
        Markdown: what the challenge is about, and what is allowed. HTML is shown as it is written.
    image
        A picture: png, jpg, webp or gif.
    image_alt
        What the picture shows, in words; empty for a decoration.
    """

    story: Path | None = None
    rules: Path | None = None
    image: Path | None = None
    image_alt: str = ""


@attrs.frozen(kw_only=True)
class ChallengeTable:
    """Table ``[challenges.<id>]`` before its type is known.

    Attributes
    ----------
    id
        Identifier.
    type
        Slug of the challenge type.
    pages
        Files for its first page.
    title, description, seed, phases, ranking
        See `anomed_core.ChallengeSpec`.
    both_roles
        Whether one team may hold tokens of both roles: ``refuse``, ``warn`` or ``allow``; what the
        type says, if it is empty.
    finals
        Whether scores of finals are ``sealed`` until they close, or ``told`` at once. Where it is
        empty, finals of attackers are sealed if tokens are wanted and a close is set.
    options
        All other keys; the type's config class judges them. Numbers of files that have decimals
        are `Decimal`, digit by digit as they are written.
    """

    id: str
    type: str
    title: str = ""
    description: str = ""
    seed: int | None = None
    phases: PhasesTable = attrs.field(factory=PhasesTable)
    ranking: ShownRanking = attrs.field(factory=ShownRanking)
    pages: PagesTable = attrs.field(factory=PagesTable)
    both_roles: str = attrs.field(
        default="", validator=attrs.validators.in_(("", *(rule.value for rule in BothRoles)))
    )
    finals: str = attrs.field(
        default="", validator=attrs.validators.in_(("", *(rule.value for rule in FinalScores)))
    )
    options: Mapping[str, Any] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Configuration:
    """A whole configuration file.

    Attributes
    ----------
    server
        Table ``[server]``.
    challenges
        Tables ``[challenges.<id>]``, in the order of the file.
    """

    server: ServerSettings = attrs.field(factory=ServerSettings)
    challenges: tuple[ChallengeTable, ...] = ()


_COMMON = tuple(
    field.name for field in attrs.fields(ChallengeTable) if field.name not in {"id", "options"}
)


def read_configuration(
    path: Path | None,
    *,
    environment: Mapping[str, str] = os.environ,
    overrides: Mapping[str, Any] | None = None,
    content: bytes | None = None,
) -> Configuration:
    """Read defaults < file < environment < command line.

    Parameters
    ----------
    path
        TOML file; ``None`` for none.
    environment
        ``ANOMED_SERVER_<KEY>`` sets a key of ``[server]``, ``ANOMED_SERVER_LIMITS_<KEY>`` one of
        its limits, and ``ANOMED_STATE`` is short for ``ANOMED_SERVER_STATE``.
    overrides
        Keys of ``[server]`` from the command line; ``None`` values are left out.
    content
        The file's bytes, where it was read before; `path` only names it then.

    Returns
    -------
    Configuration
        Judged, except for the options of challenge types.

    Raises
    ------
    ConfigError
        Naming the first key that is wrong.
    """
    if path is not None and content is None:
        content = read_file(path)
    tables = {} if path is None or content is None else _tables(path, content)
    for name in tables:
        if name not in {"server", "challenges"}:
            raise unknown_key("", name, ["server", "challenges"])
    server = dict(_expect_table(tables.get("server", {}), "server", "expected a table"))
    _merge_environment(server, environment)
    server.update({k: v for k, v in (overrides or {}).items() if v is not None})
    challenges = _expect_table(
        tables.get("challenges", {}), "challenges", "expected tables [challenges.<id>]"
    )
    return Configuration(
        server=structure(server, ServerSettings, key="server"),
        challenges=tuple(_challenge(identifier, table) for identifier, table in challenges.items()),
    )


def read_file(path: Path) -> bytes:
    """Return a configuration file's bytes.

    Raises
    ------
    ConfigError
        If there is no such file, or it cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ConfigError("", f"there is no file {path} (looked from {Path.cwd()})") from error
    except OSError as error:
        raise ConfigError("", f"{path} cannot be read: {error}") from error


def _tables(path: Path, content: bytes) -> dict[str, Any]:
    try:
        return tomllib.loads(content.decode("utf-8-sig"), parse_float=Decimal)
    except UnicodeDecodeError as error:
        raise ConfigError(
            "", f"{path} is not in UTF-8, as TOML must be ({error.reason}); save it as UTF-8"
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError("", f"{path} is not TOML: {error}") from error


def _expect_table(value: Any, key: str, problem: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigError(key, f"{problem}, got {value!r}")
    return value


def _challenge(identifier: str, table: Any) -> ChallengeTable:
    key = f"challenges.{identifier}"
    if not CHALLENGE_ID.fullmatch(identifier):
        raise ConfigError(
            key, "the id must have 1 to 64 lower-case letters, digits, hyphens or underscores"
        )
    if not isinstance(table, Mapping):
        raise ConfigError(key, "expected a table")
    common = {name: table[name] for name in _COMMON if name in table}
    options = {name: value for name, value in table.items() if name not in _COMMON}
    structured = structure({**common, "id": identifier}, ChallengeTable, key=key)
    # As they are: the type's config class says which of their numbers are floats.
    return attrs.evolve(structured, options=options)


def _merge_environment(server: dict[str, Any], environment: Mapping[str, str]) -> None:
    given = dict(environment)
    if "ANOMED_STATE" in given:
        given.setdefault("ANOMED_SERVER_STATE", given["ANOMED_STATE"])
    known = _variables(ServerSettings, "ANOMED_SERVER", ())
    for variable in given:
        if variable.startswith("ANOMED_SERVER_") and variable not in known:
            raise _unknown_variable(variable, known)
    for variable, (path, default) in known.items():
        if variable in given:
            _set(server, path, _parsed(given[variable], default))


def _variables(
    settings: type[Any], prefix: str, path: tuple[str, ...]
) -> dict[str, tuple[tuple[str, ...], Any]]:
    """Return path and default of every key by the variable that sets it."""
    nested = {"limits": Limits, "quota": QuotaSettings}
    variables: dict[str, tuple[tuple[str, ...], Any]] = {}
    for field in attrs.fields(settings):
        variable, here = f"{prefix}_{field.name.upper()}", (*path, field.name)
        if field.name in nested:
            variables |= _variables(nested[field.name], variable, here)
        else:
            variables[variable] = (here, field.default)
    return variables


def _unknown_variable(variable: str, known: Iterable[str]) -> ConfigError:
    close = difflib.get_close_matches(variable, known, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return ConfigError(
        variable, f"unknown variable; {hint}each key of [server] has one: ANOMED_SERVER_<KEY>"
    )


def _set(table: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    """Set a key of nested tables.

    Leave non-tables in place for validation to report.
    """
    for name in path[:-1]:
        inner = table.get(name, {})
        if not isinstance(inner, Mapping):
            return
        table[name] = dict(inner)
        table = table[name]
    table[path[-1]] = value


def _parsed(text: str, default: Any) -> Any:
    """Read an environment variable as the type that the key's default has."""
    if isinstance(default, (int, float)) and re.fullmatch(r"[+-]?\d+(\.\d+)?", text):
        return float(text) if "." in text else int(text)
    return text
