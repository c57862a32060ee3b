"""Draw column after column from the leaves of trees grown on the columns before."""

from typing import TypeAlias

import attrs
import numpy as np
import pandas as pd
from attrs import validators
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from anomed_dataset_synthesis.generators._levels import (
    Levels,
    Ranks,
    Rows,
    publish,
    rank_levels,
    read_donors,
)
from anomed_dataset_synthesis.table.codebook import CategoryColumn, Codebook

Tree: TypeAlias = DecisionTreeClassifier | DecisionTreeRegressor


@attrs.frozen(kw_only=True)
class SequentialTrees:
    """Synthesise by classification and regression trees, in the manner of synthpop [1]_.

    Columns are visited from few levels to many. The first is bootstrapped. Each further one is
    predicted by a tree from those before it, and its new value is drawn from the real values in
    the leaf that a synthetic record falls into [2]_. Faithful, and private only as far as leaves
    are large.

    Attributes
    ----------
    min_leaf
        Fewest real records a leaf may hold, 1 or more.

    References
    ----------
    .. [1] B. Nowok, G. Raab, C. Dibben, "synthpop: Bespoke Creation of Synthetic Data in R", 2016,
       doi:10.18637/jss.v074.i11.
    .. [2] J. Reiter, "Using CART to Generate Partially Synthetic, Public Use Microdata", 2005,
       Journal of Official Statistics 21(3).
    """

    name: str = "sequential trees"
    guarantee: None = attrs.field(default=None, init=False)
    min_leaf: int = attrs.field(default=5, validator=validators.ge(1))

    def fit(
        self, table: pd.DataFrame, codebook: Codebook, *, rng: np.random.Generator
    ) -> "FittedSequentialTrees":
        """Grow one tree for each column but the first. See `Generator.fit`."""
        levels = read_donors(table, codebook)
        visits = np.argsort(codebook.n_levels, kind="stable")
        columns = [codebook.columns[visit] for visit in visits]
        ranks = np.column_stack(
            [rank_levels(levels[:, visits[j]], column) for j, column in enumerate(columns)]
        )
        steps = []
        for n_known, column in enumerate(columns[1:], start=1):
            categorical = isinstance(column, CategoryColumn)
            tree_class = DecisionTreeClassifier if categorical else DecisionTreeRegressor
            seed = int(rng.integers(2**31))
            tree = tree_class(min_samples_leaf=self.min_leaf, random_state=seed)
            leaves = tree.fit(ranks[:, :n_known], ranks[:, n_known]).apply(ranks[:, :n_known])
            by_leaf = np.argsort(leaves, kind="stable")
            steps.append(TreeStep(tree=tree, by_leaf=by_leaf, sorted_leaves=leaves[by_leaf]))
        return FittedSequentialTrees(
            codebook=codebook, levels=levels, visits=visits, ranks=ranks, steps=tuple(steps)
        )


@attrs.frozen(kw_only=True, eq=False)
class TreeStep:
    """One column's tree and its real records grouped by leaf.

    Attributes
    ----------
    tree
        Reads the columns before.
    by_leaf : ndarray of int64, shape (n_records,)
        Row positions, leaf after leaf.
    sorted_leaves : ndarray of int64, shape (n_records,)
        The leaf of each of those.
    """

    tree: Tree
    by_leaf: Rows
    sorted_leaves: NDArray[np.int64]

    def donors(self, known: Ranks, *, rng: np.random.Generator) -> Rows:
        """Pick, for each synthetic record, one real record of the leaf it falls into."""
        leaves = self.tree.apply(known)
        first = np.searchsorted(self.sorted_leaves, leaves, side="left")
        behind = np.searchsorted(self.sorted_leaves, leaves, side="right")
        donors: Rows = self.by_leaf[rng.integers(first, behind)]
        return donors


@attrs.frozen(kw_only=True, eq=False)
class FittedSequentialTrees:
    """Draw record after record down the chain of trees.

    Attributes
    ----------
    codebook
        The columns.
    levels : ndarray of int32, shape (n_known, n_columns)
        The real records, donors of all values.
    visits : ndarray of int64, shape (n_columns,)
        Column positions in the order of their drawing.
    ranks : ndarray of float64, shape (n_known, n_columns)
        The records as the trees read them, columns in the order of their drawing.
    steps
        One for each column but the first drawn.
    guarantee
        Nothing is claimed.
    """

    codebook: Codebook
    levels: Levels
    visits: Rows
    ranks: Ranks
    steps: tuple[TreeStep, ...]
    guarantee: None = attrs.field(default=None, init=False)

    def sample(self, n_records: int, *, rng: np.random.Generator) -> pd.DataFrame:
        """Draw the first column with replacement and each other one from its tree's leaves."""
        donors = np.zeros((n_records, len(self.visits)), dtype=np.int64)
        known = np.empty(donors.shape)
        donors[:, 0] = rng.integers(0, len(self.levels), n_records)
        known[:, 0] = self.ranks[donors[:, 0], 0]
        for place, step in enumerate(self.steps, start=1):
            if n_records:  # trees refuse to read an empty matrix
                donors[:, place] = step.donors(known[:, :place], rng=rng)
            known[:, place] = self.ranks[donors[:, place], place]
        in_order = np.empty_like(donors)
        in_order[:, self.visits] = donors
        return publish(np.take_along_axis(self.levels, in_order, axis=0), self.codebook)
