"""Where a challenge is and who takes part: arguments before variables before files."""

from __future__ import annotations

import difflib
import json
import os
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from anomed_client.cache import opened_for_writing, replace
from anomed_client.errors import UsageError

_PROFILE_KEYS = {"challenge": str, "name": str, "url": str}
_TOKEN_KEYS = ("origin", "challenge", "name", "token")


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What was found.

    Attributes
    ----------
    url
        Of the server or challenge.
    challenge, name
        Which challenge, and under which name; ``None`` where nothing says so.
    token
        ``None`` for none; never shown.
    signed_in_by
        Where it came from, for sentences.
    """

    url: str
    challenge: str | None = None
    name: str | None = None
    token: str | None = field(default=None, repr=False)
    signed_in_by: str = ""


def resolved(
    *,
    url: str | None = None,
    challenge: str | None = None,
    token: str | None = None,
    name: str | None = None,
    profile: str | None = None,
) -> Settings:
    """Complete what the caller gives by variables and files.

    Raises
    ------
    UsageError
        If nothing says where the server is, or a file is wrong.
    """
    profile = profile or os.environ.get("ANOMED_CLIENT_PROFILE") or None
    told = _profile(profile)
    url = url or os.environ.get("ANOMED_CLIENT_URL") or told.get("url")
    if not url:
        raise UsageError(
            "Where is the challenge? Give its address, as in connect('http://127.0.0.1:8000'), or "
            "set ANOMED_CLIENT_URL."
        )
    challenge = challenge or os.environ.get("ANOMED_CLIENT_CHALLENGE") or told.get("challenge")
    name = name or os.environ.get("ANOMED_CLIENT_NAME") or told.get("name")
    if token:
        return Settings(
            url=url, challenge=challenge, name=name, token=token, signed_in_by="the argument"
        )
    if "@" in urlsplit(url).netloc:
        return Settings(url=url, challenge=challenge, name=name, signed_in_by="the address")
    from_variable = os.environ.get("ANOMED_CLIENT_TOKEN")
    if from_variable:
        return Settings(
            url=url,
            challenge=challenge,
            name=name,
            token=from_variable,
            signed_in_by="ANOMED_CLIENT_TOKEN",
        )
    kept = _kept_token(origin_of(url), challenge, name)
    return Settings(
        url=url,
        challenge=challenge,
        name=name or (kept or {}).get("name") or None,
        token=(kept or {}).get("token"),
        signed_in_by=str(tokens_file()) if kept else "",
    )


def origin_of(url: str) -> str:
    """Return scheme, host and port of a URL, without user info."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}".lower()


def config_folder() -> Path:
    """Return the folder of this package's files."""
    if sys.platform == "win32":
        root = Path(os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming")
    elif sys.platform == "darwin":
        root = Path.home() / "Library" / "Application Support"
    else:
        root = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return root / "anomed-client"


def config_file() -> Path:
    """Return the file of profiles."""
    return config_folder() / "config.toml"


def tokens_file() -> Path:
    """Return the file of tokens, which nobody else may read."""
    return config_folder() / "tokens.toml"


def keep_profile(profile: str, values: Mapping[str, str]) -> None:
    """Write a profile; other ones stay."""
    profiles = dict(_read(config_file()).get("profiles") or {})
    profiles[profile] = dict(values)
    lines = []
    for known, table in profiles.items():
        lines += [f"[profiles.{json.dumps(known)}]"]
        lines += [f"{key} = {json.dumps(value)}" for key, value in table.items()]
        lines += [""]
    _write(config_file(), "\n".join(lines))


def keep_token(*, url: str, challenge: str, name: str, token: str) -> None:
    """Write a token; it replaces an earlier one of the same server, challenge and name."""
    row = {"origin": origin_of(url), "challenge": challenge, "name": name, "token": token}
    _write_tokens([*(known for known in _tokens() if not _same(known, row)), row])


def drop_tokens(url: str) -> int:
    """Forget all tokens of a server and return their number."""
    tokens = _tokens()
    rest = [token for token in tokens if token["origin"] != origin_of(url)]
    if len(rest) < len(tokens):
        _write_tokens(rest)
    return len(tokens) - len(rest)


def _profile(name: str | None) -> dict[str, str]:
    profiles = _read(config_file()).get("profiles") or {}
    if name is None:
        return dict(_checked("default", profiles.get("default") or {}))
    if name not in profiles:
        known = ", ".join(sorted(profiles)) or "none"
        raise UsageError(f"There is no profile {name!r} in {config_file()}; there are: {known}.")
    return dict(_checked(name, profiles[name]))


def _checked(name: str, table: Mapping[str, Any]) -> Mapping[str, str]:
    for key, value in table.items():
        if key not in _PROFILE_KEYS:
            found = difflib.get_close_matches(key, _PROFILE_KEYS, n=1)
            meant = f"; did you mean {found[0]}?" if found else ""
            raise UsageError(
                f"{config_file()}: profiles.{name}.{key} is unknown{meant} Allowed are "
                f"{', '.join(_PROFILE_KEYS)}."
            )
        if not isinstance(value, str):
            raise UsageError(f"{config_file()}: profiles.{name}.{key} must be a text.")
    return table


def _kept_token(origin: str, challenge: str | None, name: str | None) -> dict[str, str] | None:
    """Return the token of a server that fits; none if several do."""
    fitting = [
        token
        for token in _tokens()
        if token["origin"] == origin
        and (challenge is None or token["challenge"] in {"", challenge})
        and (name is None or token["name"] in {"", name})
    ]
    return fitting[0] if len(fitting) == 1 else None


def _tokens() -> list[dict[str, str]]:
    rows = _read(tokens_file()).get("tokens") or []
    return [{key: str(row.get(key, "")) for key in _TOKEN_KEYS} for row in rows]


def _same(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    return all(one[key] == other[key] for key in ("origin", "challenge", "name"))


def _write_tokens(rows: list[dict[str, str]]) -> None:
    lines = []
    for row in rows:
        lines += ["[[tokens]]", *(f"{key} = {json.dumps(row[key])}" for key in _TOKEN_KEYS), ""]
    _write(tokens_file(), "\n".join(lines))


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise UsageError(f"{path} is no TOML file: {error}.") from error


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(opened_for_writing(beside, append=False), "w", encoding="utf-8") as file:
        file.write(text)
    replace(beside, path)
