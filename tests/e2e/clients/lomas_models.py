"""Models by lomas-client 0.5 or 0.3, unchanged; prints what it saw as JSON.

Run by the interpreter of a client's environment: ``newer`` ADDRESS USER TOKEN, or ``older`` ADDRESS
USER, with the token in the user info of the address.
"""

import json
import os
import sys

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

from diffprivlib import models
from lomas_client.client import Client
from sklearn.pipeline import Pipeline

dialect, address, user, *rest = sys.argv[1:]
if dialect == "newer":
    lomas = Client(
        app_url=address,
        dataset_name="PENGUIN",
        user_name=user,
        user_password=rest[0],
        use_password_flow=True,
        oidc_discovery_url=f"{address}/oidc/.well-known/openid-configuration",
    )
else:
    lomas = Client(address, user, "PENGUIN")

FEATURES = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
BOUNDS = ([30.0, 13.0, 150.0, 2000.0], [65.0, 23.0, 250.0, 7000.0])
CLASSES = ["Adelie", "Chinstrap", "Gentoo"]


def scaled(classifier):
    return Pipeline(
        [("scaler", models.StandardScaler(epsilon=0.5, bounds=BOUNDS)), ("model", classifier)]
    )


asked = {
    "feature_columns": FEATURES,
    "target_columns": ["species"],
    "test_size": 0.2,
    "test_train_split_seed": 4,
    "imputer_strategy": "drop",
}
told = {}
regression = scaled(models.LogisticRegression(epsilon=1.0, data_norm=83.69))
cost = lomas.diffprivlib.cost(regression, **asked)
told["cost"] = [cost.epsilon, cost.delta]
dummy = lomas.diffprivlib.query(regression, **asked, dummy=True)
told["dummy"] = type(dummy.result.model).__name__
answer = lomas.diffprivlib.query(regression, **asked)
told["spent"] = answer.epsilon
rows = lomas.get_dummy_dataset(nb_rows=20, seed=0)[FEATURES]
told["labels"] = sorted({str(label) for label in answer.result.model.predict(rows)})
left = lomas.get_remaining_budget()
told["left"] = left.remaining_epsilon
history = lomas.get_previous_queries()
told["history"] = [one["dp_librairy"] for one in history]
told["model of history"] = type(history[-1]["response"]["result"]["model"]).__name__
print(json.dumps(told))
