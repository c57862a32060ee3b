"""What a delivery knows besides the score."""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class DeliveryContext:
    """Facts about one delivery.

    Attributes
    ----------
    idempotency_key
        The same text each time the same score is delivered.
    attempt
        Number of this try, from 1.
    timeout_s
        Seconds a request to the platform may take.
    """

    idempotency_key: str
    attempt: int = 1
    timeout_s: float = 10.0
