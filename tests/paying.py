"""Operations that cost something, and somebody who calls them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from falcon.testing import Result, TestClient

from anomed_core import (
    Account,
    Call,
    JSONSchema,
    Line,
    Operation,
    Resource,
)
from anomed_core.service.server import Server
from anomed_core.web import create_web_app

PRIVACY = Account(name="privacy", resources=[Resource(name="epsilon", limit="0.3", lapse="spent")])
QUESTIONS = Account(name="questions", resources=[Resource(name="question", limit=2)])
EVERYBODY = Account(name="everybody", resources=[Resource(name="question", limit=3)], shared=True)
ONE = Line(QUESTIONS, "question", 1)
NUMBER = JSONSchema(schema={"type": ["number", "string"]})


class World:
    """A server, and somebody who calls its operations."""

    def __init__(self, server: Server, challenge: str = "asked") -> None:
        self.server = server
        self.challenge = challenge
        self.client = TestClient(create_web_app(server))

    def call(self, name: str = "ask", body: Any = None, *, who: str = "anonymizer=a") -> Result:
        return self.client.simulate_post(f"/operations/{name}?{who}", body=json.dumps(body))

    def balance(self, account: str = "questions", *, who: str = "anonymizer=a") -> dict[str, Any]:
        told = self.client.simulate_get(f"/accounts?{who}").json["accounts"]
        (found,) = [one for one in told if one["name"] == account]
        (resource,) = found["resources"]
        return {"state": found["state"], **resource}

    def stands(self, account: str = "questions", *, who: str = "anonymizer=a") -> tuple[str, ...]:
        balance = self.balance(account, who=who)
        return balance["reserved"], balance["spent"], balance["remaining"]


def operation(run: Callable[[Call], Any] = lambda call: "told", **options: Any) -> Operation:
    facts = {
        "name": "ask",
        "audience": "anonymizer",
        "accounts": [QUESTIONS],
        "price": [ONE],
        "run": run,
        "cheap": True,
    }
    return Operation(**(facts | options))


def for_epsilon(run: Callable[[Call], Any] = lambda call: "told", **options: Any) -> Operation:
    """Declare an operation that costs what is sent."""
    facts = {
        "request": NUMBER,
        "accounts": [PRIVACY],
        "price": lambda call: [Line(PRIVACY, "epsilon", call.payload)],
    }
    return operation(run, **(facts | options))


Serve = Callable[..., World]
