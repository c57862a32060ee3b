"""What follows from the way a try ended: take it, ask again, or give up.

`verdict` is the whole table; `Tries` keeps count of tries and of waits.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Literal

from anomed_client.answers import error_code, has_title
from anomed_client.http import Answer, Lost

_LONGEST_WAIT_S = 20.0
_FIRST_WAIT_S = 0.5

Verdict = Literal["take", "again", "once more", "never", "in progress"]
"""``again`` up to ``Options.tries``; ``in progress`` asks until the evaluation must have ended."""


def verdict(outcome: Answer | Lost, *, is_post: bool = False, is_safe: bool = True) -> Verdict:
    """Decide what follows from one try.

    Parameters
    ----------
    outcome
        How it ended.
    is_post
        Whether it was a submission.
    is_safe
        Whether sending it again can do no harm: it is a GET, or the server honours its
        idempotency key.
    """
    if isinstance(outcome, Lost):
        if outcome.how == "unreachable":  # nothing was sent
            return "again"
        return "again" if is_safe and outcome.how != "tls" else "never"
    if outcome.status < 300 or outcome.status == 304:
        return "take"
    if outcome.status == 409 and is_safe and error_code(outcome) == "attempt_in_progress":
        return "in progress"
    if outcome.status == 429:
        return _too_many(outcome, is_post=is_post, is_safe=is_safe)
    return _of_failure(outcome) if is_safe else "never"


def _too_many(outcome: Answer, *, is_post: bool, is_safe: bool) -> Verdict:
    """Tell attempts, which come back tomorrow, from a cap on requests, which passes."""
    counts_attempts = "x-attempts-remaining" in outcome.headers
    if not is_safe or (is_post and counts_attempts):
        return "never"
    return "again"


def _of_failure(outcome: Answer) -> Verdict:
    status = outcome.status
    if status in {408, 500}:
        return "once more"
    if status in {502, 503, 504} and not has_title(outcome):  # a gateway's page
        return "again"
    if status == 503:
        return "again" if error_code(outcome) == "ledger_unavailable" else "once more"
    return "never"


class Tries:
    """Counts the tries of one call and waits between them.

    Parameters
    ----------
    tries
        How many without progress.
    patience_s
        Longest sum of waits.
    told
        Called with seconds before each wait of more than two.
    sleep, rng
        For tests.
    """

    def __init__(
        self,
        tries: int,
        patience_s: float,
        *,
        told: Callable[[float], None] = lambda _: None,
        sleep: Callable[[float], None] = time.sleep,
        rng: random.Random | None = None,
    ) -> None:
        self._tries = tries
        self._patience_s = patience_s
        self._told = told
        self._sleep = sleep
        self._rng = rng or random.Random()  # noqa: S311 - jitter needs no secrecy
        self._n_failed = 0

    def begin_anew(self) -> None:
        """Forget failures: there was progress."""
        self._n_failed = 0

    def wait(self, chosen: Verdict, *, at_least_s: float = 0.0) -> bool:
        """Wait before the next try.

        Parameters
        ----------
        chosen
            ``again`` or ``once more``.
        at_least_s
            What the server asks for.

        Returns
        -------
        bool
            False, at once, if there is to be no further try, or if it would take more patience
            than is left.
        """
        self._n_failed += 1
        most = min(2, self._tries) if chosen == "once more" else self._tries
        if self._n_failed >= most:
            return False
        longest = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2 ** (self._n_failed - 1))
        seconds = max(self._rng.uniform(0, longest), at_least_s)
        if seconds > self._patience_s:
            return False
        self._patience_s -= seconds
        if seconds > 2:
            self._told(seconds)
        self._sleep(seconds)
        return True
