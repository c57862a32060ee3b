"""Drive smartnoise-sql and diffprivlib: run by their environment's own Python."""

import base64
import math
import os
import pickle
import warnings
from typing import Any

os.environ["RUST_BACKTRACE"] = "0"

import pandas as pd


def run_sql(
    queries: list[str],
    *,
    metadata: dict[str, Any],
    epsilon: float,
    delta: float,
    mechanisms: dict[str, str],
    postprocess: bool,
    table: pd.DataFrame,
) -> list[list[Any] | None]:
    """Answer each query once, with its one row; ``None`` for a row that was censored."""
    from snsql import (  # type: ignore[import-not-found,unused-ignore]
        Mechanism,
        Privacy,
        Stat,
        from_df,
    )

    privacy = Privacy(epsilon=epsilon, delta=delta)
    for stat, mechanism in mechanisms.items():
        privacy.mechanisms.map[Stat[stat]] = Mechanism[mechanism]
    frame = table.astype(dict.fromkeys(table.select_dtypes("string").columns, object))
    document = {"": {"": {"df": metadata}}}
    answers: list[list[Any] | None] = []
    for query in queries:
        reader = from_df(frame, privacy=privacy, metadata=document)
        rows = list(reader.execute(query, postprocess=postprocess))
        rows = rows[1:] if postprocess else rows
        answers.append([_plain(cell) for cell in rows[0]] if rows else None)
    return answers


def _plain(cell: Any) -> Any:
    value = cell.item() if hasattr(cell, "item") else cell
    return None if isinstance(value, float) and not math.isfinite(value) else value


def fit_model(
    steps: list[dict[str, Any]],
    *,
    features: list[str],
    target: str,
    train: pd.DataFrame,
    test: pd.DataFrame,
    rehearsal: pd.DataFrame,
) -> dict[str, Any]:
    """Fit a pipeline on made-up rows and then on the private ones; count right predictions."""
    from diffprivlib.utils import (  # type: ignore[import-not-found,unused-ignore]
        PrivacyLeakWarning,
    )

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # what leaks on made-up rows would leak on private ones, and has not touched them yet
        warnings.simplefilter("error", PrivacyLeakWarning)
        _pipeline(steps)[0].fit(*_split(rehearsal, features, target))
        model, accountant = _pipeline(steps)
        model.fit(*_split(train, features, target))
    declared = sum(step["epsilon"] for step in steps)
    spent = float(accountant.total()[0])
    if spent > declared * (1 + 1e-9):
        raise ValueError(f"it has spent {spent} of {declared}")
    cells, labels = _split(test, features, target)
    n_right = int((model.predict(cells) == labels).sum()) if len(cells) else 0
    return {"model": base64.b64encode(pickle.dumps(model)).decode(), "n_right": n_right}


def _pipeline(steps: list[dict[str, Any]]) -> Any:
    from diffprivlib import (  # type: ignore[import-not-found,unused-ignore]
        BudgetAccountant,
        models,
    )
    from sklearn.pipeline import Pipeline

    kinds = {
        "StandardScaler": models.StandardScaler,
        "PCA": models.PCA,
        "GaussianNB": models.GaussianNB,
        "LogisticRegression": models.LogisticRegression,
        "RandomForestClassifier": models.RandomForestClassifier,
        "DecisionTreeClassifier": models.DecisionTreeClassifier,
    }
    accountant = BudgetAccountant()
    made = []
    for step in steps:
        parameters = dict(step["parameters"])
        if "bounds" in parameters:
            parameters["bounds"] = tuple(parameters["bounds"])
        made.append((
            step["name"],
            kinds[step["model"]](epsilon=step["epsilon"], accountant=accountant, **parameters),
        ))  # fmt: skip
    return Pipeline(made), accountant


def _split(table: pd.DataFrame, features: list[str], target: str) -> tuple[Any, Any]:
    return table[features].to_numpy(dtype=float), table[target].to_numpy(dtype=object).astype(str)
