"""A session of lomas-client 0.5, unchanged, against a challenge; prints what it saw as JSON.

Run by the interpreter of the client's environment: ADDRESS USER TOKEN STEP, the step being
``before`` or ``after`` a restart.
"""

import json
import os
import sys

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

import polars as pl
from authlib.integrations.base_client import OAuthError
from lomas_client.client import Client
from lomas_core.error_handler import (
    ExternalLibraryException,
    InvalidQueryException,
    UnauthorizedAccessException,
)
from opendp.extras.polars import dp_len

address, user, token, step = sys.argv[1:]
SQL = "SELECT AVG(bill_length_mm) AS avg_bill_length_mm FROM df"


def client(password=token, dataset="PENGUIN"):
    return Client(
        app_url=address,
        dataset_name=dataset,
        user_name=user,
        user_password=password,
        use_password_flow=True,
        oidc_discovery_url=f"{address}/oidc/.well-known/openid-configuration",
    )


def refused(error, call):
    try:
        call()
    except error as problem:
        return getattr(problem, "error_message", str(problem))
    return None


def budgets(lomas):
    spent, left = lomas.get_total_spent_budget(), lomas.get_remaining_budget()
    return [
        [spent.total_spent_epsilon, spent.total_spent_delta],
        [left.remaining_epsilon, left.remaining_delta],
    ]


def plan_of(lomas, **privacy):
    context = lomas.get_context(**privacy)
    bill = pl.col("bill_length_mm").fill_null(45.0).dp.mean(bounds=(30.0, 65.0))
    return context.query().select(bill, dp_len())


told = {}
if step == "before":
    told["wrong password"] = refused(OAuthError, lambda: client("anomed-wrong"))
lomas = client()
told["budgets at first"] = budgets(lomas)
if step == "before":
    metadata = lomas.get_dataset_metadata()
    told["metadata"] = sorted(metadata)
    told["column"] = lomas.get_column_metadata("sex")["name"]
    told["bounds"] = lomas.get_column_bounds("bill_length_mm")
    told["bounds of columns"] = lomas.get_diffprivlib_bounds(["bill_length_mm"])
    told["dummy"] = lomas.get_dummy_dataset(nb_rows=100, seed=0).shape
    told["lazy"] = type(lomas.get_dummy_dataset(lazy=True)).__name__
    initial = lomas.get_initial_budget()
    told["initial"] = [initial.initial_epsilon, initial.initial_delta]

    plan = plan_of(lomas, epsilon=1.0)
    cost = lomas.opendp.cost(plan, epsilon=1.0)
    told["cost"] = [cost.epsilon, cost.delta]
    told["dummy query"] = lomas.opendp.query(plan, epsilon=1.0, dummy=True).result.value.shape
    told["budgets after dummies"] = budgets(lomas)
    told["query"] = lomas.opendp.query(plan, epsilon=1.0).result.value.shape
    gaussian = lomas.opendp.cost(plan_of(lomas, rho=0.5, delta=1e-6), rho=0.5, delta=1e-6)
    told["gaussian cost"] = [gaussian.epsilon, gaussian.delta]

    sql = lomas.smartnoise_sql.cost(SQL, 0.5, 1e-4)
    told["SQL cost"] = [sql.epsilon, sql.delta]
    told["SQL dummy"] = lomas.smartnoise_sql.query(SQL, 100.0, 0.99, dummy=True).result.df.shape
    told["SQL query"] = lomas.smartnoise_sql.query(SQL, 0.5, 1e-4).result.df.shape

    told["over budget"] = refused(
        InvalidQueryException, lambda: lomas.opendp.query(plan, epsilon=100.0)
    )
    told["bad SQL"] = refused(
        ExternalLibraryException, lambda: lomas.smartnoise_sql.cost("SELEC x", 0.1, 0.0)
    )
    told["other dataset"] = refused(
        UnauthorizedAccessException, lambda: client(dataset="SECRET").get_initial_budget()
    )
else:
    told["query"] = lomas.opendp.query(plan_of(lomas, epsilon=1.0), epsilon=1.0).result.value.shape
history = lomas.get_previous_queries()
told["history"] = [one["dp_library"] for one in history]
told["decoded"] = [
    type(one["client_input"]["opendp_json"]).__name__
    for one in history
    if one["dp_library"] == "opendp"
]
told["budgets at last"] = budgets(lomas)
print(json.dumps(told))
