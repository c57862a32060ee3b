"""What Lomas' clients ask: metadata, dummy rows, costs, queries, budgets and history."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any

from anomed_core import (
    Account,
    Call,
    CallRejected,
    JSONSchema,
    Line,
    Operation,
)
from anomed_dp_query.challenge import queries
from anomed_dp_query.challenge.accounts import account_name, accounts
from anomed_dp_query.challenge.arena import Arena
from anomed_dp_query.challenge.protocols import PREFIX, USER, as_epsilon, routes_of
from anomed_dp_query.libraries.library import QueryRefused, RunFailed
from anomed_dp_query.lomas import documents, words
from anomed_dp_query.lomas.requests import missing_fields
from anomed_dp_query.lomas.words import LIBRARIES, LomasError
from anomed_dp_query.metadata import csvw_document, smartnoise_document
from anomed_dp_query.metadata.dummy import LARGEST_SEED, MOST_ROWS, dummy_rows

_NO_LIMIT = Decimal(1_000_000_000)
_STATE = ["Startup event", "Startup completed", "LIVE"]
_MESSAGES = [
    "Loading config",
    "Loading admin database",
    "Startup completed",
    "Server start condition OK",
]


# --- what is asked --------------------------------------------------------------------------------


def lomas_operations(arena: Arena) -> list[Operation]:
    """Declare Lomas' routes: metadata, dummy rows, budgets, history, and each library's."""
    declared = [
        _get(arena, "state", _state),
        _get(arena, "live", lambda _arena, _call: {"status": "alive"}),
        _free(arena, "get_dataset_metadata", _metadata),
        _free(arena, "get_dummy_dataset", _dummy, example={"dummy_nb_rows": 10, "dummy_seed": 0}),
        _free(arena, "get_initial_budget", partial(_budget, "initial")),
        _free(arena, "get_total_spent_budget", partial(_budget, "total_spent")),
        _free(arena, "get_remaining_budget", partial(_budget, "remaining")),
        _free(arena, "get_previous_queries", _history, with_transcript=True),
    ]
    there = queries.offered(arena)
    for name, spelt in LIBRARIES.items():
        if name not in there:
            continue
        estimate, query, dummy = routes_of(spelt)
        example = _example(arena, name)
        shown = {"dummy_nb_rows": 10, "dummy_seed": 0, **example}
        declared += [
            _free(arena, estimate, partial(_cost, name), example=example),
            _free(arena, dummy, partial(_dummy_query, name), example=shown),
            _paid(arena, query, name, example=example),
        ]
    return declared


def _operation(
    arena: Arena, route: str, run: Callable[[Arena, Call], Any], **options: Any
) -> Operation:
    return Operation(
        name=f"lomas-{route}",
        path=f"{PREFIX}/{route}",
        run=partial(run, arena),
        cheap=True,
        parameters=[USER],
        description=f"{route} of Lomas.",
        **options,
    )


def _get(arena: Arena, route: str, run: Callable[[Arena, Call], Any]) -> Operation:
    return _operation(arena, route, run, audience="public", method="GET")


def _request(arena: Arena, example: Mapping[str, Any]) -> JSONSchema:
    name = next(iter(arena.datasets))
    return JSONSchema(schema={"type": "object", "examples": [{"dataset_name": name, **example}]})


def _free(
    arena: Arena,
    route: str,
    run: Callable[[Arena, Call], Any],
    *,
    example: Mapping[str, Any] | None = None,
    **options: Any,
) -> Operation:
    return _operation(
        arena,
        route,
        run,
        audience="anonymizer",
        request=_request(arena, example or {}),
        with_holdings=True,
        **options,
    )


def _paid(arena: Arena, route: str, library: str, *, example: Mapping[str, Any]) -> Operation:
    own: list[Account] = accounts(arena)
    return _operation(
        arena,
        route,
        partial(_query, library),
        audience="anonymizer",
        request=_request(arena, example),
        with_holdings=True,
        accounts=own,
        price=partial(_price, arena, library),
    )


def _example(arena: Arena, library: str) -> dict[str, Any]:
    """Return a question that any table can be asked."""
    if library == "opendp":
        columns = next(iter(arena.datasets.values())).metadata.names
        spoken = dict.fromkeys(("fixed_delta", "epsilon", "delta", "rho"))
        return {"opendp_json": json.dumps(_counting(list(columns))), **spoken}
    if library == "smartnoise-sql":
        return {
            "query_str": "SELECT COUNT(*) AS n FROM df",
            "epsilon": 0.1,
            "delta": 0.0,
            "mechanisms": {"count": "laplace"},
            "postprocess": True,
        }
    return {}


def _counting(columns: list[str]) -> dict[str, Any]:
    def made(module: str, func: str, **kwargs: Any) -> dict[str, Any]:
        return {"_type": "constructor", "module": module, "func": func, "kwargs": kwargs}

    names = {"_type": "list", "_items": columns}
    steps = [
        made("transformations", "make_split_dataframe", separator=",", col_names=names),
        made("transformations", "make_select_column", key=columns[0], TOA="String"),
        made("transformations", "then_count"),
        made("measurements", "then_laplace", scale=10.0),
    ]
    chain = steps[0]
    for step in steps[1:]:
        chain = {"_type": "partial_chain", "lhs": chain, "rhs": step}
    return {"version": "0.10.0", "ast": chain}


def _state(_: Arena, call: Call) -> dict[str, Any]:
    return {
        "requested_by": call.parameters.get(USER.name),
        "state": {"state": _STATE, "message": _MESSAGES, "LIVE": True},
    }


# --- who asks about what --------------------------------------------------------------------------


def _is_newer(call: Call) -> bool:
    return USER.name not in call.parameters


def _name(call: Call) -> str:
    return call.parameters.get(USER.name, call.caller.id)


def _reject(error: LomasError) -> CallRejected:
    return CallRejected(error.message, details=error.details())


def _invalid(sentence: str) -> CallRejected:
    return _reject(LomasError(type=words.INVALID, message=sentence))


def _dataset(arena: Arena, call: Call) -> str:
    """Return the dataset that is asked, to which the caller has access."""
    name = call.payload.get("dataset_name")
    if not isinstance(name, str) or not name:
        raise _invalid("dataset_name is missing; send the name of a dataset as a text.")
    shown = name[:80]
    is_strict = arena.config.strict_lomas and not _is_newer(call)
    if name not in arena.datasets:
        # whoever may not ask one must not learn whether it is there
        unknown = words.unknown_dataset(shown) if is_strict else words.no_access(_name(call), shown)
        raise _reject(unknown)
    account = account_name(name)
    own = [one for one in call.holdings if one.account == account]
    if not any(one.limit is None or one.limit > 0 for one in own):
        raise _reject(words.no_access(_name(call), shown))
    return name


def _whole(call: Call, key: str, low: int, high: int) -> int:
    value = call.payload.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise _invalid(f"{key} must be a whole number from {low} to {high}, got {value!r:.80}.")
    return value


# --- what is answered -----------------------------------------------------------------------------


def _metadata(arena: Arena, call: Call) -> dict[str, Any]:
    metadata = arena.datasets[_dataset(arena, call)].metadata
    return csvw_document(metadata) if _is_newer(call) else smartnoise_document(metadata)


def _made_up(arena: Arena, call: Call, dataset: str) -> Any:
    n_rows = _whole(call, "dummy_nb_rows", 1, MOST_ROWS)
    seed = _whole(call, "dummy_seed", 0, LARGEST_SEED)
    return dummy_rows(arena.datasets[dataset].metadata, n_rows, seed)


def _dummy(arena: Arena, call: Call) -> dict[str, Any]:
    dataset = _dataset(arena, call)
    frame = _made_up(arena, call, dataset)
    metadata = arena.datasets[dataset].metadata
    return documents.dummy_document(frame, metadata, newer=_is_newer(call))


def _budget(which: str, arena: Arena, call: Call) -> dict[str, float]:
    account = account_name(_dataset(arena, call))
    own = {one.resource: one for one in call.holdings if one.account == account}
    limits = {name: _NO_LIMIT if one.limit is None else one.limit for name, one in own.items()}
    amounts = {
        "initial": limits,
        "total_spent": {name: one.spent + one.reserved for name, one in own.items()},
        "remaining": {
            name: limits[name] if one.remaining is None else one.remaining
            for name, one in own.items()
        },
    }
    epsilon, delta = as_epsilon(arena, amounts[which], down=which == "remaining")
    return {f"{which}_epsilon": epsilon, f"{which}_delta": delta}


def _history(arena: Arena, call: Call) -> dict[str, Any]:
    dataset = _dataset(arena, call)
    by_operation = {f"lomas-{spelt}_query": name for name, spelt in LIBRARIES.items()}
    past = [
        documents.PastQuery(
            library=by_operation[one.operation],
            request=one.request,
            answer=one.answer,
            at=one.at,
            newer=USER.name not in one.parameters,
        )
        for one in call.transcript
        if one.operation in by_operation and one.at and one.answer is not None and one.request
    ]
    return documents.history_document(
        past, dataset=dataset, user=_name(call), newer=_is_newer(call)
    )


def _priced(arena: Arena, library: str, call: Call) -> queries.Priced:
    dataset = _dataset(arena, call)
    is_query = call.operation.endswith("_query")
    missing = missing_fields(library, call.payload, newer=_is_newer(call), is_query=is_query)
    if missing:
        raise _invalid(f"{missing[0]} is missing; send it, as null where it says nothing.")
    body = queries.with_exact_numbers(call.payload)
    try:
        return queries.price_of(arena, dataset, library, body)
    except QueryRefused as error:
        kind = words.EXTERNAL if error.library else words.INVALID
        spelt = LIBRARIES.get(error.library, error.library)
        raise _reject(LomasError(type=kind, message=str(error), library=spelt)) from error


def _price(arena: Arena, library: str, call: Call) -> list[Line]:
    return list(_priced(arena, library, call).lines)


def _cost_of(priced: queries.Priced) -> dict[str, float]:
    return {"epsilon": float(priced.price.epsilon), "delta": float(priced.price.delta)}


def _cost(library: str, arena: Arena, call: Call) -> dict[str, float]:
    return _cost_of(_priced(arena, library, call))


def _query(library: str, arena: Arena, call: Call) -> dict[str, Any]:
    """Answer a query on the grid: neither its time nor a failure tells of the rows."""
    priced = _priced(arena, library, call)
    call.begin()
    began = time.monotonic()
    try:
        released = queries.run(arena, priced)
    except RunFailed as error:
        queries.wait_for_grid(arena, began)
        raise RuntimeError(words.AFTERWARDS) from error
    queries.wait_for_grid(arena, began)
    return documents.query_document(
        released.kind, released.result, requested_by=_name(call), **_cost_of(priced)
    )


def _dummy_query(library: str, arena: Arena, call: Call) -> dict[str, Any]:
    """Answer a query from dummy rows, for nothing; what fails there says why."""
    priced = _priced(arena, library, call)
    frame = _made_up(arena, call, priced.dataset)
    try:
        released = queries.run(arena, priced, frame)
    except RunFailed as error:
        raise _invalid(f"The query fails on dummy rows: {error}") from error
    return documents.query_document(
        released.kind, released.result, requested_by=_name(call), **_cost_of(priced)
    )
