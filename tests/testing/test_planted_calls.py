"""Each fault that is planted in an operation is found and called by its name."""

import re
from pathlib import Path
from typing import Any

import attrs
import pytest

from anomed_core.ledger import ArchivedBody, ArchiveEntry, Claim, Ledger
from anomed_core.service.identities import Authorizer
from anomed_core.testing import Finding, Outcome, conformance_checks

from .conftest import NOT_OFFERED
from .planted import Planted
from .planted_calls import CALLS, TOLD, UNCHECKED

NUMBERS = Path(__file__).with_name(
    "secret_numbers.py"
)  # a file alone: of a package, all is looked at


@pytest.mark.parametrize("fault", [*CALLS, *TOLD], ids=str)
def test_a_planted_fault_is_named(fault: Planted, planting, tmp_path: Path) -> None:
    finding = planting(fault, "secret_numbers")

    plugin = str(tmp_path / "secret_numbers_planted.py")
    told = re.escape(fault.message.replace("{plugin}", plugin)).replace(r"\{\}", r"\d+")
    assert finding.outcome is Outcome.FAILED
    assert re.search(told, finding.text), finding.text


@pytest.mark.parametrize("fault", UNCHECKED, ids=str)
def test_emptiness_is_not_checked(fault: Planted, planting) -> None:
    finding = planting(fault, "secret_numbers")

    assert finding.outcome is Outcome.UNCHECKED
    assert fault.message in finding.text


def _found(check_id: str) -> Finding:
    (check,) = (one for one in conformance_checks(str(NUMBERS)) if one.id == check_id)
    return check.find()


def test_a_job_that_others_see_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Authorizer, "is_holder", lambda *_: True)

    finding = _found("jobs-own")

    assert finding.outcome is Outcome.FAILED
    assert "tells somebody else (200); a job and what came of it are its owner's alone" in (
        finding.text
    )


def test_an_archive_without_an_entry_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    commit = Ledger.commit

    def forgetful(ledger: Ledger, claim: Claim, *, entry: object = None, **options: Any) -> Any:
        return commit(ledger, claim, **options)

    monkeypatch.setattr(Ledger, "commit", forgetful)

    finding = _found("calls-archived")

    assert finding.outcome is Outcome.FAILED
    assert "paid for, and the archive has no entry of it" in finding.text


def test_an_archive_with_another_answer_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    commit = Ledger.commit

    def careless(
        ledger: Ledger, claim: Claim, *, entry: ArchiveEntry | None = None, **options: Any
    ) -> Any:
        assert entry is not None
        other = attrs.evolve(entry, answer=ArchivedBody(content=b"", media_type="text/plain"))
        return commit(ledger, claim, entry=other, **options)

    monkeypatch.setattr(Ledger, "commit", careless)

    finding = _found("calls-archived")

    assert finding.outcome is Outcome.FAILED
    assert "is archived with another answer than its caller got" in finding.text


def test_the_type_is_sound() -> None:
    findings = [check.find() for check in conformance_checks(str(NUMBERS))]

    missing = {one for one in NOT_OFFERED if "no operation is " not in one}
    told = {f"{f.id}: {f.text}" for f in findings if f.outcome is not Outcome.OK}
    skipped = {one for one in told if one.startswith(("attacks-win: ", "nobody-attacked: "))}
    assert told - skipped == missing
    assert {f.looked_at for f in findings} >= {
        "4 calls of 2 operations",
        "4 paid calls",
        "1 jobs",
        "2 prices",
        "4 calls",
    }
