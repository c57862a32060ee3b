"""What analysts ask in the challenge's own words: a price, and a query."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from anomed_core import Call, CallRejected, JSONSchema, Line, Operation
from anomed_dp_query.challenge import queries
from anomed_dp_query.challenge.accounts import accounts, has_access
from anomed_dp_query.challenge.arena import Arena
from anomed_dp_query.challenge.lomas_calls import lomas_operations
from anomed_dp_query.libraries.counts import NAME as COUNTS
from anomed_dp_query.libraries.library import QueryRefused, RunFailed

_FAILED = "The query failed after its price was paid; it is spent, and no more can be told."


def operations(arena: Arena) -> list[Operation]:
    """Declare ``/price``, which is free, and ``/query``, which is paid."""
    request = JSONSchema(schema=_schema(arena))

    def price(call: Call) -> Any:
        """Tell what a query would cost, part by part, and of which accounts it would be taken."""
        return _told(_priced(arena, call))

    def price_lines(call: Call) -> list[Line]:
        return list(_priced(arena, call).lines)

    def query(call: Call) -> Any:
        """Answer a query, with the noise that its price pays for."""
        priced = _priced(arena, call)
        call.begin()
        began = time.monotonic()
        try:
            released = queries.run(arena, priced)
        except RunFailed as error:
            queries.wait_for_grid(arena, began)
            raise RuntimeError(_FAILED) from error
        queries.wait_for_grid(arena, began)
        return {**_told(priced), "kind": released.kind, "result": dict(released.result)}

    asked: dict[str, Any] = {
        "audience": "anonymizer",
        "request": request,
        "answer": JSONSchema(schema=_ANSWER),
    }
    return [
        Operation.of(price, path="/price", cheap=True, **asked),
        Operation.of(query, path="/query", accounts=accounts(arena), price=price_lines, **asked),
        *lomas_operations(arena),
    ]


_ANSWER = {"type": "object", "required": ["dataset", "library", "price", "lines"]}


def _schema(arena: Arena) -> dict[str, Any]:
    names, libraries = list(arena.datasets), list(queries.offered(arena))
    example = {"dataset": names[0], "library": COUNTS, "query": {"epsilon": "0.1"}}
    return {
        "type": "object",
        "required": ["dataset", "library", "query"],
        "properties": {
            "dataset": {"enum": names},
            "library": {"enum": libraries},
            "query": {"type": "object"},
        },
        "additionalProperties": False,
        "examples": [example],
    }


def _priced(arena: Arena, call: Call) -> queries.Priced:
    asked = call.payload
    if not has_access(arena, asked["dataset"], call.caller.id):
        raise CallRejected(
            f"You were granted nothing of {asked['dataset']!r}; ask the organiser for a budget."
        )
    body = queries.with_exact_numbers(asked["query"])
    try:
        return queries.price_of(arena, asked["dataset"], asked["library"], body)
    except QueryRefused as error:
        raise CallRejected(_as_sentence(str(error))) from error


def _as_sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _told(priced: queries.Priced) -> Mapping[str, Any]:
    return {
        "dataset": priced.dataset,
        "library": priced.library.name,
        "price": priced.price.document(),
        "lines": [
            {"account": line.account, "resource": line.resource, "amount": f"{line.amount:f}"}
            for line in priced.lines
        ],
    }
