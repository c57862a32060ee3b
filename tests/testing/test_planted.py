"""Each fault that is planted in a small type is found and called by its name; the type is sound."""

from pathlib import Path

import pytest

from anomed_core.config import ServerSettings
from anomed_core.testing import Outcome, conformance_checks, plugin_under_test

from .conftest import NOT_OFFERED
from .planted import EMPTY, SCORING, SURROUNDINGS, TRUTH, Planted

SHORT_S = 1.0
TRACES = Path(__file__).with_name("traces.py")  # a file alone: of a package, all is looked at


@pytest.fixture
def found(planting):
    """Return a function that plants a fault in `traces` and runs the check that is to find it."""
    return lambda fault: planting(fault, "traces")


@pytest.mark.parametrize("fault", [*TRUTH, *SCORING, *SURROUNDINGS], ids=str)
def test_a_planted_fault_is_named(
    fault: Planted, found, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if fault.check == "scored-in-time":
        monkeypatch.setattr(
            plugin_under_test,
            "ServerSettings",
            lambda **given: ServerSettings(evaluation_timeout_s=SHORT_S, **given),
        )

    finding = found(fault)

    assert finding.outcome is Outcome.FAILED
    assert fault.message.replace("{plugin}", str(tmp_path / "traces_planted.py")) in finding.text


@pytest.mark.parametrize("fault", EMPTY, ids=str)
def test_emptiness_is_not_checked(fault: Planted, found) -> None:
    finding = found(fault)

    assert finding.outcome is Outcome.UNCHECKED
    assert not finding.ok
    assert fault.message in finding.text


def test_what_is_allowed_and_rarely_meant_is_a_warning(found) -> None:
    change = ("@attrs.frozen(kw_only=True)", "@attrs.define(kw_only=True)")
    finding = found(Planted("", "configuration-kept-apart", "", (change,)))

    assert finding.outcome is Outcome.WARNING
    assert finding.ok
    assert "Config is not frozen, so a hook may change the options" in finding.text


def test_nan_that_is_scored_is_a_warning(found) -> None:
    change = ('kinds=["float"],', 'kinds=["float"], finite=False,')
    finding = found(Planted("", "nothing-scores-like-the-truth", "", (change,)))

    assert finding.outcome is Outcome.WARNING
    assert "NaN everywhere is scored: finite=False lets NaN in" in finding.text


def test_truth_that_everybody_knows_is_a_warning(found) -> None:
    change = ('known_to={"anonymizer"}', 'known_to={"anonymizer", "deanonymizer"}')
    finding = found(Planted("", "no-truth-of-tuning", "", (change,)))

    assert finding.outcome is Outcome.WARNING
    assert "anonymizer is known to every role that plays, so nothing of it was" in finding.text


def test_the_type_is_sound() -> None:
    findings = [check.find() for check in conformance_checks(str(TRACES))]

    assert {f"{f.id}: {f.text}" for f in findings if f.outcome is not Outcome.OK} == NOT_OFFERED
    assert {f.looked_at for f in findings} >= {
        "2 kinds, 5 metrics, 5 products, 3 secret arrays looked for in 9 documents",
        "3 secret arrays looked for in 9 documents",
        "1 attacks",
    }
