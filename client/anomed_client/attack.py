"""One attacker against one anonymizer: a challenge's methods with both names filled in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from anomed_client.description import Split
from anomed_client.downloads import Arrays, Download
from anomed_client.jobs import Job
from anomed_client.progress import Progress
from anomed_client.results import Attempts, Score

if TYPE_CHECKING:
    from pandas import DataFrame

    from anomed_client.challenge import Challenge


class Attack:
    """What an attacker of one anonymizer can do; `Challenge.attack` returns it.

    Attributes
    ----------
    challenge
        With the attacker's name.
    target
        The anonymizer.
    """

    def __init__(self, challenge: Challenge, target: str) -> None:
        self.challenge = challenge
        self.target = target

    def __repr__(self) -> str:
        name = self.challenge.me.name if self.challenge.me is not None else None
        return f"Attack({self.challenge.id!r}, target={self.target!r}, name={name!r})"

    def arrays(
        self, product: str, *, split: Split | None = None, force: bool = False, **parameters: str
    ) -> Arrays:
        """Download and read arrays; see `Challenge.download`."""
        return self.challenge.arrays(
            product, split=split, target=self.target, force=force, **parameters
        )

    def table(
        self, product: str, *, split: Split | None = None, force: bool = False, **parameters: str
    ) -> DataFrame:
        """Download and read a table; see `Challenge.download`."""
        return self.challenge.table(
            product, split=split, target=self.target, force=force, **parameters
        )

    def document(
        self, product: str, *, split: Split | None = None, force: bool = False, **parameters: str
    ) -> Any:
        """Download and read a JSON document; see `Challenge.download`."""
        return self.challenge.document(
            product, split=split, target=self.target, force=force, **parameters
        )

    def download(
        self,
        product: str,
        to: Path | str | None = None,
        *,
        split: Split | None = None,
        force: bool = False,
        **parameters: str,
    ) -> Download:
        """Download a product as a file; see `Challenge.download`."""
        return self.challenge.download(
            product, to, split=split, target=self.target, force=force, **parameters
        )

    def check(
        self, payload: Any, *, split: Split, kind: str | None = None, **parameters: str
    ) -> None:
        """Check what `submit` checks before it sends; see `Challenge.check`."""
        self.challenge.check(payload, split=split, kind=kind, target=self.target, **parameters)

    @overload
    def submit(
        self, payload: Any, *, split: Split, wait: Literal[False], **more: Any
    ) -> Job[Score]: ...
    @overload
    def submit(
        self, payload: Any, *, split: Split, wait: Literal[True] = ..., **more: Any
    ) -> Score: ...
    @overload
    def submit(
        self, payload: Any, *, split: Split, wait: bool, **more: Any
    ) -> Score | Job[Score]: ...
    def submit(
        self,
        payload: Any,
        *,
        split: Split,
        kind: str | None = None,
        repeat: bool = False,
        wait: bool = True,
        progress: Progress | bool | None = None,
        **parameters: str,
    ) -> Score | Job[Score]:
        """Submit what was found out, and wait for the score; see `Challenge.submit`."""
        return self.challenge.submit(
            payload,
            split=split,
            kind=kind,
            target=self.target,
            repeat=repeat,
            wait=wait,
            progress=progress,
            **parameters,
        )

    def call(
        self, operation: str, payload: Any = None, *, split: Split | None = None, **parameters: str
    ) -> Any:
        """Call an operation about the anonymizer; see `Challenge.call`."""
        return self.challenge.call(
            operation, payload, split=split, target=self.target, **parameters
        )

    def attempts(self) -> Attempts:
        """Return the history of this attack; see `Challenge.attempts`."""
        return self.challenge.attempts(target=self.target)
