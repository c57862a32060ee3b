"""One mapping from errors to HTTP, complete."""

import inspect
from typing import Any

import falcon
import pytest
from falcon.testing import TestClient

from anomed_core import errors
from anomed_core.web.errors import STATUS, handle_anomed_error, status_of

REQUEST_ERRORS = [
    cls
    for _, cls in inspect.getmembers(errors, inspect.isclass)
    if issubclass(cls, (errors.RequestError, errors.ServiceError))
    and cls not in {errors.RequestError, errors.ServiceError, errors.LedgerMismatchError}
]


@pytest.mark.parametrize("cls", REQUEST_ERRORS)
def test_every_error_that_reaches_a_participant_has_a_status(cls: type[Exception]) -> None:
    assert cls in STATUS


def test_the_statuses_are_those_of_the_tree() -> None:
    tree = inspect.getdoc(errors) or ""

    for cls, (status, _) in STATUS.items():
        line = next(line for line in tree.splitlines() if f" {cls.__name__} " in f"{line} ")
        assert line.endswith(str(status)), line


def test_refusals_are_4xx_and_failures_are_5xx() -> None:
    for cls, (status, title) in STATUS.items():
        assert (400 <= status < 500) is issubclass(cls, errors.RequestError)
        assert title


def test_a_subclass_has_the_status_of_its_parent() -> None:
    class Special(errors.QuotaExhaustedError):
        pass

    assert status_of(Special("x", retry_after_s=1.0)) == (429, "Quota exhausted")


def test_an_error_of_the_organiser_is_a_plain_500() -> None:
    assert status_of(errors.ConfigError("k", "p")) == (500, "Internal error")


def test_what_a_foreign_library_printed_is_told_to_nobody() -> None:
    class Broken:
        def on_get(self, _: falcon.Request, __: falcon.Response) -> None:
            raise errors.ForeignLibraryError("it ended with 1: Traceback, /srv/secret.csv")

    class RequestIds:
        def process_request(self, req: falcon.Request, _: falcon.Response) -> None:
            req.context.request_id = "1"

    app: Any = falcon.App()
    app.add_route("/", Broken())
    app.add_middleware(RequestIds())
    app.add_error_handler(errors.AnomedError, handle_anomed_error)

    answer = TestClient(app).simulate_get("/")

    assert answer.status_code == 503
    assert "secret" not in answer.text
