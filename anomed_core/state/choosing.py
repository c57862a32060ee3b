"""Which store a URL names."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

from anomed_core.errors import ConfigError
from anomed_core.state.directory_store import DirectoryStore
from anomed_core.state.s3_store import S3Store
from anomed_core.state.stores import KEY, Store

_S3 = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<prefix>[^?#]*))?")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def store_at(url: str) -> Store | None:
    """Return the store that a URL names; ``None`` for an empty one: the state directory itself.

    Raises
    ------
    ConfigError
        If it names none, or its library is not installed.
    """
    if not url:
        return None
    if not _SCHEME.match(url):
        return DirectoryStore(Path(url).absolute())
    form = _S3.fullmatch(url)
    if form is None:
        raise ConfigError(
            KEY, f"expected s3://BUCKET/PREFIX or a directory, got {url!r}; keys go into AWS_*"
        )
    if importlib.util.find_spec("boto3") is None:
        raise ConfigError(
            KEY, f"{url} needs boto3, which is not installed; pip install 'anomed-core[s3]'"
        )
    return S3Store(form["bucket"], form["prefix"] or "")
