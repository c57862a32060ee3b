"""The one interface of all attacks: fit on members and non-members, then score."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from anomed_supervised_mia.attacks.signals import Signals


@runtime_checkable
class FittedAttack(Protocol):
    """An attack that is ready to tell members from non-members."""

    def score(self, signals: Signals) -> npt.NDArray[np.float64]:
        """Score records, float64 (n_records,), finite; higher means more likely a member.

        Raises
        ------
        ValueError
            If the signals lack something that the attack looks at.
        """
        ...


@runtime_checkable
class Attack(Protocol):
    """A recipe of an attack: an immutable value that holds settings, and nothing learned."""

    @property
    def name(self) -> str:
        """The attack's name in tables, unique within the family."""
        ...

    @property
    def learns(self) -> bool:
        """Whether fitting looks at its records, so that scoring those needs `cross_fit`."""
        ...

    def fit(
        self, members: Signals, non_members: Signals, *, rng: np.random.Generator
    ) -> FittedAttack:
        """Learn from records whose membership is known.

        Raises
        ------
        ValueError
            If the signals lack something that the attack looks at, or are too few to learn from.
        """
        ...
