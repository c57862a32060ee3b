"""Whatever is sent to a documented route, the answer is a documented one, and never our fault."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import given
from schemathesis.checks import (
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
)

from anomed_core.model import Role

from .cases import fuzzed
from .conftest import Served, serving_app

CHECKS = [not_a_server_error, status_code_conformance, response_schema_conformance]
SHIPPED = ["dataset-anonymization", "dataset-synthesis", "supervised-mia"]
SHARE = 1 / 10
"""Of the usual cases for each operation: there are some twenty, for five callers."""


def fuzz(operation: Any, headers: Mapping[str, str]) -> None:
    """Send requests that fit an operation's description, and some that do not."""

    def run(case: Any) -> None:
        response = case.call(headers=dict(headers))
        case.validate_response(response, checks=CHECKS)

    fuzzed(given(case=operation.as_strategy())(run), share=SHARE)()


def fuzz_all(served: Served, headers: Mapping[str, str]) -> None:
    """Fuzz every documented operation; tell of all that fail."""
    schema = schemathesis.openapi.from_wsgi("/openapi.json", served.app)
    failures = []
    operations = [result.ok() for result in schema.get_all_operations()]
    for operation in operations:
        try:
            fuzz(operation, headers)
        except Exception as error:  # noqa: BLE001 - every operation is tried
            failures.append(f"{operation.label}: {error}")
    assert len(operations) >= 10
    assert not failures, "\n".join(failures)
    assert served.server.ledger.verify() == []


@pytest.mark.parametrize("plugin", [None, *SHIPPED], ids=["probe", *SHIPPED])
def test_documented_routes_answer_as_documented(tmp_path: Path, plugin: str | None) -> None:
    with serving_app(tmp_path, plugin=plugin) as served:
        fuzz_all(served, {})


@pytest.mark.parametrize("plugin", [None, *SHIPPED], ids=["probe", *SHIPPED])
def test_documented_routes_answer_every_role_as_documented(
    tmp_path: Path, plugin: str | None
) -> None:
    with serving_app(tmp_path, auth="tokens", plugin=plugin) as served:
        fuzz_all(served, {})
        for role in (Role.ANONYMIZER, Role.DEANONYMIZER, Role.ORGANISER):
            fuzz_all(served, {"Authorization": f"Bearer {served.tokens[role]}"})
