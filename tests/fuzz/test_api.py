"""Whatever is sent to a documented route, the answer is a documented one, and never our fault."""

from typing import Any

import pytest
import schemathesis
from hypothesis import given
from schemathesis.checks import (
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
)

from .conftest import Served, fuzzed_a_little

CHECKS = [not_a_server_error, status_code_conformance, response_schema_conformance]


def fuzz(operation: Any, **headers: str) -> None:
    """Send requests that fit an operation's description, and some that do not."""

    @fuzzed_a_little
    @given(case=operation.as_strategy())
    def run(case: Any) -> None:
        response = case.call(headers=headers)
        case.validate_response(response, checks=CHECKS)

    run()


@pytest.mark.parametrize("auth", ["open", "tokens"])
def test_documented_routes_answer_as_documented(request: pytest.FixtureRequest, auth: str) -> None:
    served: Served = request.getfixturevalue("served" if auth == "open" else "guarded")
    schema = schemathesis.openapi.from_wsgi("/openapi.json", served.app)
    failures = []
    operations = [result.ok() for result in schema.get_all_operations()]
    for operation in operations:
        try:
            fuzz(operation)
        except Exception as error:  # noqa: BLE001 - every operation is tried
            failures.append(f"{operation.label}: {error}")
    assert len(operations) >= 20
    assert not failures, "\n".join(failures)
