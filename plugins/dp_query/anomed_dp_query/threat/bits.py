"""Reconstruction: how many secret bits of people who are known to be there were found."""

from __future__ import annotations

import attrs
import numpy as np
import numpy.typing as npt

from anomed_core.statistics import Estimate, clopper_pearson

Flags = npt.NDArray[np.bool_]


@attrs.frozen(kw_only=True)
class BitsFound:
    """What a reconstruction has found out.

    Attributes
    ----------
    n_right, n_bits
        Bits that were found, of how many.
    n_by_background
        Bits that the background alone tells.
    """

    n_right: int
    n_bits: int
    n_by_background: int

    @property
    def share(self) -> Estimate:
        """Share of the bits that were found, with its 95 % interval (Clopper-Pearson)."""
        low, high = clopper_pearson(self.n_right, self.n_bits, confidence=0.95)
        return Estimate(value=self.n_right / self.n_bits, low=low, high=high, confidence=0.95)

    @property
    def by_background(self) -> float:
        """Share of the bits that the background alone tells."""
        return self.n_by_background / self.n_bits

    @property
    def gain(self) -> Estimate:
        """What is found beyond the background, whose guesses are the same for everybody."""
        share, floor = self.share, self.by_background
        return Estimate(
            value=share.value - floor,
            low=share.low - floor,
            high=share.high - floor,
            confidence=share.confidence,
        )


def assess_bits(guessed: Flags, truth: Flags, *, by_background: Flags) -> BitsFound:
    """Count the bits that were found.

    Parameters
    ----------
    guessed, truth, by_background : bool arrays of shape (n_people,)
        Guesses, the secret bits, and what the background alone guesses.
    """
    return BitsFound(
        n_right=int(np.count_nonzero(guessed == truth)),
        n_bits=len(truth),
        n_by_background=int(np.count_nonzero(by_background == truth)),
    )
