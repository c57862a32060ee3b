"""No request costs much before its attempt is claimed, whatever it holds and wherever it goes."""

import itertools
from collections.abc import Iterator
from typing import Any

import attrs
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomed_core.errors import AttemptInProgressError
from anomed_core.model import FormSchema, Quality, TableSchema
from anomed_core.service.encoding import encode_body
from anomed_core.testing.client import ChallengeClient
from anomed_core.testing.trials import Trial, payload_of, trials
from tests.faults.hostile_bodies import multipart

from .cases import fuzzed
from .conftest import Served, serving_app
from .costly import LONGEST_LINE, costly_bodies, costly_forms, long_texts
from .costs import MOST_BODY_BYTES, Meter, judge
from .test_api import SHIPPED
from .test_routes import KNOWN_PATHS, call, environ_of

ANY_ROWS = 2_000_000
NAMES = ["probe", *SHIPPED]


@attrs.frozen(kw_only=True, eq=False)
class Scale:
    """A served challenge that takes everything and claims nothing.

    Attributes
    ----------
    trials
        Valid submissions, and what they hold.
    meter
        Measures the request under way.
    """

    served: Served
    meter: list[Meter] = attrs.field(factory=list)
    trials: list[tuple[Trial, Any]] = attrs.field(factory=list)

    def weigh(self, what: str, environ: dict[str, Any], body: bytes) -> int:
        """Measure a request; return its status."""
        with Meter() as meter:
            self.meter[:] = [meter]
            status, _, content = call(self.served.app, environ)
        judge(f"{status} {what}", cpu_s=meter.cpu_s, grown_bytes=meter.grown_bytes, body=body)
        assert status < 500, content
        return status


@pytest.fixture(scope="module", params=NAMES)
def scale(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scale]:
    plugin = None if request.param == "probe" else request.param
    with serving_app(tmp_path_factory.mktemp("scale"), plugin=plugin) as served:
        scale = Scale(served=served)
        client = ChallengeClient(served.server, next(iter(served.server.challenges)))
        valid = [(trial, payload_of(trial, client)) for trial in trials(client)]
        scale.trials.extend(valid or of_probe(client))

        def claim(*_: Any, **__: Any) -> Any:
            """End here, since what follows is paid for with an attempt."""
            scale.meter[0].stop()
            raise AttemptInProgressError("This is far enough.", retry_after_s=1.0)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(served.server.ledger), "claim", claim)
            yield scale


def of_probe(client: ChallengeClient) -> Iterator[tuple[Trial, Any]]:
    """Yield a valid submission to each kind of the probe, which has no baselines."""
    table = pa.table({"age": [1.5], "city": ["x"]})
    payloads = {"form": {"anon_data": table, "anon_scheme": "same"}, "table": table}
    for kind in client.hosted.kinds:
        payload = payloads.get(kind.name, {"prediction": np.zeros(10)})
        split = kind.default_split or kind.splits[0]
        query = {"anonymizer": "a", "deanonymizer": "d", "data_split": split.value}
        yield (
            Trial(
                kind=kind,
                split=split,
                name="valid",
                quality=Quality.PERFECT,
                known_to=frozenset(),
                query=query,
                body=encode_body(payload, kind.schema_for(split)),
            ),
            payload,
        )


def most_rows(schema: Any) -> int:
    if isinstance(schema, FormSchema):
        return min(most_rows(part.schema) for part in schema.parts)
    is_bounded = isinstance(schema, TableSchema) and schema.max_rows is not None
    return schema.max_rows if is_bounded else ANY_ROWS


@st.composite
def submissions(draw: Any, trial: Trial, payload: Any) -> tuple[bytes, str]:
    """Draw the body and Content-Type of a costly submission like a valid one."""
    schema = trial.kind.schema_for(trial.split)
    if isinstance(schema, FormSchema):
        form = draw(costly_forms(payload, trial.body, most_rows(schema)))
        return multipart(*form.items(), boundary="costly")
    return draw(costly_bodies(payload, most_rows(schema))), "application/octet-stream"


def test_a_submission_is_cheap_to_refuse(scale: Scale) -> None:
    numbers = itertools.count()

    def run(data: st.DataObject, trial: tuple[Trial, Any]) -> None:
        about, payload = trial
        body, content_type = data.draw(submissions(about, payload))
        body = body[:MOST_BODY_BYTES]
        submitter = about.kind.submitter.value
        query = {**about.query, submitter: f"{submitter}-{next(numbers)}"}
        text = "&".join(f"{name}={value}" for name, value in query.items())
        fields = {"Content-Type": content_type}
        scale.weigh(str(about), environ_of("POST", about.kind.path, text, fields, body), body)

    fuzzed(given(data=st.data(), trial=st.sampled_from(scale.trials))(run), shrinks=False)()


HEADERS = [
    *("Accept", "Authorization", "Content-Type", "Cookie", "Expect", "Host", "Idempotency-Key"),
    *("If-None-Match", "If-Range", "Origin", "Range", "X-Request-Id"),
]
lines = long_texts(LONGEST_LINE).map(lambda text: text.encode().decode("latin1"))
"""As a WSGI server hands on what came."""


@fuzzed
@given(
    method=st.sampled_from(["GET", "POST"]),
    path=st.one_of(st.sampled_from(KNOWN_PATHS), lines.map("/{}".format)),
    query=st.one_of(st.just("anonymizer=a"), lines, lines.map("anonymizer={}".format)),
    fields=st.dictionaries(st.sampled_from(HEADERS), lines, max_size=3),
)
def test_a_head_is_cheap_to_answer(
    served: Served, method: str, path: str, query: str, fields: dict[str, str]
) -> None:
    scale = Scale(served=served)
    scale.weigh(f"{method} {path[:60]!r}", environ_of(method, path, query, fields, b""), b"")
