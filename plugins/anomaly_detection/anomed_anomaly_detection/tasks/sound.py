"""When a task is worth posing."""

from __future__ import annotations

from dataclasses import dataclass


class UnsoundTaskError(ValueError):
    """A task was built, and measured not to be worth posing."""


@dataclass(frozen=True, kw_only=True)
class Floors:
    """What a backdoored model must reach.

    Attributes
    ----------
    clean_accuracy
        On clean inputs.
    success
        Share of the inputs of other classes that are right without the trigger and the target with
        it; below 0 for the default, 0.6 where targets go in a cycle, 0 with clean labels, else 0.8.
    """

    clean_accuracy: float = 0.8
    success: float = -1.0

    def least_success(self, behavior: str) -> float:
        """Return the floor of the success for a behaviour."""
        if self.success >= 0:
            return self.success
        return {"cycle": 0.6, "clean-label": 0.0}.get(behavior, 0.8)

    def check(self, *, clean_accuracy: float, success: float, behavior: str) -> None:
        """Check what was measured.

        Raises
        ------
        UnsoundTaskError
            With the measured numbers and the floors.
        """
        least = self.least_success(behavior)
        if clean_accuracy < self.clean_accuracy or success < least:
            raise UnsoundTaskError(
                f"the backdoored model has a clean accuracy of {clean_accuracy:.3f} and a success "
                f"of {success:.3f}; it must reach {self.clean_accuracy} and {least}: poison a "
                "larger share, train longer, choose a stronger trigger, or lower the floors"
            )
