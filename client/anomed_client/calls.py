"""Requests with retries: the answer that was asked for, or an exception that says why not."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urljoin

from anomed_client.answers import json_of, retry_after_s
from anomed_client.errors import AnomedClientError, ConnectionFailed, TimedOut
from anomed_client.http import Answer, Connection, Lost
from anomed_client.options import Options
from anomed_client.progress import Progress, Reporter
from anomed_client.refusals import not_ours, refused
from anomed_client.retries import Tries, verdict

_REDIRECTS = 3
_ASK_AGAIN_S = (0.5, 1.0, 2.0, 4.0, 5.0)

Send = Callable[[], Answer]


class Calls:
    """Everything that is asked of one address.

    Parameters
    ----------
    connection
        To the challenge.
    progress
        Hears of waits.
    signed_in_by
        Where the token came from, for the sentence of a 401.
    sleep
        For tests.
    """

    def __init__(
        self,
        connection: Connection,
        progress: Progress,
        *,
        signed_in_by: str = "",
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self.connection = connection
        self.progress = progress
        self.signed_in_by = signed_in_by
        self.sleep = sleep or time.sleep

    def telling(self, progress: Progress) -> Calls:
        """Return the same, but somebody else hears of waits."""
        return Calls(self.connection, progress, signed_in_by=self.signed_in_by, sleep=self.sleep)

    @property
    def options(self) -> Options:
        """Patience and time-outs."""
        return self.connection.options

    def tries(self, name: str) -> Tries:
        """Return fresh patience for one call."""
        reporter = Reporter(self.progress, "wait", name)
        return Tries(
            self.options.tries,
            self.options.patience_s,
            told=lambda seconds: reporter.tell(
                "retrying", sentence=f"{name}: trying again in {seconds:.0f} s"
            ),
            sleep=self.sleep,
        )

    def get(
        self,
        path: str,
        *,
        parameters: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Get something small.

        Returns
        -------
        Answer
            200, or 304 if the headers hold a condition.

        Raises
        ------
        AnomedClientError
            For anything else.
        """

        def send() -> Answer:
            answer = self.connection.exchange("GET", path, parameters=parameters, headers=headers)
            return self._followed(answer, headers)

        return self.settled(send, name=path)

    def get_json(self, path: str, *, parameters: Mapping[str, str] | None = None) -> Any:
        """Get a JSON document.

        Raises
        ------
        NotAnAnomedServer
            If it is none.
        """
        answer = self.get(path, parameters=parameters)
        told = json_of(answer)
        if told is None:
            raise not_ours(answer, proxy=self.options.proxy)
        return told

    def probe(self, path: str) -> Answer:
        """Return whatever is answered to a GET, refusals too.

        Raises
        ------
        ConnectionFailed
            If nothing is.
        """
        outcome = attempt(lambda: self.connection.exchange("GET", path))
        if isinstance(outcome, Lost):
            raise self.failure(outcome, name=path)
        return outcome

    def settled(
        self,
        send: Send,
        *,
        name: str,
        is_post: bool = False,
        is_safe: bool = True,
        key: str = "",
        answer_s: float | None = None,
    ) -> Answer:
        """Try until there is an answer.

        Parameters
        ----------
        send
            One try.
        name
            What it is about, for progress.
        is_post, is_safe
            As in `anomed_client.retries.verdict`.
        key
            Idempotency key, for exceptions.
        answer_s
            Longest time until an answer; an evaluation of one's own is waited for twice as long.
        """
        tries = self.tries(name)
        deadline: float | None = None
        n_asked = 0
        while True:
            outcome = attempt(send)
            chosen = verdict(outcome, is_post=is_post, is_safe=is_safe)
            if chosen == "take" and isinstance(outcome, Answer):
                return outcome
            if chosen == "in progress":
                now = time.monotonic()
                deadline = now + 2 * (answer_s or 0.0) if deadline is None else deadline
                if now < deadline:
                    self.sleep(_ASK_AGAIN_S[min(n_asked, len(_ASK_AGAIN_S) - 1)])
                    n_asked += 1
                    continue
            at_least_s = (retry_after_s(outcome) if isinstance(outcome, Answer) else None) or 0.0
            if chosen in {"again", "once more"} and tries.wait(chosen, at_least_s=at_least_s):
                continue
            raise self.failure(
                outcome,
                name=name,
                is_post=is_post,
                is_safe=is_safe,
                key=key,
                answer_s=answer_s,
            )

    def failure(
        self,
        outcome: Answer | Lost,
        *,
        name: str,
        is_post: bool = False,
        is_safe: bool = True,
        key: str = "",
        answer_s: float | None = None,
    ) -> AnomedClientError:
        """Return the exception for how the last try ended."""
        if isinstance(outcome, Answer):
            hint = ""
            if outcome.status == 401 and self.signed_in_by:
                hint = f"The token came from {self.signed_in_by}."
            return refused(outcome, hint=hint, proxy=self.options.proxy)
        maybe = is_post and outcome.how in {"broken", "stalled"}
        sentence = self._lost(outcome, name, answer_s)
        if maybe and not is_safe:
            sentence += (
                "; it may have been scored, and this server cannot tell, so it was not sent again"
            )
        kind = TimedOut if outcome.limit else ConnectionFailed
        return kind(
            f"{sentence}.",
            maybe_received=maybe,
            idempotency_key=key,
            method="POST" if is_post else "GET",
            url=self.connection.url,
        )

    def _lost(self, outcome: Lost, name: str, answer_s: float | None) -> str:
        sentence = f"{name}: {outcome.reason}"
        if outcome.how == "unreachable":
            sentence = f"There is no connection to {self.connection.origin}: {outcome.reason}"
        if outcome.limit == "answer_s":
            sentence += f"; the limit is Options(answer_s={answer_s:g})"
        elif outcome.limit:
            limit_s = getattr(self.options, outcome.limit)
            sentence += f"; the limit is Options({outcome.limit}={limit_s:g})"
        return sentence

    def _followed(self, answer: Answer, headers: Mapping[str, str] | None) -> Answer:
        """Follow redirects within the origin."""
        for _ in range(_REDIRECTS):
            if answer.status not in {301, 302, 303, 307, 308}:
                return answer
            place = urljoin(answer.url, answer.headers.get("location", ""))
            if not place.startswith(f"{self.connection.origin}/"):
                return answer
            answer = self.connection.exchange("GET", place, headers=headers)
        return answer


def attempt(send: Send) -> Answer | Lost:
    """Return how one try ended."""
    try:
        return send()
    except Lost as lost:
        return lost
