"""What is nearly a valid submission to a shipped type is scored or refused, and harms nothing."""

import itertools
import math
from collections.abc import Iterator
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomed_core.service.encoding import encode_body
from anomed_core.testing.client import ChallengeClient
from anomed_core.testing.trials import Trial, payload_of, trials

from .alterations import altered
from .bodies import damaged
from .cases import fuzzed
from .conftest import Served, serving_app
from .test_api import SHIPPED


@attrs.frozen(kw_only=True, eq=False)
class Arena:
    """A shipped type's demonstration, and valid submissions to it."""

    served: Served
    client: ChallengeClient
    trials: list[tuple[Trial, Any]]


@pytest.fixture(scope="module", params=SHIPPED)
def arena(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Arena]:
    with serving_app(tmp_path_factory.mktemp("arena"), plugin=request.param) as served:
        client = ChallengeClient(served.server, next(iter(served.server.challenges)))
        valid = [(trial, payload_of(trial, client)) for trial in trials(client)]
        yield Arena(served=served, client=client, trials=valid)


@st.composite
def bodies(draw: Any, trial: Trial, payload: Any) -> Any:
    """Draw a valid body, or what became of it."""
    fate = draw(st.sampled_from(["valid", "altered", "altered", "altered", "damaged"]))
    body = trial.body
    if fate == "altered":
        body = encode_body(draw(altered(payload)), trial.kind.schema_for(trial.split))
    if fate != "damaged":
        return body
    if isinstance(body, bytes):
        return draw(damaged(st.just(body)))
    part = draw(st.sampled_from(sorted(body)))
    return {**body, part: draw(damaged(st.just(body[part])))}


def test_a_nearly_valid_submission_is_scored_or_refused(arena: Arena) -> None:
    numbers = itertools.count()

    def run(data: st.DataObject, trial: tuple[Trial, Any]) -> None:
        about, payload = trial
        submitter = about.kind.submitter.value
        query = {**about.query, submitter: f"{submitter}-{next(numbers)}"}
        body = data.draw(bodies(about, payload))
        answer = arena.client.request("POST", about.kind.path, query=query, body=body)
        assert answer.status in {201, 400, 413, 422}, answer.failure or answer.body
        if answer.status == 201:
            declared = [m.name for m in arena.client.hosted.metrics[about.kind.name]]
            assert list(answer.json) == declared
            assert all(math.isfinite(value) for value in answer.json.values())
        else:
            assert answer.reason

    fuzzed(given(data=st.data(), trial=st.sampled_from(arena.trials))(run), share=0.5)()
    assert arena.served.server.ledger.verify() == []
