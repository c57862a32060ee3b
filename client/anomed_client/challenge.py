"""One challenge, as one participant sees it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import TracebackType
from typing import Any, Literal, Self, overload
from urllib.parse import quote

from anomed_client.attack import Attack
from anomed_client.description import Split
from anomed_client.downloading import Downloading
from anomed_client.errors import UsageError
from anomed_client.http import Answer
from anomed_client.jobs import Job
from anomed_client.progress import Progress, chosen_progress
from anomed_client.ranking import Ranking, ranking_of, rankings_of
from anomed_client.results import Attempts, Score, every_attempt
from anomed_client.submitting import begin, job_again, prepare, send
from anomed_client.targets import Target, targets_of


class Challenge(Downloading):
    """One challenge on one server, as one participant sees it; `connect` returns it.

    Safe to share between threads, and usable after a fork. May be used in a ``with`` statement.
    """

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close connections; the next request opens new ones."""
        self._access.calls.connection.close()

    def check(
        self,
        payload: Any,
        *,
        split: Split,
        kind: str | None = None,
        target: str | None = None,
        **parameters: str,
    ) -> None:
        """Check what `submit` checks before it sends; nothing is sent.

        Raises
        ------
        UsageError
            With what is wrong and what would be right.
        """
        chosen = self._access.kind(kind, role=self._role(target))
        prepare(self._access, payload, split=split, kind=chosen, target=target, more=parameters)

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
        name: str | None = None,
        target: str | None = None,
        repeat: bool = False,
        wait: bool = True,
        progress: Progress | bool | None = None,
        **parameters: str,
    ) -> Score | Job[Score]:
        """Submit and wait for the score, or for no more than that the server has taken it.

        The same submission counts once, however often it is sent: interrupted and run again, it
        gets the score that was recorded.

        Parameters
        ----------
        payload
            What the kind asks for: arrays (a bare one where one is asked for), a data frame, a JSON
            value, a mapping of a form's parts to those, a file's path, or bytes.
        split
            ``tuning`` as often as quotas allow, ``validation`` once.
        kind
            Name of the submission kind; may be left out where the type has a single one for one's
            role, whatever extensions have added.
        name
            Under which name; that of `connect`, if it is not given.
        target
            The anonymizer under attack; see `attack`.
        repeat
            Whether it counts once more, if the same was submitted before.
        wait
            Whether to wait for the score. If not, the server is asked to answer later, and a `Job`
            is returned; one that is done, if the server has answered at once.
        progress
            Who is told what is under way; as in `Options`, if it is not given.
        **parameters
            Of the challenge's own.

        Returns
        -------
        Score or Job
            A `Receipt`, which holds no metrics, for a final that is sealed until the close.

        Raises
        ------
        UsageError
            Before anything is sent.
        NotSupported
            If this is not to wait, and the server knows no jobs.
        Refused
            If the server refuses; it costs nothing.
        AnomedClientError
            If nothing comes back, or the server fails.
        """
        if not wait:
            self._access.require("jobs", "what comes later", instead="Leave out wait=False.")
        access = self._named(name)
        if progress is not None:
            access = replace(access, calls=access.calls.telling(chosen_progress(progress)))
        chosen = access.kind(kind, role=self._role(target))
        prepared = prepare(
            access, payload, split=split, kind=chosen, target=target, more=parameters
        )
        way = send if wait else begin
        return way(access, prepared, repeat=repeat)

    def job(self, id: str) -> Job[Any]:  # noqa: A002 - what the server calls it
        """Return a job of one's own, of this program or an earlier one.

        Parameters
        ----------
        id
            As `Job.id` says it, or its address.

        Raises
        ------
        NotFound
            If there is none: jobs expire some time after their end.
        NotSupported
            If the server knows no jobs.
        """
        self._access.require("jobs", "what comes later")
        identifier = id.rpartition("/")[2]
        told = self._access.calls.get_json(f"/jobs/{quote(identifier, safe='')}")
        return job_again(self._access, told)

    def attack(self, target: str, *, name: str | None = None) -> Attack:
        """Return what an attacker of an anonymizer can do, with both names filled in.

        Parameters
        ----------
        target
            The anonymizer.
        name
            The attacker's; that of `connect`, if it is not given.
        """
        return Attack(Challenge(self._named(name)), target)

    def targets(self) -> tuple[Target, ...]:
        """Return the anonymizers that can be attacked.

        Raises
        ------
        NotSupported
            If the server does not tell them.
        """
        self._access.require("targets", "whom to attack", instead="Ask the organiser for names.")
        return targets_of(self._access.calls.get_json("/targets"))

    def attempts(self, *, name: str | None = None, target: str | None = None) -> Attempts:
        """Return one's own history, and what is left.

        Parameters
        ----------
        name
            Whose; that of `connect`, if it is not given.
        target
            Only attacks on this anonymizer.

        Raises
        ------
        NotSupported
            If the server keeps no history.
        """
        self._access.require("attempts", "attempts")
        access = self._named(name)
        query: dict[str, str] = {}
        if target is not None:
            query["anonymizer"] = target
        if access.me is not None:
            own = "deanonymizer" if self._role(target) == "deanonymizer" else "anonymizer"
            query[own] = access.me.name_as(own)
        if not query:
            raise UsageError('Whose attempts? Say connect(..., name="...") or attempts(name=...).')
        return every_attempt(access.calls, query)

    def score(self, id: int | str) -> Score:  # noqa: A002 - what the server calls it
        """Return a recorded score of one's own.

        Parameters
        ----------
        id
            Its number, or its address.

        Raises
        ------
        NotSupported
            If the server keeps none.
        """
        self._access.require("scores", "recorded scores")
        number = str(id).rpartition("/")[2]
        if not number.isdigit():
            raise UsageError(f"{id!r} is no score; give its number or its address.")
        told = self._access.calls.get_json(f"/scores/{number}")
        kind = self.kinds.get(told.get("kind", ""))
        return Score(
            metrics=told.get("metrics") or {},
            id=int(number),
            url=f"{self.url}/scores/{number}",
            kind=told.get("kind", ""),
            split=told.get("split"),
            primary=kind.primary if kind is not None else None,
        )

    def ranking(self, name: str | None = None, *, split: Split = "validation") -> Ranking:
        """Return who is ahead.

        Parameters
        ----------
        name
            Of the ranking; the first one, if it is not given.
        split
            Of which submissions.

        Raises
        ------
        NotSupported
            If the server has none.
        """
        self._access.require("ranking", "a ranking")
        query = {"split": split} | ({"name": name} if name else {})
        return ranking_of(self._access.calls.get_json("/ranking", parameters=query), name)

    def rankings(self, *, split: Split = "validation") -> tuple[Ranking, ...]:
        """Return all rankings, the headline first; see `ranking`."""
        self._access.require("ranking", "a ranking")
        return rankings_of(self._access.calls.get_json("/ranking", parameters={"split": split}))

    def watch(
        self,
        name: str | None = None,
        *,
        split: Split = "validation",
        interval_s: float = 5.0,
    ) -> Iterator[Ranking]:
        """Yield the ranking, and again whenever it has changed, without end.

        Parameters
        ----------
        name, split
            As for `ranking`.
        interval_s
            Seconds between two questions.
        """
        last: Ranking | None = None
        while True:
            now = self.ranking(name, split=split)
            if now != last:
                yield now
            last = now
            time.sleep(interval_s)

    def request(
        self,
        method: str,
        path: str,
        *,
        parameters: Mapping[str, str] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask a route that this package does not know, such as one of a plugin's own.

        Only GET is asked again where nothing comes back.

        Raises
        ------
        AnomedClientError
            For any answer but a success.
        """
        if not path.startswith("/"):
            raise UsageError(f"The path {path!r} must begin with a slash.")
        is_safe = method.upper() in {"GET", "HEAD"}

        def once() -> Answer:
            return self._access.calls.connection.exchange(
                method, path, parameters=parameters, headers=headers, body=body
            )

        return self._access.calls.settled(once, name=path, is_post=not is_safe, is_safe=is_safe)

    def _role(self, target: str | None) -> str:
        if target is not None:
            return "deanonymizer"
        return self.me.role if self.me is not None and self.me.role else "anonymizer"
