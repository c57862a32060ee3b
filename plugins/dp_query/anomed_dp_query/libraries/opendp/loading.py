"""Load the parts of OpenDP that are used, and name each function that may be called."""

from __future__ import annotations

import os
from functools import cache
from types import SimpleNamespace

ALLOWED = frozenset(
    {
        "make_cast",
        "make_cast_default",
        "make_chain_mt",
        "make_chain_tt",
        "make_clamp",
        "make_count",
        "make_count_by_categories",
        "make_count_distinct",
        "make_gaussian",
        "make_geometric",
        "make_impute_constant",
        "make_is_equal",
        "make_laplace",
        "make_mean",
        "make_noisy_max",
        "make_quantile_score_candidates",
        "make_resize",
        "make_select_column",
        "make_split_dataframe",
        "make_sum",
        "make_variance",
        "make_zCDP_to_approxDP",
    }
)
"""Constructors of OpenDP that interpreters call; a test traces that they call no others."""


@cache
def opendp() -> SimpleNamespace:
    """Return the modules of OpenDP, imported at the first question and not before.

    Its prelude is left out, as it brings pandas and scikit-learn along.
    """
    # an error would symbolise a backtrace first, which takes a hundred times longer
    os.environ["RUST_BACKTRACE"] = "0"
    from opendp import combinators, domains, measurements, measures, metrics, transformations
    from opendp.mod import enable_features

    enable_features("contrib")
    return SimpleNamespace(
        combinators=combinators,
        domains=domains,
        measurements=measurements,
        measures=measures,
        metrics=metrics,
        transformations=transformations,
    )
