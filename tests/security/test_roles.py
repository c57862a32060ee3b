"""Who gets what: every route, every method and every role, derived from what is declared."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import anomed_supervised_mia.plugin as supervised_mia
import attrs
import numpy as np
import pytest
from anomed_supervised_mia.config import SupervisedMIAConfig
from falcon.testing import TestClient

from anomed_core import ChallengeSpec, Role, ServerSettings, Split
from anomed_core.config.structuring import structure
from anomed_core.ledger import EVERY_CHALLENGE, Identity
from anomed_core.model import ArraySchema, ArraysSchema, FormSchema, SubmissionKind, TableSchema
from anomed_core.plugins import build_registry
from anomed_core.service.house import House, open_house
from anomed_core.web import create_web_app
from anomed_core.wire import encode_npz, encode_parquet
from tests.faults import probe
from tests.faults.hostile_bodies import multipart

IDS = {"anonymizer": "alice", "deanonymizer": "eve"}
"""Whose ids stand in every query."""

OK, CREATED, UNKNOWN, FORBIDDEN, NOT_FOUND, NO_METHOD = 200, 201, 401, 403, 404, 405


@attrs.frozen
class Caller:
    """Somebody who asks; `is_named` if it is whom the query names."""

    name: str
    role: Role | None = None
    is_named: bool = False
    is_foreign: bool = False
    is_refused: bool = False


CALLERS = [
    Caller("public"),
    Caller("anonymizer", Role.ANONYMIZER, is_named=True),
    Caller("deanonymizer", Role.DEANONYMIZER, is_named=True),
    Caller("other anonymizer", Role.ANONYMIZER),
    Caller("other deanonymizer", Role.DEANONYMIZER),
    Caller("organiser of all", Role.ORGANISER),
    Caller("organiser", Role.ORGANISER),
    Caller("foreign anonymizer", Role.ANONYMIZER, is_named=True, is_foreign=True),
    Caller("foreign deanonymizer", Role.DEANONYMIZER, is_named=True, is_foreign=True),
    Caller("foreign organiser", Role.ORGANISER, is_foreign=True),
    Caller("revoked anonymizer", is_refused=True),
    Caller("revoked organiser", is_refused=True),
    Caller("liar", is_refused=True),
]


def identity_of(caller: Caller) -> Identity | None:
    """Return what a caller's token says."""
    role = Role(caller.name.split()[1]) if caller.name.startswith("revoked") else caller.role
    if role is None:
        return None
    is_named = caller.is_named or caller.is_refused
    holder = IDS.get(role.value, "olga") if is_named else f"not-{IDS.get(role.value, 'olga')}"
    challenge = "elsewhere" if caller.is_foreign else "tried"
    if caller.name == "organiser of all":
        challenge = EVERY_CHALLENGE
    return Identity(role=role, holder=holder, challenge=challenge)


TYPES: Mapping[str, tuple[Any, str, Callable[[], Any]]] = {
    "probe": (probe, "probe", probe.ProbeConfig),
    "supervised-mia": (
        supervised_mia,
        "supervised-mia",
        lambda: structure(
            {"data": {"source": "sklearn:iris"}, "mia_evaluation_dataset_length": 5},
            SupervisedMIAConfig,
            key="challenges.tried",
        ),
    ),
}


