"""The audit spares honest claims, catches planted false ones, and bounds what it says."""

import attrs
import numpy as np
import pandas as pd
import pytest
from anomed_dataset_synthesis.audit.canary import (
    CanaryAudit,
    audit_by_canary,
    outlier_canary,
    resemblance,
    two_value_case,
)
from anomed_dataset_synthesis.dp.accounting import Guarantee, epsilon_of_zcdp
from anomed_dataset_synthesis.generators import Bootstrap, DPMarginalTree, FittedGenerator
from anomed_dataset_synthesis.table.canonical import canonicalise
from anomed_dataset_synthesis.table.codebook import CategoryColumn, Codebook, NumericColumn


@attrs.frozen(kw_only=True)
class UnderNoised:
    """Claim one epsilon and add the noise of a looser one."""

    claimed: DPMarginalTree
    noise_divisor: float
    name: str = "under-noised tree"

    @property
    def guarantee(self) -> Guarantee:
        return self.claimed.guarantee

    def fit(
        self, table: pd.DataFrame, codebook: Codebook, *, rng: np.random.Generator
    ) -> FittedGenerator:
        """Divide every standard deviation by dividing the budget's root."""
        rho = self.claimed.rho * self.noise_divisor**2
        spent = epsilon_of_zcdp(rho, delta=self.claimed.delta)
        return attrs.evolve(self.claimed, epsilon=spent).fit(table, codebook, rng=rng)


def test_an_outlier_canary_is_rare_in_every_column() -> None:
    book = Codebook(
        (
            NumericColumn(name="age", kind="integer", minimum=0, maximum=100),
            NumericColumn(name="late", kind="integer", minimum=0, maximum=100, nullable=True),
            CategoryColumn(name="job", categories=("clerk", "nurse", "diver")),
        )
    )
    table = pd.DataFrame({"age": [20, 30], "late": [90, None], "job": ["clerk", "nurse"]})
    canary = outlier_canary(table, book)
    assert canary.iloc[0].to_dict() == {"age": 100, "late": 0, "job": "diver"}
    with pytest.raises(ValueError, match="no records"):
        outlier_canary(table.head(0), book)


def test_resemblance_counts_matching_cells() -> None:
    book = Codebook(
        (
            NumericColumn(name="age", kind="integer", minimum=0, maximum=100, nullable=True),
            CategoryColumn(name="job", categories=("clerk", "diver")),
        )
    )
    canary = canonicalise(pd.DataFrame({"age": [3.0], "job": ["diver"]}), book)
    synthetic = canonicalise(
        pd.DataFrame({"age": [8.0, 9.0, np.nan, 0.0], "job": ["diver", "clerk", "clerk", "diver"]}),
        book,
    )
    assert resemblance(synthetic, canary) == ((2 + 0 + 0 + 2) / 4, 2)


def audit(generator: object, *, n_runs: int, seed: int) -> CanaryAudit:
    table, book = two_value_case()
    return audit_by_canary(
        generator,
        table,
        codebook=book,
        rng=np.random.default_rng(seed),
        n_runs=n_runs,
        n_synthetic=20_000,
    )


def test_an_honest_claim_survives_a_short_audit() -> None:
    result = audit(DPMarginalTree(epsilon=1.0), n_runs=60, seed=1)
    assert result.epsilon_lower <= 1.0
    assert result.verdict == "not refuted"


def test_noise_left_out_is_caught_by_a_short_audit() -> None:
    liar = UnderNoised(claimed=DPMarginalTree(epsilon=1.0), noise_divisor=200.0)
    result = audit(liar, n_runs=60, seed=2)
    assert result.verdict == "refuted"
    assert result.epsilon_lower > 2.0


def test_without_a_claim_there_is_no_verdict() -> None:
    result = audit(Bootstrap(), n_runs=20, seed=3)
    assert result.verdict == "no claim"
    assert result.to_dict()["claim"] is None


def test_an_audit_is_reproducible_and_reports_everything() -> None:
    first, second = (audit(DPMarginalTree(epsilon=3.0), n_runs=5, seed=4) for _ in range(2))
    assert first == second
    report = first.to_dict()
    assert report["claim"]["epsilon"] == 3.0
    assert report["n_with"] == report["n_without"] == 5
    assert report["epsilon_lower"] == first.epsilon_lower


def test_an_audit_needs_runs() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        audit(Bootstrap(), n_runs=0, seed=0)


def test_a_canary_is_one_record() -> None:
    table, book = two_value_case()
    with pytest.raises(ValueError, match="exactly one"):
        audit_by_canary(
            Bootstrap(), table, codebook=book, rng=np.random.default_rng(0), canary=table.head(2)
        )


@pytest.mark.slow
@pytest.mark.parametrize("epsilon", [1.0, 3.0, 10.0])
def test_honest_claims_survive_three_hundred_runs(epsilon: float) -> None:
    result = audit(DPMarginalTree(epsilon=epsilon), n_runs=300, seed=5)
    assert result.epsilon_lower <= epsilon
    assert result.verdict == "not refuted"


@pytest.mark.slow
@pytest.mark.parametrize("seed", [6, 7])
def test_a_tenth_of_the_noise_is_caught_by_three_hundred_runs(seed: int) -> None:
    liar = UnderNoised(claimed=DPMarginalTree(epsilon=1.0), noise_divisor=10.0)
    result = audit(liar, n_runs=300, seed=seed)
    assert result.verdict == "refuted"
    # nor may it prove more than what was really spent
    assert result.epsilon_lower <= epsilon_of_zcdp(100 * liar.claimed.rho, delta=1e-5)


@pytest.mark.slow
def test_processes_do_not_change_the_result() -> None:
    table, book = two_value_case()
    first, second = (
        audit_by_canary(
            DPMarginalTree(epsilon=3.0),
            table,
            codebook=book,
            rng=np.random.default_rng(8),
            n_runs=30,
            n_jobs=n_jobs,
        )
        for n_jobs in (1, 2)
    )
    assert first == second
