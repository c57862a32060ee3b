"""Archived calls as people and programs are told them."""

from __future__ import annotations

from typing import Any

from anomed_core.ledger import Entry, KeptBody
from anomed_core.ledger.archive import STORE
from anomed_core.model import amount_text
from anomed_core.state.filed_bodies import FiledBodies


def content_of(bodies: FiledBodies, entry: Entry, body: KeptBody) -> bytes | None:
    """Return a body of an entry; ``None`` if there was none, or it is kept no longer.

    Parameters
    ----------
    bodies
        What is too large for rows, or no JSON.
    entry
        The call.
    body
        Its request or its answer.
    """
    if body.text is not None:
        return body.text.encode()
    if body.place != STORE:
        return None
    try:
        found = bodies.read(str(entry.claim), body.digest, is_form=False)
    except FileNotFoundError:
        return None
    return found if isinstance(found, bytes) else None


def entry_as_json(entry: Entry) -> dict[str, Any]:
    """Return an entry as JSON values; its bodies are told by their digests."""
    subject = entry.subject
    return {
        "id": entry.id,
        "claim": entry.claim,
        "operation": entry.operation,
        "role": subject.role.value if subject else "public",
        "anonymizer": subject.anonymizer if subject else "",
        "deanonymizer": subject.deanonymizer if subject else "",
        "parameters": dict(entry.parameters),
        "outcome": entry.outcome,
        "lines": [
            {"account": line.account, "resource": line.resource, "amount": amount_text(line.amount)}
            for line in entry.lines
        ],
        "request": _body_as_json(entry.request),
        "answer": _body_as_json(entry.answer),
        "recorded_at": entry.recorded_at.isoformat(),
    }


def _body_as_json(body: KeptBody) -> dict[str, Any] | None:
    if not body.digest:
        return None
    return {"media_type": body.media_type, "digest": body.digest, "bytes": body.size_bytes}
