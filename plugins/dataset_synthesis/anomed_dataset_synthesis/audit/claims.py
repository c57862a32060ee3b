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

from anomed_core.statistics import (
    Confusion,
    ThresholdTest,
    epsilon_of_decision,
    threshold_test,
)
from anomed_dataset_synthesis.audit.canary import CanaryAudit
from anomed_dataset_synthesis.dp.accounting import Guarantee
from anomed_dataset_synthesis.table.json_numbers import as_float
from anomed_dataset_synthesis.threat.membership import Scores

ClaimState = Literal["claimed", "not refuted", "refuted", "audited"]

_MOST_CANDIDATES = 100


def parse_claim(value: Any) -> Guarantee:
    """Read a submitted claim.

    Parameters
    ----------
    value
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
    n_members: int, n_non_members: int, *, delta: float = 0.0, confidence: float = 0.95
) -> float:
    """Return the largest epsilon that a perfect attack on so many targets could prove.

    Raises
    ------
    ValueError
        If there are no targets of a kind, or a probability is out of range.

    Examples
    --------
    >>> [round(provable_epsilon(n, n), 1) for n in (100, 1_000, 10_000)]
    [3.6, 5.9, 8.2]
    """
    perfect = Confusion.of_hits((n_members, n_members), (0, n_non_members))
    return epsilon_of_decision(perfect, delta=delta, confidence=confidence).estimate.low


@attrs.frozen(kw_only=True)
class ClaimFinding:
    """A claim and what was found out about it.

    Attributes
    ----------
    claim
        What was claimed.
    tests
        By attacks on the submission.
    audit
        By running the generator again; None if the server was not given it.
    confidence
        With which a true claim is not called refuted, over all tests together.
    """

    claim: Guarantee
    tests: tuple[ThresholdTest, ...] = ()
    audit: CanaryAudit | None = None
    confidence: float = 0.95

    @property
    def _outcomes(self) -> list[Confusion]:
        audits = [] if self.audit is None else [self.audit.outcome]
        return [test.outcome for test in self.tests] + audits

    @property
    def _confidence_each(self) -> float:
        return 1 - (1 - self.confidence) / max(1, len(self._outcomes))

    @property
    def epsilon_lower(self) -> float:
        """Return the largest epsilon that any test proves; 0 proves nothing."""
        return max(
            (
                epsilon_of_decision(
                    outcome, delta=self.claim.delta, confidence=self._confidence_each
                ).estimate.low
                for outcome in self._outcomes
            ),
            default=0.0,
        )

    @property
    def epsilon_provable(self) -> float:
        """Return the largest epsilon that the tests could have proved; 0 without tests."""
        return max(
            (
                provable_epsilon(
                    outcome.n_members,
                    outcome.n_non_members,
                    delta=self.claim.delta,
                    confidence=self._confidence_each,
                )
                for outcome in self._outcomes
            ),
            default=0.0,
        )

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
    claim
        What was claimed.
    attacks
        Finite scores of each attack, at least two of either kind.
    audit
        Of the generator, if the server was given it.
    rng
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
        is_member = np.repeat([True, False], [len(part) for part in scores])
        tests.append(
            threshold_test(
                is_member, np.concatenate(scores), rng=rng, fraction=0.5, delta=claim.delta
            )
        )
    return ClaimFinding(claim=claim, tests=tuple(tests), audit=audit)
