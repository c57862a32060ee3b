"""Operations: what participants may ask, and how it is answered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from anomed_core.hookspecs._markers import hookspec

if TYPE_CHECKING:
    from anomed_core.model import Challenge, Operation


@hookspec
def anomed_operations(challenge: Challenge) -> Iterable[Operation]:  # type: ignore[empty-body]
    """Declare what participants may call.

    Called once per challenge and process, after creation; owner and extensions. Routes, OpenAPI,
    roles and limits are derived from the answer, as they are for products and submission kinds.
    Whoever declares an operation answers it, by the function that it declares. Two operations of
    one name, or two declarations on one path, are an error naming both. If it raises, the server
    refuses to start; if an operation's own function raises anything but `CallRejected`, it is our
    fault.

    Returns
    -------
    iterable of Operation
        In the order in which they are listed, the owner's first.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from anomed_core import CallRejected, JSONSchema, Operation, hookimpl
    >>> @hookimpl
    ... def anomed_operations(challenge):
    ...     def compare(call):
    ...         if call.payload % 2:
    ...             raise CallRejected("Only even numbers are compared.")
    ...         return {"larger": challenge.definition > call.payload}
    ...     number = JSONSchema(schema={"type": "integer", "examples": [50]})
    ...     return [
    ...         Operation.of(
    ...             compare,
    ...             audience="anonymizer",
    ...             request=number,
    ...             description="Whether the secret number is larger.",
    ...         )
    ...     ]
    >>> (operation,) = anomed_operations(SimpleNamespace(definition=42))
    >>> operation.run(SimpleNamespace(payload=50))
    {'larger': False}
    """
