"""Tell whether the model that answers attackers is the one that was scored.

An anonymizer is asked for each evaluation record twice, among other records, in a secret order. If
the submitted prediction and the two answers come from one model, however random, the three are
exchangeable: as often as the submission agrees with the first answer and not with the second, the
answers agree with each other and not with the submission. An exact sign test of these two counts
tells a second model.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs
import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from anomed_supervised_mia.attacks.arrays import as_array

SIGNIFICANCE = 0.001
"""How rarely an honest anonymizer may be flagged."""

_RELATIVE_DIFFERENCE = 1e-6
"""How far floats may be apart that are equal but for the order of summing."""


@attrs.frozen(kw_only=True)
class Consistency:
    """How answers compare with what was submitted.

    Attributes
    ----------
    n_records
        Records that were compared.
    as_submitted
        Share of first answers that equal the submission, in [0, 1].
    repeatable
        Share of first answers that equal the second ones, in [0, 1]; 1 for a deterministic model.
    p_value
        Of the hypothesis that one model gave all three, against that the answers are of another.
    """

    n_records: int
    as_submitted: float
    repeatable: float
    p_value: float

    @property
    def is_another_model(self) -> bool:
        """Whether the answers come from another model than the submission."""
        return self.p_value < SIGNIFICANCE


def compare_answers(submitted: ArrayLike, first: ArrayLike, second: ArrayLike) -> Consistency:
    """Compare two answers for each record with what was submitted for it.

    Parameters
    ----------
    submitted, first, second
        Predictions of shape (n_records, ...). Floats are equal up to a relative difference of 1e-6,
        or of what the coarsest of their dtypes can tell apart; where they are close to 0, of their
        median size. NaN, which says nothing whoever says it, is equal to itself.

    Returns
    -------
    Consistency

    Raises
    ------
    ValueError
        If the arrays are empty or differ in shape.

    Examples
    --------
    >>> compare_answers([0, 1] * 20, [0, 1] * 20, [0, 1] * 20).is_another_model
    False
    >>> compare_answers([0, 1] * 20, [0] * 40, [0] * 40).is_another_model
    True
    """
    arrays = [as_array(values) for values in (submitted, first, second)]
    if arrays[0].size == 0 or len({array.shape for array in arrays}) != 1:
        raise ValueError(
            f"three arrays of one shape are needed, got {[array.shape for array in arrays]}"
        )
    equal = _equality(arrays)
    agrees = equal(arrays[0], arrays[1])
    repeats = equal(arrays[1], arrays[2])
    only_answers_agree = int(np.count_nonzero(repeats & ~agrees))
    only_first_agrees = int(np.count_nonzero(agrees & ~repeats))
    n_telling = only_answers_agree + only_first_agrees
    p_value = 1.0
    if n_telling:
        test = stats.binomtest(only_answers_agree, n_telling, 0.5, alternative="greater")
        p_value = float(test.pvalue)
    return Consistency(
        n_records=len(arrays[0]),
        as_submitted=float(agrees.mean()),
        repeatable=float(repeats.mean()),
        p_value=p_value,
    )


def _equality(arrays: list[np.ndarray]) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Return the function that tells for which records two of the arrays say the same."""
    floats = [array.dtype for array in arrays if array.dtype.kind == "f"]

    def same(left: np.ndarray, right: np.ndarray) -> np.ndarray:
        equal = left == right
        if floats:
            equal = np.isclose(
                left.astype(float), right.astype(float), rtol=rtol, atol=atol, equal_nan=True
            )
        return np.asarray(equal.reshape(len(equal), -1).all(axis=1))

    if floats:
        rtol = max(_RELATIVE_DIFFERENCE, *(4 * float(np.finfo(dtype).eps) for dtype in floats))
        sizes = np.abs(arrays[0].astype(float))
        typical = np.median(sizes[np.isfinite(sizes)]) if np.isfinite(sizes).any() else 0.0
        atol = max(1e-12, rtol * float(typical))
    return same
