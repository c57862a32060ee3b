"""The delivery worker: reports recorded scores to platforms, from the outbox."""

from anomed_core.delivery.context import DeliveryContext

__all__ = ["DeliveryContext"]