@pytest.fixture(scope="module", params=TYPES)
def house(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    plugin, name, config = TYPES[request.param]
    registry = build_registry(discover=False)
    registry.add(plugin, name=name)
    house = open_house(
        [ChallengeSpec(id="tried", type=name, config=config())],
        registry=registry,
        settings=ServerSettings(state=tmp_path_factory.mktemp("state"), auth="tokens"),
        environment={},
    )
    yield house
    house.close()


@pytest.fixture(scope="module")
def client(house: House) -> TestClient:
    return TestClient(create_web_app(house))


@pytest.fixture(scope="module")
def tokens(house: House) -> dict[str, str]:
    tokens = {"liar": "anomed-" + "0" * 32 + "-" + "0" * 64}
    for caller in CALLERS:
        identity = identity_of(caller)
        if identity is not None:
            tokens[caller.name] = house.tokens.create(identity)
        if caller.name.startswith("revoked"):
            assert house.tokens.revoke(tokens[caller.name].split("-")[1])
    return tokens


# --- what is asked --------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Request:
    """One request, and who is to get what."""

    method: str
    target: str
    expected: Callable[[Caller], int]
    body: bytes = b""
    content_type: str = "application/octet-stream"

    def __str__(self) -> str:
        return f"{self.method} {self.target}"


def everybody(status: int) -> Callable[[Caller], int]:
    """Let everybody have it whose credentials are not wrong."""
    return lambda caller: UNKNOWN if caller.is_refused else status


def known_here(decide: Callable[[Caller], int]) -> Callable[[Caller], int]:
    """Want a token of this challenge before anything is decided."""

    def expected(caller: Caller) -> int:
        if caller.is_refused or caller.role is None:
            return UNKNOWN
        return FORBIDDEN if caller.is_foreign else decide(caller)

    return expected


def readers(audience: frozenset[Role], *, names_ids: bool) -> Callable[[Caller], int]:
    """Let an audience read, under its own ids where the product depends on ids."""
    if Role.PUBLIC in audience:
        return everybody(OK)

    def decide(caller: Caller) -> int:
        if caller.role is Role.ORGANISER:
            return OK
        return OK if caller.role in audience and (caller.is_named or not names_ids) else FORBIDDEN

    return known_here(decide)


def submitters(kind: SubmissionKind) -> Callable[[Caller], int]:
    return known_here(
        lambda caller: CREATED if caller.role is kind.submitter and caller.is_named else FORBIDDEN
    )


def owners(role: Role, found: int = OK) -> Callable[[Caller], int]:
    """Let the named participant of a role see its own, and the organiser everything."""
    return known_here(
        lambda caller: (
            found
            if caller.role is Role.ORGANISER or (caller.role is role and caller.is_named)
            else FORBIDDEN
        )
    )


def array_for(schema: ArraySchema) -> np.ndarray:
    """Return an array that the schema takes."""
    shape = tuple(1 if length is None else length for length in schema.shape)
    dtypes = {"bool": bool, "int": np.int64, "float": np.float64, "str": "U1", "bytes": "S1"}
    return np.full(shape, schema.low or 0).astype(dtypes[schema.kinds[0]])


def table_for(schema: TableSchema) -> bytes:
    import pandas as pd

    examples: dict[str, Any] = {"bool": True, "int": 1, "float": 1.0, "str": "x"}
    n_rows = max(1, schema.min_rows)
    return encode_parquet(
        pd.DataFrame({c.name: [examples[c.kinds[0]]] * n_rows for c in schema.columns})
    )


def body_for(kind: SubmissionKind) -> tuple[bytes, str]:
    """Return a body that a kind takes for tuning, or else for its final."""
    split = Split.TUNING if Split.TUNING in kind.splits else Split.VALIDATION
    schema = kind.schema_for(split)
    plain = "application/octet-stream"
    if isinstance(schema, ArraysSchema):
        return encode_npz({array.name: array_for(array) for array in schema.arrays}), plain
    if isinstance(schema, TableSchema):
        return table_for(schema), plain
    assert isinstance(schema, FormSchema)
    tables = [part for part in schema.parts if isinstance(part.schema, TableSchema)]
    return multipart(*((part.name, table_for(part.schema)) for part in tables))


def query_for(parameters: Any, split: str = "tuning") -> str:
    values = {**IDS, "data_split": split}
    return "&".join(f"{p.name}={values[p.name]}" for p in parameters if p.name in values)


def requests_of(house: House) -> list[Request]:
    """Return every request that the declarations make possible."""
    (hosted,) = house.challenges.values()
    requests = []
    assert not hosted.extra_routes, "a plugin's own routes are its own business"
    for base in ("", "/challenges/tried"):
        for product in hosted.products.values():
            target = f"{base}{product.path}?{query_for(product.parameters)}"
            expected = readers(product.audience, names_ids=bool(product.parameters))
            requests += [
                Request(method=method, target=target, expected=expected)
                for method in ("GET", "HEAD")
            ]
            requests += refused_methods(target, "POST", "PUT", "DELETE", "PATCH")
        for kind in hosted.kinds:
            target = f"{base}{kind.path}?{query_for(kind.parameters)}"
            body, content_type = body_for(kind)
            requests.append(
                Request(
                    method="POST",
                    target=target,
                    expected=submitters(kind),
                    body=body,
                    content_type=content_type,
                )
            )
            requests += refused_methods(target, "GET", "HEAD", "PUT", "DELETE", "PATCH")
        requests += core_requests(base)
    return requests


def refused_methods(target: str, *methods: str) -> list[Request]:
    refused = [Request(method=m, target=target, expected=everybody(NO_METHOD)) for m in methods]
    return [*refused, Request(method="OPTIONS", target=target, expected=everybody(OK))]


def core_requests(base: str) -> list[Request]:
    """Return the core's own routes of a challenge, and once those of the server."""
    about_alice = owners(Role.ANONYMIZER)
    about_eve = owners(Role.DEANONYMIZER)
    organiser = known_here(lambda caller: OK if caller.role is Role.ORGANISER else FORBIDDEN)
    nobody = known_here(lambda caller: NOT_FOUND if caller.role is Role.ORGANISER else FORBIDDEN)
    expectations = {
        f"{base}/challenge.json": everybody(OK),
        f"{base}/openapi.json": everybody(OK),
        f"{base}/scores/ALICE": about_alice,
        f"{base}/scores/EVE": about_eve,
        f"{base}/scores/999999": nobody,
        f"{base}/attempts?anonymizer=alice": attempts_of_alice,
        f"{base}/attempts?anonymizer=alice&deanonymizer=eve": attempts_of_eve,
    }
    if not base:
        expectations |= {
            "/": everybody(OK),
            "/livez": everybody(OK),
            "/readyz": everybody(OK),
            "/metrics": organiser,
            "/nothing": everybody(NOT_FOUND),
        }
    requests = []
    for target, expected in expectations.items():
        requests += [
            Request(method=method, target=target, expected=expected) for method in ("GET", "HEAD")
        ]
        if target != "/nothing":
            requests += refused_methods(target, "POST", "DELETE")
    return requests


def attempts_of_alice(caller: Caller) -> int:
    """Let a deanonymizer see its own attempts on alice: its token completes the query."""
    if caller.role is Role.DEANONYMIZER and not caller.is_foreign:
        return OK
    return owners(Role.ANONYMIZER)(caller)


attempts_of_eve = owners(Role.DEANONYMIZER)


# --- the table ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def recorded(house: House, client: TestClient, tokens: dict[str, str]) -> dict[str, str]:
    """Let alice and eve score once; return the numbers of their scores."""
    numbers = {}
    for name in ("anonymizer", "deanonymizer"):
        (hosted,) = house.challenges.values()
        kind = hosted.kind(name)
        body, content_type = body_for(kind)
        answer = client.simulate_post(
            f"{kind.path}?{query_for(kind.parameters)}",
            body=body,
            headers={"Authorization": f"Bearer {tokens[name]}", "Content-Type": content_type},
        )
        assert answer.status_code == CREATED, answer.text
        numbers[IDS[name].upper()] = answer.headers["location"].rsplit("/", 1)[1]
    return numbers


def answers(
    client: TestClient, request: Request, caller: Caller, tokens: dict[str, str], target: str
) -> int:
    headers = {"Content-Type": request.content_type} if request.body else {}
    if caller.name in tokens:
        headers["Authorization"] = f"Bearer {tokens[caller.name]}"
    path, _, query = target.partition("?")
    status: int = client.simulate_request(
        request.method, path, query_string=query, body=request.body, headers=headers
    ).status_code
    return status


def test_every_role_gets_what_the_table_says(
    house: House, client: TestClient, tokens: dict[str, str], recorded: dict[str, str]
) -> None:
    wrong, tried = [], set()
    for request in requests_of(house):
        target = request.target
        for name, number in recorded.items():
            target = target.replace(name, number)
        for caller in CALLERS:
            status = answers(client, request, caller, tokens, target)
            expected = request.expected(caller)
            if expected == CREATED and status == 409:  # its final was scored under the other path
                status = CREATED
            tried.add((request.method, expected))
            if status != expected:
                wrong.append(f"{caller.name}: {request} is {status} instead of {expected}")
    assert not wrong, "\n".join(wrong)
    assert {("GET", s) for s in (OK, UNKNOWN, FORBIDDEN)} <= tried
    assert {("HEAD", s) for s in (OK, UNKNOWN, FORBIDDEN)} <= tried
    assert {("POST", s) for s in (CREATED, UNKNOWN, FORBIDDEN)} <= tried
