"""DiffPrivLib as one of the plugin's libraries: experimental, and off unless it is named.

Its Laplace noise is of floats, whose last digits tell of what is under them; it is kept for parity.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from anomed_dp_query.accounting import Part, Policy, Price, Unit, rho_of_epsilon
from anomed_dp_query.libraries.foreign import LIBRARIES, called, missing_environment
from anomed_dp_query.libraries.library import QueryRefused, Released, RunFailed
from anomed_dp_query.libraries.models.reading import ModelQuestion, read_model
from anomed_dp_query.libraries.opendp.noise import noised

if TYPE_CHECKING:
    from anomed_dp_query.metadata.model import TableMetadata

_N_REHEARSED = 40


class DiffPrivLib:
    """Fits models with DiffPrivLib."""

    name = "diffprivlib"

    def missing(self) -> str | None:
        """Return why it cannot answer here; ``None`` if it can."""
        return missing_environment(LIBRARIES)

    def read(self, body: Mapping[str, Any], table: TableMetadata) -> ModelQuestion:
        """Read ``diffprivlib_json`` with columns, ``test_size`` and the seed of the split.

        Raises
        ------
        QueryRefused
            If something in it is not allowed.
        """
        return read_model(body, table)

    def price(self, question: ModelQuestion, table: TableMetadata, policy: Policy) -> Price:
        """Return what it costs: the epsilons of all steps, for each row that a person may have.

        Raises
        ------
        QueryRefused
            Where one person more or less must not show, as models show the number of rows.
        """
        if policy.unit is Unit.ADD_REMOVE:
            raise QueryRefused(
                "DiffPrivLib treats the number of rows as public, and this dataset's unit does "
                "not; ask a dataset whose unit is change-one"
            )
        amounts = [(f"{step.model} {step.name}", step.epsilon) for step in question.steps]
        if policy.score_epsilon is not None:
            amounts.append(("right predictions", policy.score_epsilon))
        return Price(
            parts=tuple(
                Part(
                    what=what,
                    epsilon=epsilon * table.max_contributions,
                    rho=rho_of_epsilon(epsilon * table.max_contributions),
                )
                for what, epsilon in amounts
            )
        )

    def run(
        self, question: ModelQuestion, frame: pd.DataFrame, table: TableMetadata, policy: Policy
    ) -> Released:
        """Fit it: a pickle of ours in base64, and the score with noise; ``None`` without a budget.

        Raises
        ------
        RunFailed
            Whatever goes wrong.
        """
        try:
            return self._fitted(question, frame, table, policy)
        except Exception as error:
            raise RunFailed(f"diffprivlib: {error}") from error

    def _fitted(
        self, question: ModelQuestion, frame: pd.DataFrame, table: TableMetadata, policy: Policy
    ) -> Released:
        wanted = [*question.features, question.target]
        tested = in_test(len(frame), share=question.test_size, seed=question.seed)
        rows = frame[wanted].reset_index(drop=True)
        anchors = _anchors(question, table)
        told = called(
            LIBRARIES,
            "fit_model",
            {
                "steps": [
                    {
                        "model": step.model,
                        "name": step.name,
                        "epsilon": float(step.epsilon),
                        "parameters": step.parameters,
                    }
                    for step in question.steps
                ],
                "features": list(question.features),
                "target": question.target,
            },
            tables={
                "train": pd.concat([rows[~tested].dropna(), anchors], ignore_index=True),
                "test": rows[tested].dropna(),
                "rehearsal": pd.concat([anchors] * _N_REHEARSED, ignore_index=True),
            },
        )
        score = None
        if policy.score_epsilon is not None:
            (right,) = noised([told["n_right"]], distance=1, budget=Decimal(policy.score_epsilon))
            score = min(1.0, max(0.0, right / max(1, int(tested.sum()))))
        return Released(kind="diffprivlib", result={"score": score, "model": told["model"]})


def in_test(n_rows: int, *, share: float, seed: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return which rows are not learnt from: each by its own place, whatever the others are.

    Parameters
    ----------
    n_rows
        Rows of the table.
    share
        About how many of them, between 0 and 1.
    seed
        Of the split, 0 to 2^32.

    Returns
    -------
    ndarray of bool, shape (n_rows,)
    """
    key = seed.to_bytes(4, "big")
    most = int(share * 2**64)
    return np.array(
        [
            int.from_bytes(
                hashlib.blake2b(place.to_bytes(8, "big"), key=key, digest_size=8).digest(), "big"
            )
            < most
            for place in range(n_rows)
        ],
        dtype=bool,
    )


def _anchors(question: ModelQuestion, table: TableMetadata) -> pd.DataFrame:
    """Return one public row of each class, so that the classes are the same for all tables."""
    middles = {
        name: (float(table.column(name).lower) + float(table.column(name).upper)) / 2
        for name in question.features
    }
    return pd.DataFrame([{**middles, question.target: one} for one in question.classes])
