"""Audit the differentially private tree by canary and print what the runs prove.

Usage: ``python benchmarks/synthesis_canary.py [--runs 300] [--jobs 2] [--census FILE]``

Four claims are audited on a table made for it: three honest ones, and one that keeps its
claim of epsilon 1 but divides the noise by ten. With a census table (parquet), the tree is also
audited there with an outlier as the canary, where a canary is much harder to see.
"""

import argparse
import time

import attrs
import numpy as np
import pandas as pd
from anomed_dataset_synthesis.audit.canary import audit_by_canary, two_value_case
from anomed_dataset_synthesis.dp.accounting import Guarantee, epsilon_of_zcdp
from anomed_dataset_synthesis.generators import DPMarginalTree, FittedGenerator, Generator
from anomed_dataset_synthesis.table.codebook import Codebook
from anomed_dataset_synthesis.table.inference import infer_codebook


@attrs.frozen(kw_only=True)
class TenthOfTheNoise:
    """Claim epsilon 1 and spend a hundred times its zCDP budget."""

    name: str = "claims 1, noise / 10"
    guarantee: Guarantee = DPMarginalTree(epsilon=1.0).guarantee

    def fit(
        self, table: pd.DataFrame, codebook: Codebook, *, rng: np.random.Generator
    ) -> FittedGenerator:
        rho = 100.0 * DPMarginalTree(epsilon=1.0).rho
        spent = epsilon_of_zcdp(rho, delta=self.guarantee.delta)
        return DPMarginalTree(epsilon=spent).fit(table, codebook, rng=rng)


def honest(epsilon: float) -> DPMarginalTree:
    return DPMarginalTree(epsilon=epsilon, name=f"claims {epsilon:g}")


def report(
    where: str,
    generator: Generator,
    table: pd.DataFrame,
    *,
    codebook: Codebook,
    n_synthetic: int,
    arguments: argparse.Namespace,
) -> None:
    start = time.perf_counter()
    audit = audit_by_canary(
        generator,
        table,
        codebook=codebook,
        rng=np.random.default_rng(arguments.seed),
        n_runs=arguments.runs,
        n_synthetic=n_synthetic,
        n_jobs=arguments.jobs,
    )
    print(
        f"{where:<10} {generator.name:<22} {audit.hits_with:>4} {audit.hits_without:>4} "
        f"{audit.epsilon_lower:>8.2f}  {audit.verdict:<12} {time.perf_counter() - start:>6.1f} s",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=300, help="runs with and without the canary")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--census", help="a parquet table to hide an outlier in")
    arguments = parser.parse_args()
    print(f"{'table':<10} {'generator':<22} {'with':>4} {'w/o':>4} {'eps >=':>8}  verdict")
    table, codebook = two_value_case()
    for generator in (honest(1.0), honest(3.0), honest(10.0), TenthOfTheNoise()):
        report(
            "two-value",
            generator,
            table,
            codebook=codebook,
            n_synthetic=20_000,
            arguments=arguments,
        )
    if arguments.census:
        census = pd.read_parquet(arguments.census)
        codebook = infer_codebook(census)
        for epsilon in (1.0, 10.0, 1_000.0):
            report(
                "census",
                honest(epsilon),
                census.head(200),
                codebook=codebook,
                n_synthetic=2_000,
                arguments=arguments,
            )


if __name__ == "__main__":
    main()
