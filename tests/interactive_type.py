"""A type whose operations a test gives, and a type that is played by asking."""

from __future__ import annotations

from typing import Any

from anomed_core import Challenge, ChallengeType, CreationContext, Operation, hookimpl
from tests.example_types import GuessingConfig


class Asked:
    """A type that answers calls and does nothing else.

    Parameters
    ----------
    operations
        What it declares.
    name
        Slug of the type.
    """

    ANOMED_API = 1

    def __init__(self, *operations: Operation, name: str = "asked") -> None:
        self.operations = operations
        self.name = name

    @hookimpl
    def anomed_challenge_types(self) -> list[ChallengeType]:
        return [ChallengeType(name=self.name, description="Ask.", config_class=GuessingConfig)]

    @hookimpl
    def anomed_create_challenge(self, context: CreationContext) -> Any:
        return {"secret": 42}

    @hookimpl
    def anomed_operations(self, challenge: Challenge) -> list[Operation]:
        return list(self.operations)
