"""How patient a client is, where it keeps things, and through what it connects."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from anomed_client.progress import Progress


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """Settings of a client; the defaults suit a notebook.

    Attributes
    ----------
    connect_s
        Longest time for TCP and TLS.
    stall_s
        Longest time without a byte, in either direction. A download has no limit beyond it.
    answer_s
        Longest time until a submission is answered; ``None`` for the server's limit on evaluations
        and 15 s more, or 75 s where it states none.
    tries
        How often a request is sent that gets nowhere; 1 switches retries off.
    patience_s
        Longest sum of all waits between the tries of one call. Waiting for an evaluation of one's
        own does not count.
    cache
        Folder of downloads; ``None`` for the user's cache folder.
    offline
        Whether only what was downloaded before is used.
    progress
        A function, or whether to report at all; ``None`` for a line on terminals and in notebooks.
    proxy
        Its URL; ``None`` for that of the environment, an empty one for none.
    ca_bundle
        Certificates to trust; ``None`` for those of the environment, or of certifi.
    transport
        For tests: an ``httpx`` transport, such as ``httpx.WSGITransport(app=...)``. Compatibility
        does not cover it.
    """

    connect_s: float = 10.0
    stall_s: float = 30.0
    answer_s: float | None = None
    tries: int = 5
    patience_s: float = 120.0
    cache: Path | None = None
    offline: bool = False
    progress: Progress | bool | None = None
    proxy: str | None = None
    ca_bundle: Path | None = None
    transport: object | None = None

    def __post_init__(self) -> None:
        for name in ("connect_s", "stall_s"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} is {getattr(self, name)}; give a positive number")
        if self.tries < 1:
            raise ValueError(f"tries is {self.tries}; give 1 for a single one, or more")
