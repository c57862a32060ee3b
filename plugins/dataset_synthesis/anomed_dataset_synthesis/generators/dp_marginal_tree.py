"""Synthesise under differential privacy from a tree of noisy two-way marginals."""

import attrs
import numpy as np
import pandas as pd
from attrs import validators

from anomed_dataset_synthesis.dp.accounting import Guarantee, zcdp_of_guarantee
from anomed_dataset_synthesis.generators._binning import Bins, cut
from anomed_dataset_synthesis.generators._levels import publish, read_table
from anomed_dataset_synthesis.generators._marginal_tree import (
    MarginalTree,
    estimate_tree,
    measure_marginals,
)
from anomed_dataset_synthesis.generators._public_gaps import without_new_gaps
from anomed_dataset_synthesis.table.canonical import CanonicalTable
from anomed_dataset_synthesis.table.codebook import Codebook


@attrs.frozen(kw_only=True)
class DPMarginalTree:
    """Measure one-way marginals and a tree of two-way ones with noise, then sample the tree.

    The budget in zCDP is what (`epsilon`, `delta`) allows; a third each goes to all one-way
    marginals, to choosing the tree and to its two-way marginals [1]_. Neighbouring tables differ
    by one record added or removed. The number of records is not used, not even as public. Noise
    comes from the given generator, which is for measuring privacy, not for publishing secrets:
    that would need a cryptographic one.

    Attributes
    ----------
    epsilon, delta
        The guarantee to keep, epsilon > 0 and 0 < delta < 1.
    n_bins
        Bins for long numeric scales, 2 or more.
    background
        Public records with the codebook's columns, which say where to cut the bins, how values
        lie within them, and which columns have no gaps. Without them bins are equally wide and
        values uniform within.

    References
    ----------
    .. [1] R. McKenna, G. Miklau, D. Sheldon, "Winning the NIST Contest: A scalable and general
       approach to differentially private synthetic data", 2021, arXiv:2108.04978.

    Examples
    --------
    >>> DPMarginalTree(epsilon=1.0).guarantee.delta
    1e-05
    """

    name: str = "DP marginal tree"
    epsilon: float = attrs.field(validator=validators.gt(0.0))
    delta: float = attrs.field(default=1e-5, validator=[validators.gt(0.0), validators.lt(1.0)])
    n_bins: int = attrs.field(default=20, validator=validators.ge(2))
    background: pd.DataFrame | None = attrs.field(default=None, eq=False, repr=False)

    @property
    def guarantee(self) -> Guarantee:
        """Return the guarantee that every run keeps."""
        public = ("codebook",) if self.background is None else ("codebook", "background table")
        return Guarantee(
            epsilon=self.epsilon,
            delta=self.delta,
            accountant="zCDP of (discrete) Gaussian and exponential mechanisms",
            public_inputs=public,
        )

    @property
    def rho(self) -> float:
        """Return the zCDP budget that the guarantee allows."""
        return zcdp_of_guarantee(self.epsilon, delta=self.delta)

    def fit(
        self, table: pd.DataFrame, codebook: Codebook, *, rng: np.random.Generator
    ) -> "FittedMarginalTree":
        """Spend the whole budget on one set of marginals. See `Generator.fit`."""
        private, background = read_table(table, codebook), None
        if self.background is not None:
            public = read_table(self.background, codebook)
            private = without_new_gaps(private, public, rng=rng)
            codebook = private.codebook
            background = CanonicalTable(codebook=codebook, levels=public.levels)
        bins = cut(codebook, n_bins=self.n_bins, background=background)
        levels = private.levels
        codes = np.column_stack([cuts.codes(levels[:, j]) for j, cuts in enumerate(bins)])
        noisy = measure_marginals(
            codes, tuple(cuts.n_codes for cuts in bins), rho=self.rho, rng=rng
        )
        return FittedMarginalTree(
            codebook=codebook, bins=bins, tree=estimate_tree(noisy), guarantee=self.guarantee
        )


@attrs.frozen(kw_only=True, eq=False)
class FittedMarginalTree:
    """Draw records from noisy marginals; any number of them costs no further privacy.

    Attributes
    ----------
    codebook
        The columns.
    bins
        One for each column.
    tree
        Distribution over the bins.
    guarantee
        What was kept.
    """

    codebook: Codebook
    bins: tuple[Bins, ...]
    tree: MarginalTree
    guarantee: Guarantee

    def sample(self, n_records: int, *, rng: np.random.Generator) -> pd.DataFrame:
        """Draw bins down the tree, then a value within each bin."""
        codes = self.tree.sample(n_records, rng=rng)
        levels = [cuts.levels(codes[:, j], rng=rng) for j, cuts in enumerate(self.bins)]
        return publish(np.column_stack(levels), self.codebook)
