"""How many cases are tried, and how many were.

`ANOMED_FUZZ_CASES` is the number of examples of most tests; with 400, all tests together make more
than 10,000 cases. `ANOMED_FUZZ_AT_LEAST` lets a run fail that made fewer cases than that.
"""

import functools
import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, settings

CASES = int(os.environ.get("ANOMED_FUZZ_CASES", "20"))
AT_LEAST = int(os.environ.get("ANOMED_FUZZ_AT_LEAST", "0"))
TRIED: dict[str, int] = {}
"""Cases by the name of the test's module."""

_SETTINGS = settings(
    max_examples=CASES,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)


def fuzzed(
    test: Callable[..., Any], *, share: float = 1.0, shrinks: bool = True
) -> Callable[..., Any]:
    """Run a test on many examples and count them; stands above `hypothesis.given`.

    Parameters
    ----------
    test
        What `given` returned.
    share
        Of the usual number of examples: less for what is repeated for each of many routes.
    shrinks
        Whether a smaller example is looked for; in vain where time decides.
    """
    inner = test.hypothesis.inner_test  # type: ignore[attr-defined]

    @functools.wraps(inner)
    def counted(*arguments: Any, **named: Any) -> Any:
        TRIED[inner.__module__] = TRIED.get(inner.__module__, 0) + 1
        return inner(*arguments, **named)

    test.hypothesis.inner_test = counted  # type: ignore[attr-defined]
    phases = [phase for phase in Phase if shrinks or phase is not Phase.shrink]
    return settings(_SETTINGS, max_examples=max(2, int(CASES * share)), phases=phases)(test)
