"""The published challenge server for tables, on four records."""

import anomed_challenge
import pandas as pd

LEAKY = pd.DataFrame({"age": [31, 42, 53, 64], "income": [10.2, 20.4, 30.6, 40.8]})


def utility(anonymized: pd.DataFrame, scheme: str, leaky: pd.DataFrame) -> dict[str, float]:
    error = (anonymized["income"] - leaky["income"]).abs().mean()
    return {"mean_absolute_error": float(error), "is_same": float(scheme == "same")}


def privacy(reconstructed: pd.DataFrame, leaky: pd.DataFrame) -> dict[str, float]:
    return {"matching_rows": float((reconstructed == leaky).all(axis=1).mean())}


application = anomed_challenge.tabular_data_reconstruction_challenge_server_factory(
    anomed_challenge.TabularDataReconstructionChallenge(
        leaky_data=LEAKY,
        background_knowledge=LEAKY[["age"]],
        utility_evaluator=utility,
        privacy_evaluator=privacy,
    )
)
