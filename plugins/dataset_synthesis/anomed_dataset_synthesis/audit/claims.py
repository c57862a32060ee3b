"""Claims of differential privacy: what was claimed, and what the evidence says about it.

A claim is shown in one of four states and never believed on its word:

- *claimed*: nobody has tested it;
- *not refuted*: attacks were tried and stayed below what the claim allows;
- *refuted*: an attack did better than the claim allows, by more than chance explains;
- *audited*: the generator was run again by the server, with and without canaries, and stayed below.

Evidence bounds epsilon from below only. How large a bound so many targets could give at best is
said beside it, for a claim beyond that can't be refuted by them at all.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import attrs
import numpy as np

from anomed_dataset_synthesis.audit.canary import CanaryAudit, epsilon_lower_bound
from anomed_dataset_synthesis.dp.accounting import Guarantee
from anomed_dataset_synthesis.table.json_numbers import as_float
from anomed_dataset_synthesis.threat.roc import Scores, check_scores

ClaimState = Literal["claimed", "not refuted", "refuted", "audited"]

_MOST_CANDIDATES = 100


def parse_claim(value: Any) -> Guarantee:
    """Read a submitted claim.

    Parameters
    ----------
    value : JSON value
        An object with exactly the keys ``epsilon`` and ``delta`` (numbers), ``neighbours`` (the
        neighbour relation), ``unit`` (what one step protects), ``accountant`` (how the figures
        were added up; texts) and ``public_inputs`` (a list of what was used unprotected; texts).

    Returns
    -------
    Guarantee
        The claim.

    Raises
    ------
    ValueError
        If a key is missing or unknown, or a value has a wrong type or is out of range.

    Examples
    --------
    >>> claim = parse_claim({
    ...     "epsilon": 1, "delta": 1e-5, "neighbours": "add or remove one record",
    ...     "unit": "record", "accountant": "zCDP", "public_inputs": ["codebook"],
    ... })
    >>> claim.epsilon
    1.0
    """
    wanted = {field.name for field in attrs.fields(Guarantee)}
    keys = set(value) if isinstance(value, Mapping) else set()
    if keys != wanted:
        raise ValueError(
            f"the claim has the keys {sorted(map(str, keys))[:10]}; "
            f"give an object with exactly {sorted(wanted)}"
        )
    numbers = {name: as_float(value[name]) for name in ("epsilon", "delta")}
    for name, number in numbers.items():
        if not math.isfinite(number):
            raise ValueError(
                f"the claim's {name} is {str(value[name])[:40]!r}; give a finite number"
            )
    texts = {name: value[name] for name in ("neighbours", "unit", "accountant")}
    public_inputs = value["public_inputs"]
    listed = isinstance(public_inputs, list)
    if not listed or not all(isinstance(text, str) for text in [*texts.values(), *public_inputs]):
        raise ValueError(
            "the claim's neighbours, unit and accountant must be texts and its public_inputs a "
            "list of texts; give them so"
        )
    return Guarantee(
        epsilon=numbers["epsilon"],
        delta=numbers["delta"],
        **texts,
        public_inputs=tuple(public_inputs),
    )


def provable_epsilon(
    n_members: int, n_controls: int, *, delta: float = 0.0, confidence: float = 0.95
) -> float:
    """Return the largest epsilon that a perfect attack on so many targets could prove.

    Raises
    ------
    ValueError
        If there are no targets of a kind, or a probability is out of range.

    Examples
    --------
    >>> [round(provable_epsilon(n, n), 1) for n in (100, 1_000, 10_000)]
    [3.3, 5.6, 7.9]
    """
    return epsilon_lower_bound(
        n_members,
        n_members,
        hits_without=0,
        n_without=n_controls,
        delta=delta,
        confidence=confidence,
    )


def fix_threshold(members: Scores, controls: Scores, *, delta: float = 0.0) -> float:
    """Choose the threshold of a test, on targets that the test itself won't use.

    Parameters
    ----------
    members, controls : ndarray of float64
        Finite scores of an attack on pilot targets: of an earlier round, or set aside.
    delta : float, default 0
        The claim's.

    Returns
    -------
    float
        The one of a hundred scores, spread evenly, that proves the largest epsilon on the pilot.

    Raises
    ------
    ValueError
        If there are no scores of a kind or one is not finite.
    """
    check_scores(members, controls)
    scores = np.unique(np.concatenate([members, controls]))
    places = np.linspace(0, len(scores) - 1, min(len(scores), _MOST_CANDIDATES)).round()
    candidates = scores[places.astype(int)]
    bounds = [
        threshold_test(members, controls, threshold=float(candidate)).epsilon_lower(delta)
        for candidate in candidates
    ]
    return float(candidates[int(np.argmax(bounds))])


@attrs.frozen(kw_only=True)
class ThresholdTest:
    """How many targets scored at or above a threshold that was fixed beforehand.

    Attributes
    ----------
    n_members, n_controls : int
        Number of targets.
    hits_members, hits_controls : int
        Of these, at or above the threshold.
    threshold : float
        Fixed on other targets.
    """

    n_members: int
    n_controls: int
    hits_members: int
    hits_controls: int
    threshold: float

    def epsilon_lower(self, delta: float = 0.0, *, confidence: float = 0.95) -> float:
        """Return the largest epsilon that the counts prove; 0 proves nothing.

        Targets count as independent, which they are if a fair coin decided each one's membership.
        """
        return epsilon_lower_bound(
            self.hits_members,
            self.n_members,
            hits_without=self.hits_controls,
            n_without=self.n_controls,
            delta=delta,
            confidence=confidence,
        )


def threshold_test(members: Scores, controls: Scores, *, threshold: float) -> ThresholdTest:
    """Count the targets at or above a threshold.

    Parameters
    ----------
    members, controls : ndarray of float64
        Finite scores, none of which the threshold was chosen by.
    threshold : float
        See `fix_threshold`.

    Raises
    ------
    ValueError
        If there are no scores of a kind or one is not finite.
    """
    check_scores(members, controls)
    return ThresholdTest(
        n_members=len(members),
        n_controls=len(controls),
        hits_members=int((members >= threshold).sum()),
        hits_controls=int((controls >= threshold).sum()),
        threshold=threshold,
    )


@attrs.frozen(kw_only=True)
class ClaimFinding:
    """A claim and what was found out about it.

    Attributes
    ----------
    claim : Guarantee
        What was claimed.
    tests : tuple of ThresholdTest
        By attacks on the submission.
    audit : CanaryAudit or None
        By running the generator again; None if the server was not given it.
    confidence : float
        With which a true claim is not called refuted, over all tests together.
    """

    claim: Guarantee
    tests: tuple[ThresholdTest, ...] = ()
    audit: CanaryAudit | None = None
    confidence: float = 0.95

    @property
    def _confidence_each(self) -> float:
        n_tests = len(self.tests) + int(self.audit is not None)
        return 1 - (1 - self.confidence) / max(1, n_tests)

    @property
    def epsilon_lower(self) -> float:
        """Return the largest epsilon that any test proves; 0 proves nothing."""
        bounds = [
            test.epsilon_lower(self.claim.delta, confidence=self._confidence_each)
            for test in self.tests
        ]
        if self.audit is not None:
            bounds.append(
                epsilon_lower_bound(
                    self.audit.hits_with,
                    self.audit.n_with,
                    hits_without=self.audit.hits_without,
                    n_without=self.audit.n_without,
                    delta=self.claim.delta,
                    confidence=self._confidence_each,
                )
            )
        return max(bounds, default=0.0)

    @property
    def epsilon_provable(self) -> float:
        """Return the largest epsilon that the tests could have proved; 0 without tests."""
        sizes = [(test.n_members, test.n_controls) for test in self.tests]
        if self.audit is not None:
            sizes.append((self.audit.n_with, self.audit.n_without))
        bounds = [
            provable_epsilon(*size, delta=self.claim.delta, confidence=self._confidence_each)
            for size in sizes
        ]
        return max(bounds, default=0.0)

    @property
    def state(self) -> ClaimState:
        """Say in which of the four states the claim is."""
        if self.epsilon_lower > self.claim.epsilon:
            return "refuted"
        if self.audit is not None:
            return "audited"
        return "not refuted" if self.tests else "claimed"

    def statement(self) -> str:
        """Say in one sentence what the state means, and what could have been proved."""
        claimed = f"epsilon {self.claim.epsilon:g}, delta {self.claim.delta:g}: {self.state}"
        if self.state == "claimed":
            return f"{claimed}; nobody has tested it."
        return (
            f"{claimed}; the evidence proves epsilon of at least {self.epsilon_lower:.2f}, and "
            f"could have proved at most {self.epsilon_provable:.2f} with so many targets or runs."
        )


def find_on_claim(
    claim: Guarantee,
    *,
    attacks: Sequence[tuple[Scores, Scores]] = (),
    audit: CanaryAudit | None = None,
    rng: np.random.Generator,
) -> ClaimFinding:
    """Test a claim by attacks: half of each one's targets fix its threshold, half are counted.

    Parameters
    ----------
    claim : Guarantee
        What was claimed.
    attacks : sequence of (members, controls)
        Finite scores of each attack, at least two of either kind.
    audit : CanaryAudit, optional
        Of the generator, if the server was given it.
    rng : Generator
        Draws the halves.

    Returns
    -------
    ClaimFinding
        With 95% confidence over all attacks together.

    Raises
    ------
    ValueError
        If an attack has less than two scores of a kind, or one is not finite.
    """
    tests = []
    for scores in attacks:
        if min(len(part) for part in scores) < 2:
            raise ValueError("an attack has less than two scores of a kind; give at least two")
        shuffled = [rng.permutation(part) for part in scores]
        pilot = [part[: len(part) // 2] for part in shuffled]
        rest = [part[len(part) // 2 :] for part in shuffled]
        threshold = fix_threshold(pilot[0], pilot[1], delta=claim.delta)
        tests.append(threshold_test(rest[0], rest[1], threshold=threshold))
    return ClaimFinding(claim=claim, tests=tuple(tests), audit=audit)
