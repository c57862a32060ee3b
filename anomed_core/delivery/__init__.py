"""The delivery worker: reports recorded scores to platforms, from the outbox."""
