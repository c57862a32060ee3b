"""Whether a plugin keeps its contract: every check, for pytest and for ``anomed plugins check``."""

from __future__ import annotations

import inspect
import re
import time
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs

from anomed_core.errors import CULPRIT_NOTE, UsageError
from anomed_core.testing.checks import CHECKS
from anomed_core.testing.checks.failure import (
    ConformanceError,
    DoubtfulError,
    NotApplicableError,
    NotCheckedError,
)
from anomed_core.testing.client import described
from anomed_core.testing.findings import Finding, Outcome
from anomed_core.testing.loading import Plugin
from anomed_core.testing.plugin_under_test import PluginUnderTest

_NEEDED = ("loads", "opens", "scored-in-time")
"""Checks without which no other one can be run."""

_PLACE = re.compile(rf"{CULPRIT_NOTE} '[^']*', hook \w+, at [^;)]+:\d+")


@attrs.frozen(kw_only=True)
class Check:
    """One check of one plugin; call it in a test.

    Attributes
    ----------
    id
        Short name, as in ``expected_failures``.
    description
        One sentence.
    expected_failure
        Why it is expected to fail; ``None`` if it must pass.
    """

    id: str
    description: str
    expected_failure: str | None = None
    _run: Callable[[], str | None] = attrs.field(repr=False, alias="run")
    _failures: dict[str, str] = attrs.field(factory=dict, repr=False, alias="failures")

    @property
    def __name__(self) -> str:
        """The id: how pytest calls a test that is parametrized with checks."""
        return self.id

    def __str__(self) -> str:
        return self.id

    def __call__(self) -> None:
        """Run the check in a test.

        Raises
        ------
        ConformanceError
            If the plugin does not keep its contract, if there is nothing to look at where there
            should be something, or if it passes although it was expected to fail. An expected
            failure is reported to pytest as such, and what is doubtful as a warning.
        """
        finding = self.find()
        if not finding.ok:
            prefix = "not checked: " if finding.outcome is Outcome.UNCHECKED else ""
            raise ConformanceError(prefix + finding.text)
        if finding.outcome is Outcome.WARNING:
            warnings.warn(f"{self.id}: {finding.text}", stacklevel=2)
        if finding.outcome is Outcome.EXPECTED:
            import pytest

            pytest.xfail(f"{self.expected_failure}: {finding.text}")
        if finding.outcome is Outcome.SKIPPED:
            import pytest

            pytest.skip(finding.text)

    def find(self) -> Finding:
        """Run the check and return what it found."""
        begin = time.perf_counter()
        failed = self._needed_and_failed()
        if failed:
            text = f"needs {failed}, which fails"
            return Finding(id=self.id, outcome=Outcome.SKIPPED, text=text, seconds=0.0)
        outcome, text, looked_at = self._outcome()
        if outcome is Outcome.FAILED:
            text = self._abridged(text)
        if self.expected_failure is not None:
            outcome, text = self._as_expected(outcome, text)
        seconds = time.perf_counter() - begin
        return Finding(id=self.id, outcome=outcome, text=text, seconds=seconds, looked_at=looked_at)

    def _as_expected(self, outcome: Outcome, text: str) -> tuple[Outcome, str]:
        if outcome in {Outcome.FAILED, Outcome.UNCHECKED}:
            return Outcome.EXPECTED, text
        if outcome is Outcome.SKIPPED:
            return outcome, text
        return Outcome.FAILED, (
            f"expected to fail ({self.expected_failure}), but it passes: take {self.id!r} out of "
            "expected_failures"
        )

    def _needed_and_failed(self) -> str:
        earlier = _NEEDED[: _NEEDED.index(self.id)] if self.id in _NEEDED else _NEEDED
        return next((name for name in earlier if name in self._failures), "")

    def _abridged(self, problem: str) -> str:
        """Return a problem, in brief if an earlier check has told of the same place in the code."""
        places = set(_PLACE.findall(problem))
        for earlier, told in self._failures.items():
            if earlier != self.id and places and places <= set(_PLACE.findall(told)):
                return f"fails as {earlier} does ({', '.join(sorted(places))})"
        self._failures[self.id] = problem
        return problem

    def _outcome(self) -> tuple[Outcome, str, str]:
        """Return how the check ends, what it says, and what it has looked at."""
        try:
            return Outcome.OK, self.description, self._run() or ""
        except ConformanceError as error:
            return Outcome.FAILED, str(error), ""
        except NotCheckedError as error:
            return Outcome.UNCHECKED, str(error), ""
        except NotApplicableError as error:
            return Outcome.SKIPPED, str(error), ""
        except DoubtfulError as error:
            return Outcome.WARNING, str(error), ""
        except Exception as error:  # noqa: BLE001 - a plugin may raise anything; that is a finding
            return Outcome.FAILED, described(error), ""


def conformance_checks(
    plugin: Plugin,
    *,
    config: Mapping[str, Any] | None = None,
    extensions: Iterable[Plugin] = (),
    expected_failures: Mapping[str, str] | None = None,
) -> list[Check]:
    """Return every check of a plugin, for ``pytest.mark.parametrize``.

    Parameters
    ----------
    plugin
        A challenge type: what ``--plugin`` takes, or its module.
    config
        The challenge's table of the configuration; ``None`` takes the type's demo.
    extensions
        Plugins that are loaded beside it. An extension is checked together with a type that it
        extends.
    expected_failures
        Why a check is expected to fail, by its id. It must fail then.

    Returns
    -------
    list of Check
        Nothing of the plugin is imported before the first one is called.

    Raises
    ------
    UsageError
        If an expected failure names no check.

    Examples
    --------
    >>> checks = conformance_checks("supervised-mia", expected_failures={"described": "in work"})
    >>> [check.id for check in checks][:2]
    ['loads', 'announced-cheaply']
    """
    expected = dict(expected_failures or {})
    plugin_under_test = PluginUnderTest(plugin=plugin, config=config, extensions=tuple(extensions))
    failures: dict[str, str] = {}
    checks = [
        Check(
            id=identifier(function),
            description=_summary(function),
            expected_failure=expected.pop(identifier(function), None),
            run=lambda function=function: function(plugin_under_test),  # type: ignore[misc]
            failures=failures,
        )
        for function in CHECKS
    ]
    if expected:
        raise UsageError(
            f"expected_failures names {', '.join(sorted(expected))}; the checks are "
            f"{', '.join(check.id for check in checks)}"
        )
    return checks


def conformance_test(plugin: Plugin, **options: Any) -> Callable[[Check], None]:
    """Return a test that runs every check of a plugin: ``test_conformance = conformance_test(…)``.

    Parameters
    ----------
    plugin, **options
        As for `conformance_checks`.

    Returns
    -------
    callable
        A test function that pytest parametrizes.
    """
    import pytest

    @pytest.mark.parametrize("check", conformance_checks(plugin, **options))
    def test_conformance(check: Check) -> None:
        check()

    return test_conformance


def identifier(function: Callable[[PluginUnderTest], str | None]) -> str:
    """Return the id of a check: its name, with hyphens."""
    return function.__name__.replace("_", "-")


def _summary(function: Callable[[PluginUnderTest], str | None]) -> str:
    return (inspect.getdoc(function) or "").partition("\n")[0]
