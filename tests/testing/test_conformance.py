"""The kit passes what is right, honours expected failures, and costs nothing when unused."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from anomed_core.errors import UsageError
from anomed_core.testing import Check, ConformanceError, Outcome, conformance_checks
from anomed_core.testing.checks.failure import DoubtfulError
from tests.example_types import Guessing

from .conftest import NOT_OFFERED, Scaffolded

GAME = Guessing()
IDS = [check.id for check in conformance_checks("any")]


def test_a_scaffolded_type_passes_every_check(scaffolded: Scaffolded) -> None:
    scaffolded("whole-kit")

    findings = [check.find() for check in conformance_checks("anomed_whole_kit.plugin")]

    assert {f"{f.id}: {f.text}" for f in findings if f.outcome is not Outcome.OK} == NOT_OFFERED


def test_checks_are_called_by_their_ids_and_say_what_they_are_about() -> None:
    checks = conformance_checks("any")

    assert len(set(IDS)) == len(checks)
    assert all(check.__name__ == check.id and len(check.description) > 30 for check in checks)


def test_without_baselines_a_check_says_which_to_offer() -> None:
    (check,) = (c for c in conformance_checks("tests.example_types:GAME") if c.id == "loads")
    assert check.find().outcome is Outcome.FAILED

    (check,) = (c for c in conformance_checks(f"{__name__}:GAME") if c.id == "baselines-hold")
    assert "the submission kind 'deanonymizer' has no perfect baseline" in check.find().text


def test_an_expected_failure_is_reported_as_such() -> None:
    checks = conformance_checks("nowhere", expected_failures={"loads": "it is not there yet"})

    assert checks[0].find().outcome is Outcome.EXPECTED
    with pytest.raises(pytest.xfail.Exception, match="it is not there yet: there is no plugin"):
        checks[0]()


def test_an_expected_failure_that_passes_is_a_failure(scaffolded: Scaffolded) -> None:
    scaffolded("passing-after-all")
    check = conformance_checks(
        "anomed_passing_after_all.plugin", expected_failures={"loads": "broken"}
    )[0]

    with pytest.raises(ConformanceError, match="take 'loads' out of expected_failures"):
        check()


def test_an_expected_failure_of_no_check_is_refused() -> None:
    with pytest.raises(UsageError, match="names spelling; the checks are loads, announced"):
        conformance_checks("any", expected_failures={"spelling": "?"})


def test_only_named_plugins_and_modules_are_checked() -> None:
    check = next(c for c in conformance_checks(GAME) if c.id == "announced-cheaply")

    assert "name the plugin as --plugin does or give its module" in check.find().text


def test_an_extension_is_checked_beside_a_type(scaffolded: Scaffolded) -> None:
    module = scaffolded("with-extension")
    (module / "extension.py").write_text(
        "from anomed_core import hookimpl\nANOMED_API = 1\n"
        "@hookimpl(wrapper=True)\ndef anomed_evaluate_utility(submission):\n"
        "    metrics = yield\n    return {**metrics, 'more': 1.0}\n"
    )
    checks = conformance_checks(
        "anomed_with_extension.plugin", extensions=["anomed_with_extension.extension"]
    )

    found = next(c for c in checks if c.id == "constant-input-scored").find()

    assert "undeclared ['more']" in found.text


EXTENSION = """
from anomed_core import hookimpl
ANOMED_API = 1
@hookimpl(wrapper=True)
def anomed_evaluate_utility(challenge):
    metrics = yield
    return {name: 2 * value for name, value in metrics.items()} if GUARD else metrics
"""


@pytest.mark.parametrize(
    ("guard", "outcome"), [("False", Outcome.UNCHECKED), ("challenge.config", Outcome.OK)]
)
def test_an_extension_that_never_takes_part_is_not_checked(
    guard: str, outcome: Outcome, tmp_path: Path
) -> None:
    extension = tmp_path / "extension.py"
    extension.write_text(EXTENSION.replace("GUARD", guard))
    checks = conformance_checks("tests.testing.traces", extensions=[str(extension)])

    found = {c.id: c.find() for c in checks if c.id in {"scored-in-time", "extensions-take-part"}}

    taking_part = found["extensions-take-part"]
    assert taking_part.outcome is outcome
    if outcome is Outcome.UNCHECKED:
        told = r"asked anomed_evaluate_utility \d+ times, and has answered, changed and refused"
        assert re.search(told, taking_part.text)


def test_what_is_not_checked_is_a_failure_in_pytest() -> None:
    check = next(c for c in conformance_checks(f"{__name__}:GAME") if c.id == "something-to-check")

    with pytest.raises(ConformanceError, match="not checked: no perfect baseline holds anything"):
        check()


def test_what_is_doubtful_is_a_warning_in_pytest() -> None:
    def doubt() -> None:
        raise DoubtfulError("rarely meant")

    check = Check(id="doubt", description="", run=doubt)

    with pytest.warns(UserWarning, match="doubt: rarely meant"):
        check()


def test_the_pytest_plugin_costs_nothing_when_unused() -> None:
    code = (
        "import sys, anomed_core.testing, anomed_core.testing.pytest_plugin as p;"
        "heavy = {'numpy', 'falcon', 'sqlalchemy', 'pandas', 'structlog', 'pluggy._x'};"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )

    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_cannot_be_tried_is_skipped() -> None:
    checks = conformance_checks("nowhere")

    findings = [check.find() for check in checks]

    assert [finding.outcome for finding in findings] == [
        Outcome.FAILED,
        *[Outcome.SKIPPED] * (len(IDS) - 1),
    ]
    with pytest.raises(pytest.skip.Exception, match="needs loads, which fails"):
        checks[1]()


def test_a_fault_that_fails_in_many_checks_is_told_once(scaffolded: Scaffolded) -> None:
    plugin = scaffolded("failing-often") / "plugin.py"
    plugin.write_text(
        f"{plugin.read_text()}\n\n@anomed.hookimpl\n"
        "def anomed_evaluate_utility(challenge, submission):\n    return {'typo': 1}\n"
    )

    often = {"baselines-hold", "constant-input-scored", "metrics-vary", "inputs-unchanged"}
    checks = conformance_checks("anomed_failing_often.plugin")
    told = [check.find().text for check in checks if check.id in often]

    assert "missing [], undeclared ['typo']" in told[0]
    assert all(text.startswith("fails as baselines-hold does (") for text in told[1:])
