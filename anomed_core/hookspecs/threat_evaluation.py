"""Threat-model evaluation: how much an attack has learnt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from anomed_core.hookspecs._markers import hookspec

if TYPE_CHECKING:
    from anomed_core.model import Challenge, HouseAttack, Submission, Target


@hookspec(firstresult=True)
def anomed_evaluate_threat(  # type: ignore[empty-body]
    challenge: Challenge, submission: Submission, target: Target
) -> Mapping[str, float]:
    """Score a submission whose kind has the purpose ``threat``: how much the attack learnt.

    Called as ``anomed_evaluate_utility`` is, with the anonymizer under attack as a further
    argument; declarer, extensions may wrap it to add metrics they declared. Must be deterministic
    and must not change its arguments. If it raises or returns anything but exactly those metrics
    as finite numbers, it is our fault and the attempt is free again. Metrics with a measure are
    measured; only the others are returned, if there are any.

    Returns
    -------
    mapping of str to float
        Every declared metric of the kind that has no measure.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> import numpy as np
    >>> from anomed_core import hookimpl
    >>> @hookimpl
    ... def anomed_evaluate_threat(challenge, submission, target):
    ...     guess = submission.payload["prediction"]
    ...     return {"accuracy": float((guess == challenge.definition["secret"]).mean())}
    >>> anomed_evaluate_threat(
    ...     SimpleNamespace(definition={"secret": np.array([True, False])}),
    ...     SimpleNamespace(payload={"prediction": np.array([True, True])}),
    ...     None,
    ... )
    {'accuracy': 0.5}
    """


@hookspec
def anomed_house_attacks(challenge: Challenge) -> Iterable[HouseAttack]:  # type: ignore[empty-body]
    """Name attacks that the server runs itself on what anonymizers submit.

    Called once per challenge and process, after creation; owner and extensions. The attacks run in
    the background after a score was recorded; their results are scores marked as the house's, and
    rank as participants' attacks do, by the metrics that are declared with them. If this hook
    raises, the server refuses to start; if an attack raises, or returns anything but its declared
    metrics, the log says so and nothing is recorded.

    Returns
    -------
    iterable of HouseAttack
        Possibly none.

    Examples
    --------
    >>> import numpy as np
    >>> from anomed_core import HouseAttack, Metric, hookimpl
    >>> @hookimpl
    ... def anomed_house_attacks(challenge):
    ...     def run(submission, rng):
    ...         return {"heads": float(rng.random() < 0.5)}
    ...     heads = Metric(name="heads", bounds=(0, 1), chance=0.5)
    ...     return [HouseAttack(name="coin", kind="anonymizer", metrics=[heads], run=run)]
    >>> (attack,) = anomed_house_attacks(None)
    >>> attack.run(None, np.random.default_rng(0))
    {'heads': 0.0}
    """
