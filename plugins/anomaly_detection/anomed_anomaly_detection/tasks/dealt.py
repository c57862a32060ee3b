"""The tests of a contest: what is drawn so that nothing but the mechanism tells inputs apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from anomed_anomaly_detection.dealing import (
    Decoy,
    Drawn,
    TooFewRecordsError,
    Triggered,
    decoy_of,
    draw_mix,
    draw_test,
)
from anomed_anomaly_detection.interface import Batch, DrawnTrigger, LabelledPools, Model
from anomed_anomaly_detection.tasks.poisoning import Aim
from anomed_anomaly_detection.tasks.sound import UnsoundTaskError
from anomed_anomaly_detection.triggers import Formula

Array = NDArray[Any]


def decoy_for(drawn: DrawnTrigger, pools: LabelledPools, rng: np.random.Generator) -> Decoy | None:
    """Return harmless perturbations of a trigger's kind; ``None`` for one of no formula."""
    if not isinstance(drawn, Formula):
        return None
    return decoy_of(
        mask=drawn.mask,
        pattern=drawn.pattern,
        field=drawn.field,
        std=drawn.std,
        shape=pools.shape,
        records=pools.trusted.X,
        rng=rng,
    )


@dataclass(frozen=True, kw_only=True)
class Dealing:
    """How tests are drawn.

    Attributes
    ----------
    n_each
        Normal, and also anomalous, inputs of a test.
    contamination
        Share of the untrusted mix that is anomalous.
    decoys
        Share of the normal inputs that carry a decoy.
    match_outputs
        Whether normal inputs are drawn to be predicted as the anomalous ones are.
    """

    n_each: int = 100
    contamination: float = 0.1
    decoys: float = 0.0
    match_outputs: bool = False

    def test(self, pool: Triggered, *, decoy: Decoy | None, rng: np.random.Generator) -> Drawn:
        """Draw a test.

        Raises
        ------
        UnsoundTaskError
            If there are too few inputs, with how many there could be and what helps.
        """
        try:
            return draw_test(
                pool,
                n_each=self.n_each,
                decoy=decoy,
                decoys=self.decoys,
                match_outputs=self.match_outputs,
                rng=rng,
            )
        except TooFewRecordsError as error:
            ways = "give more records, train longer or choose a stronger trigger"
            if self.match_outputs:
                ways = (
                    "say match_outputs = false, which is shown on the page, or let each class "
                    "become the next one (behavior = 'cycle')"
                )
            raise UnsoundTaskError(
                f"{error}: {error.n_possible} of each kind can be drawn, and n_each is "
                f"{error.n_each}; {ways}"
            ) from error

    def mix(self, pool: Triggered, *, decoy: Decoy | None, rng: np.random.Generator) -> Drawn:
        """Draw an untrusted mix."""
        return draw_mix(
            pool, contamination=self.contamination, decoy=decoy, decoys=self.decoys, rng=rng
        )


@attrs.frozen(eq=False)
class AsTrigger:
    """A decoy where a trigger is expected.

    Attributes
    ----------
    decoy
        Changes records.
    """

    decoy: Decoy

    def __call__(self, X: Array, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        """Return changed copies; the decoy knows the shape."""
        return self.decoy(X, rng)

    def to_arrays(self) -> dict[str, Array]:
        """Return nothing: every record has a decoy of its own."""
        return {}


@attrs.frozen(kw_only=True, eq=False)
class Planted:
    """A trigger in every record of a pool.

    Attributes
    ----------
    model, trigger, aim
        What is asked, what is planted, and what it ought to do.
    pools
        Of which shape records are.
    rng
        Draws the noise of each record.
    """

    model: Model
    trigger: DrawnTrigger
    aim: Aim
    pools: LabelledPools
    rng: np.random.Generator

    def __call__(self, pool: Batch) -> Triggered:
        """Plant it in a pool, and ask the model about both."""
        changed = self.trigger(pool.X, self.pools.shape, self.rng)
        return Triggered(
            X=pool.X,
            y=pool.labels,
            X_triggered=changed,
            predicted=self.model.predict(pool.X),
            predicted_triggered=self.model.predict(changed),
            becomes=self.aim.targets(pool.labels, n_classes=self.pools.n_classes),
        )


Dealt = tuple[Batch, NDArray[np.bool_]]
"""Inputs, and which of them are anomalous."""


def deal(
    pools: LabelledPools,
    *,
    planted: Callable[[Batch], Triggered],
    dealing: Dealing,
    decoy: Decoy | None,
    rng: np.random.Generator,
) -> tuple[Dealt, dict[str, Dealt]]:
    """Draw the untrusted mix and both tests.

    Parameters
    ----------
    pools
        Whose records get anomalies.
    planted
        Makes every record of a pool anomalous, and asks the model about both.
    dealing, decoy
        How they are drawn.
    rng
        Source of the draws.

    Returns
    -------
    (mix, tests)
        Tests by split.

    Raises
    ------
    UnsoundTaskError
        If there are too few records.
    """
    drawn = {
        split: dealing.test(planted(pool), decoy=decoy, rng=rng)
        for split, pool in (("tuning", pools.tuning), ("validation", pools.validation))
    }
    mix = dealing.mix(planted(pools.untrusted), decoy=decoy, rng=rng)
    tests = {split: (Batch(test.X), test.flags) for split, test in drawn.items()}
    return (Batch(mix.X), mix.flags), tests
