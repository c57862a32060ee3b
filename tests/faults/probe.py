"""A challenge type whose evaluations do to the server whatever a submission asks for.

Loaded with `--plugin tests/faults/probe.py`. A prediction's first value is an order: see `Order`.
A file in the folder `stops` that is named after a step makes the server wait at that step for as
long as the file exists, and tell so by a file `<step>-<process id>` beside it. Two of the steps are
in the middle of the ledger's transactions: something is written, and nothing is committed.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from enum import IntEnum
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from anomed_core import (
    ANONYMIZER,
    DATA_SPLIT,
    DEANONYMIZER,
    Account,
    ArraySchema,
    ArraysSchema,
    Call,
    CallRejected,
    Challenge,
    ChallengeType,
    ColumnSchema,
    CreationContext,
    DataProduct,
    DataRequest,
    FormPart,
    FormSchema,
    JSONSchema,
    Line,
    Metric,
    Operation,
    Purpose,
    Resource,
    Role,
    Split,
    Submission,
    SubmissionKind,
    SubmissionRejected,
    TableSchema,
    TextSchema,
    hookimpl,
)

ANOMED_API = 1

MIB = 2**20
PAIR = (ANONYMIZER, DEANONYMIZER, DATA_SPLIT)
STEPS = ("validate", "claiming", "evaluate", "recording", "recorded")
"""What happens to a submission, in this order."""

WRITES = {"INSERT INTO claims": "claiming", "INSERT INTO scores": "recording"}
"""Steps in the middle of a transaction, by the statement that they follow."""


class Order(IntEnum):
    """What an evaluation does before it returns the mean."""

    NOTHING = 0
    LOOP = 1
    LEAK = 2
    CRASH = 3
    LEAVE = 4
    SLEEP = 5
    RAISE = 6
    RETURN_NAN = 7
    LEAVE_A_CHILD = 8
    KILL_PARENT = 9
    REFUSE = 10


@attrs.frozen(kw_only=True)
class ProbeConfig:
    """Options of a probe challenge.

    Attributes
    ----------
    n_records
        Length of predictions and of the data.
    cheap
        Whether evaluations run in the web worker.
    stops
        Folder of files that stop steps; empty for none.
    marker
        A value that is in every row of the data.
    """

    n_records: int = attrs.field(default=10, validator=attrs.validators.ge(2))
    cheap: bool = True
    stops: str = ""
    marker: float = 0.5


@hookimpl
def anomed_challenge_types() -> list[ChallengeType]:
    return [ChallengeType(name="probe", title="Probe", config_class=ProbeConfig)]


@hookimpl
def anomed_create_challenge(config: ProbeConfig, context: CreationContext) -> ProbeConfig:
    context.freeze("numbers", f"{config.n_records}", lambda: {"X": np.arange(config.n_records)})
    if config.stops:
        _stop_in_transactions(config.stops)
    return config


TABLE = TableSchema(
    columns=[
        ColumnSchema(name="age", kinds=("int", "float"), low=0, high=120),
        ColumnSchema(name="city", kinds=("str",), nullable=True),
    ],
    max_rows=100_000,
)


@hookimpl
def anomed_data_products(challenge: Challenge) -> list[DataProduct]:
    X = ArraySchema(
        name="X", kinds=("float",), dtype="float64", shape=(challenge.definition.n_records,)
    )
    arrays = ArraysSchema(arrays=[X])
    both = {Role.ANONYMIZER, Role.DEANONYMIZER}
    return [
        DataProduct(path="/data/terms", audience={Role.PUBLIC}, schema=JSONSchema()),
        DataProduct(path="/data/both", audience=both, schema=arrays),
        DataProduct(path="/data/anonymizer/training", audience={Role.ANONYMIZER}, schema=arrays),
        DataProduct(path="/data/deanonymizer/known", audience={Role.DEANONYMIZER}, schema=arrays),
        DataProduct(path="/data/truth", audience={Role.ORGANISER}, schema=arrays),
        DataProduct(
            path="/data/pair",
            audience={Role.DEANONYMIZER},
            schema=arrays,
            static=False,
            parameters=PAIR,
        ),
    ]


@hookimpl
def anomed_provide_data(
    challenge: Challenge, product: DataProduct, request: DataRequest
) -> dict[str, Any]:
    if product.path == "/data/terms":
        return {"rows": challenge.definition.n_records}
    return {"X": np.full(challenge.definition.n_records, challenge.definition.marker)}


BUDGET = Account(name="budget", resources=[Resource(name="epsilon", limit="1e6", lapse="spent")])


@hookimpl
def anomed_operations(challenge: Challenge) -> list[Operation]:
    def mean(call: Call) -> dict[str, float]:
        values = call.target.submission.payload["prediction"]
        return {"mean": float(values.mean())}

    def longer(call: Call) -> dict[str, str]:
        if not call.payload["word"]:
            raise CallRejected("The word is empty; send a letter at least.")
        return {"word": call.payload["word"] + call.caller.role.value}

    word = {"type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"]}
    number = {"type": "object", "properties": {"mean": {"type": "number"}}, "required": ["mean"]}
    X = ArraySchema(name="X", kinds=("float",), shape=(None,), low=-1e12, high=1e12)
    both = {Role.ANONYMIZER, Role.DEANONYMIZER}
    return [
        Operation(
            name="mean",
            audience={Role.DEANONYMIZER},
            with_target=True,
            run=mean,
            answer=JSONSchema(schema=number),
            description="The mean of what an anonymizer has predicted.",
        ),
        Operation(
            name="longer",
            audience={*both, Role.PUBLIC},
            request=JSONSchema(schema=word),
            answer=JSONSchema(schema=word),
            run=longer,
            cheap=True,
            largest_request_bytes=1000,
            description="A longer word.",
        ),
        Operation(
            name="same",
            audience=both,
            request=ArraysSchema(arrays=[X]),
            answer=ArraysSchema(arrays=[X]),
            run=lambda call: call.payload,
            cheap=config_of(challenge).cheap,
            description="The same numbers.",
        ),
        Operation(
            name="spend",
            audience=both,
            request=JSONSchema(schema={"type": ["number", "string"]}),
            answer=JSONSchema(schema={"type": "integer"}),
            accounts=[BUDGET],
            price=lambda call: [Line(BUDGET, "epsilon", call.payload)],
            run=lambda call: call.number,
            cheap=config_of(challenge).cheap,
            description="Spend so much.",
        ),
        Operation(
            name="rows",
            audience=both,
            method="GET",
            answer=TABLE,
            run=lambda _: pa.table({"age": [30], "city": ["Kiel"]}),
            cheap=True,
            description="A row.",
        ),
    ]


def config_of(challenge: Challenge) -> ProbeConfig:
    config: ProbeConfig = challenge.definition
    return config


@hookimpl
def anomed_submission_kinds(challenge: Challenge) -> list[SubmissionKind]:
    config: ProbeConfig = challenge.definition
    prediction = ArraySchema(
        name="prediction", kinds=("float",), shape=(config.n_records,), low=-1e12, high=1e12
    )
    form = FormSchema(
        parts=[
            FormPart(name="anon_data", schema=TABLE),
            FormPart(
                name="anon_scheme",
                schema=TextSchema(choices=("same", "generalization")),
                required=False,
            ),
        ]
    )

    def kind(name: str, submitter: Role, schema: Any, **more: Any) -> SubmissionKind:
        purpose = Purpose.THREAT if submitter is Role.DEANONYMIZER else Purpose.UTILITY
        return SubmissionKind(
            name=name,
            path=f"/utility/{name}",
            submitter=submitter,
            purpose=purpose,
            schema=schema,
            cheap=config.cheap,
            **more,
        )

    arrays = ArraysSchema(arrays=[prediction])
    optional = tuple(attrs.evolve(parameter, required=False) for parameter in PAIR[:2])
    return [
        kind("anonymizer", Role.ANONYMIZER, arrays, parameters=(ANONYMIZER, DATA_SPLIT)),
        kind("deanonymizer", Role.DEANONYMIZER, arrays, parameters=PAIR),
        kind(
            "form",
            Role.ANONYMIZER,
            form,
            parameters=(ANONYMIZER,),
            default_split=Split.VALIDATION,
        ),
        kind(
            "table",
            Role.DEANONYMIZER,
            TABLE,
            parameters=optional,
            default_split=Split.TUNING,
        ),
    ]


@hookimpl
def anomed_metrics(challenge: Challenge) -> list[Metric]:
    names = ("anonymizer", "deanonymizer", "form", "table")
    return [Metric(name="mean", kind=name, primary=True) for name in names]


@hookimpl
def anomed_validate_submission(challenge: Challenge, submission: Submission) -> None:
    _stop_at("validate", challenge.definition.stops)
    if _order_of(submission) is Order.REFUSE:
        raise SubmissionRejected(f"{submission.payload['prediction'][1]} is not what we asked for.")


@hookimpl
def anomed_evaluate_utility(challenge: Challenge, submission: Submission) -> Mapping[str, float]:
    _stop_at("evaluate", challenge.definition.stops)
    order, values = _order_of(submission), _values(submission)
    _obey(order, float(values[1]))
    return {"mean": float("nan") if order is Order.RETURN_NAN else float(np.mean(values))}


@hookimpl
def anomed_evaluate_threat(challenge: Challenge, submission: Submission) -> Mapping[str, float]:
    return anomed_evaluate_utility(challenge, submission)


@hookimpl
def anomed_score_recorded(challenge: Challenge) -> None:
    _stop_at("recorded", challenge.definition.stops)


def _values(submission: Submission) -> np.ndarray:
    if submission.kind in {"anonymizer", "deanonymizer"}:
        values: np.ndarray = submission.payload["prediction"]
        return values
    table = submission.payload["anon_data"] if submission.kind == "form" else submission.payload
    return np.array([0.0, 0.0, float(table.num_rows)])


def _order_of(submission: Submission) -> Order:
    value = float(_values(submission)[0])
    return Order(int(value)) if value in set(Order) else Order.NOTHING


def _stop_in_transactions(stops: str) -> None:
    @sa.event.listens_for(sa.Engine, "after_cursor_execute")
    def stop(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        for beginning, step in WRITES.items():
            if statement.startswith(beginning):
                _stop_at(step, stops)


def _stop_at(step: str, folder: str) -> None:
    if not folder or not Path(folder, step).exists():
        return
    told = Path(folder, f"{step}-{os.getpid()}")
    told.touch()
    while Path(folder, step).exists():
        time.sleep(0.01)
    told.unlink(missing_ok=True)


def _obey(order: Order, argument: float) -> None:
    if order in _DEEDS:
        _DEEDS[order](argument)


def _loop(_: float) -> None:
    while True:
        pass


def _leak(_: float) -> None:
    hoard = []
    while True:
        hoard.append(bytearray(64 * MIB))


def _raise(_: float) -> None:
    raise ValueError("the evaluation has a bug")


def _leave_a_child(seconds: float) -> None:
    subprocess.Popen(["sleep", f"{seconds}"])
    os._exit(0)


def _kill_parent(_: float) -> None:
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(60)


_DEEDS: Mapping[Order, Callable[[float], None]] = {
    Order.LOOP: _loop,
    Order.LEAK: _leak,
    Order.CRASH: lambda _: os.kill(os.getpid(), signal.SIGSEGV),
    Order.LEAVE: lambda _: os._exit(0),
    Order.SLEEP: time.sleep,
    Order.RAISE: _raise,
    Order.LEAVE_A_CHILD: _leave_a_child,
    Order.KILL_PARENT: _kill_parent,
}
