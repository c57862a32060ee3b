"""What a check needs before it can say anything: without it, nothing is checked."""

from __future__ import annotations

import functools
from collections.abc import Callable

from anomed_core.testing.checks.failure import NotCheckedError
from anomed_core.testing.plugin_under_test import PluginUnderTest

_Run = Callable[[PluginUnderTest], str | None]


def needs_submissions(check: _Run) -> _Run:
    """Let a check say that it checks nothing, where no valid baseline can be handed in."""

    @functools.wraps(check)
    def run(plugin_under_test: PluginUnderTest) -> str | None:
        if not plugin_under_test.trials():
            raise NotCheckedError("no valid baseline is offered, so nothing was handed in")
        return check(plugin_under_test)

    return run


def needs_products(check: _Run) -> _Run:
    """Let a check say that it checks nothing, where no data product is declared."""

    @functools.wraps(check)
    def run(plugin_under_test: PluginUnderTest) -> str | None:
        if not plugin_under_test.open().hosted.products:
            raise NotCheckedError("no data product is declared, so nothing was handed out")
        return check(plugin_under_test)

    return run
