"""The one interface of all attacks: fit on members and non-members, then score."""

from __future__ import annotations

from typing import ClassVar, Protocol, Self, runtime_checkable

import attrs
import numpy as np

from anomed_supervised_mia.attacks.arrays import FloatArray
from anomed_supervised_mia.attacks.signals import Signals


@runtime_checkable
class FittedAttack(Protocol):
    """An attack that is ready to tell members from non-members."""

    def score(self, signals: Signals) -> FloatArray:
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


@attrs.frozen(kw_only=True)
class ReadyAttack:
    """The base of attacks that learn nothing: each is its own fitted form, and adds a `score`."""

    learns: ClassVar[bool] = False

    def fit(
        self,
        members: Signals,  # noqa: ARG002  # the interface of all attacks
        non_members: Signals,  # noqa: ARG002
        *,
        rng: np.random.Generator,  # noqa: ARG002
    ) -> Self:
        """Return the attack itself, which is ready as it is."""
        return self
