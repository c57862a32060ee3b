"""A session of lomas-client 0.3.5, unchanged, against a challenge; prints what it saw as JSON.

Run by the interpreter of the client's environment: ADDRESS USER STEP, with the token in the user
info of the address; the step is ``before`` or ``after`` a restart.
"""

import json
import sys

import opendp.prelude as dp
from lomas_client.client import Client
from lomas_core.error_handler import (
    ExternalLibraryException,
    InvalidQueryException,
    UnauthorizedAccessException,
)

address, user, step = sys.argv[1:]
SQL = "SELECT AVG(bill_length_mm) AS avg_bill_length_mm FROM df"
COLUMNS = [
    "species",
    "island",
    "bill_length_mm",
    "bill_depth_mm",
    "flipper_length_mm",
    "body_mass_g",
    "sex",
]


def refused(error, call):
    try:
        call()
    except error as problem:
        return getattr(problem, "error_message", str(problem))
    return None


def pipeline():
    """Return a mean's pipeline without noise, and with it."""
    exact = (
        dp.t.make_split_dataframe(separator=",", col_names=COLUMNS)
        >> dp.t.make_select_column(key="bill_length_mm", TOA=str)
        >> dp.t.then_cast_default(TOA=float)
        >> dp.t.then_clamp(bounds=(30.0, 65.0))
        >> dp.t.then_resize(size=344, constant=43.0)
        >> dp.t.then_variance()
    )
    return exact, exact >> dp.m.then_laplace(scale=5.0)


def budgets(lomas):
    spent, left = lomas.get_total_spent_budget(), lomas.get_remaining_budget()
    return [
        [spent.total_spent_epsilon, spent.total_spent_delta],
        [left.remaining_epsilon, left.remaining_delta],
    ]


lomas = Client(address, user, "PENGUIN")
exact, noisy = pipeline()
told = {"budgets at first": budgets(lomas)}
if step == "before":
    metadata = lomas.get_dataset_metadata()
    told["metadata"] = [metadata["rows"], len(metadata["columns"])]
    told["dummy"] = lomas.get_dummy_dataset(nb_rows=100, seed=0).shape
    initial = lomas.get_initial_budget()
    told["initial"] = [initial.initial_epsilon, initial.initial_delta]
    told["without noise"] = refused(InvalidQueryException, lambda: lomas.opendp.cost(exact))
    cost = lomas.opendp.cost(noisy)
    told["cost"] = [cost.epsilon, cost.delta]
    told["dummy query"] = type(lomas.opendp.query(noisy, dummy=True).result.value).__name__
    told["budgets after dummies"] = budgets(lomas)
    sql = lomas.smartnoise_sql.cost(SQL, 0.5, 1e-4)
    told["SQL cost"] = [sql.epsilon, sql.delta]
    told["SQL query"] = lomas.smartnoise_sql.query(SQL, 0.5, 1e-4).result.df.shape
    told["bad SQL"] = refused(
        ExternalLibraryException, lambda: lomas.smartnoise_sql.cost("SELEC x", 0.1, 1e-5)
    )
    told["over budget"] = refused(
        InvalidQueryException, lambda: lomas.smartnoise_sql.query(SQL, 100.0, 1e-4)
    )
    other = Client(address, user, "SECRET")
    told["other dataset"] = refused(UnauthorizedAccessException, other.get_initial_budget)
    stranger = Client(address, "Mallory", "PENGUIN")
    told["other user"] = refused(UnauthorizedAccessException, stranger.get_initial_budget)
told["query"] = type(lomas.opendp.query(noisy).result.value).__name__
history = lomas.get_previous_queries()
told["history"] = [one["dp_librairy"] for one in history]
told["decoded"] = [
    type(one["client_input"]["opendp_json"]).__name__
    for one in history
    if one["dp_librairy"] == "opendp"
]
told["budgets at last"] = budgets(lomas)
print(json.dumps(told))
