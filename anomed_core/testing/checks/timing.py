"""Whether evaluations end in time."""

from __future__ import annotations

from anomed_core.testing.checks.failure import ConformanceError, NotCheckedError
from anomed_core.testing.client import described
from anomed_core.testing.plugin_under_test import PluginUnderTest
from anomed_core.testing.trials import EvaluationTooSlowError

_SHARE = 0.5
"""Of the limit: real data are larger, and servers busier, than a test."""


def scored_in_time(plugin_under_test: PluginUnderTest) -> str:
    """Score each valid baseline in half of the time after which the server gives up."""
    client = plugin_under_test.open()
    limit_s = client.server.settings.evaluation_timeout_s
    setting = f"evaluation_timeout_s = {limit_s:g} of the configuration's [server]"
    try:
        seconds = plugin_under_test.seconds()
    except EvaluationTooSlowError as error:
        raise ConformanceError(f"{error}; that is {setting}") from error
    except Exception as error:
        raise NotCheckedError(f"an evaluation fails: {described(error)}") from error
    if not seconds:
        raise NotCheckedError("no valid baseline is offered, so nothing was scored")
    slowest, longest_s = max(seconds.items(), key=lambda item: item[1])
    if longest_s > _SHARE * limit_s:
        raise ConformanceError(
            f"{slowest} takes {longest_s:.1f} s to score; the server gives up after {setting}, and "
            f"real data are larger: stay below {_SHARE * limit_s:g} s, or raise the limit"
        )
    return f"the slowest evaluation takes {longest_s:.2g} s of {limit_s:g} s"
