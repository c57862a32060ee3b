"""Answers are those that a Lomas server gave, wherever it was right."""

import math

import pytest

EXACT = [
    "metadata",
    "dummy_100_42",
    "dummy_10_0",
    "metadata_unknown_ds",
    "metadata_no_access",
    "metadata_no_user_header",
    "metadata_unknown_user",
    "get_initial_budget_no_access",
    "get_remaining_budget_no_access",
    "get_total_spent_budget_no_access",
    "get_previous_queries_no_access",
    "get_previous_queries_before",
    "get_initial_budget_before",
    "get_remaining_budget_before",
    "get_total_spent_budget_before",
    "birthday_user_after",
]
ANSWERED = ["opendp_cost", "opendp_cost_gaussian_scale5_delta1e-5"]
REFUSED = {
    "opendp_not_measurement": 400,
    "opendp_cost_gaussian_nodelta": 400,
    "opendp_cost_nodelta_field": 400,
    "opendp_not_json": 400,
    "metadata_bad_body": 400,
    "metadata_malformed_json": 400,
    "dummy_negative_rows": 400,
}
"""Where Lomas answers 422 with another body, or 500, our status is that of an invalid query."""


@pytest.fixture
def asked(opened, exchange):
    lomas = opened(
        strict_lomas=True, budgets={"Dr.Antartica": {"PENGUIN": {"epsilon": 10_000, "delta": 1}}}
    )

    def ask(name):
        recorded = exchange(name)
        request = recorded["request"]
        user = request["headers"].get("user-name")
        body = request["body"]
        if name == "metadata_malformed_json":
            return recorded, lomas.client.simulate_post(
                "/lomas/get_dataset_metadata",
                body=b"{",
                headers={
                    "user-name": user,
                    "Authorization": f"Bearer {lomas.tokens['Dr.Antartica']}",
                },
            )
        return recorded, lomas.older(request["path"].strip("/"), body, user=user)

    return ask


def without_spellings(document):
    """Leave out what is added for clients of other dialects."""
    extra = {document.get("type"), "queries_omitted"}
    return {name: value for name, value in document.items() if name not in extra}


@pytest.mark.parametrize("name", EXACT)
def test_the_answer_is_equal(name, asked):
    recorded, answer = asked(name)

    assert answer.status_code == recorded["status"]
    assert without_spellings(answer.json) == recorded["response"]


@pytest.mark.parametrize("name", ANSWERED)
def test_the_cost_is_equal(name, asked):
    recorded, answer = asked(name)

    assert answer.status_code == 200, answer.text
    assert answer.json.keys() == recorded["response"].keys()
    for part, amount in recorded["response"].items():
        assert math.isclose(answer.json[part], amount, rel_tol=1e-11, abs_tol=1e-15)


@pytest.mark.parametrize("name", REFUSED)
def test_what_lomas_refuses_is_an_invalid_query(name, asked):
    recorded, answer = asked(name)

    assert recorded["status"] >= 400
    assert answer.status_code == REFUSED[name]
    assert answer.json["type"] == "InvalidQueryException"
    assert answer.json["message"] == answer.json["InvalidQueryException"]


@pytest.mark.parametrize("name", ["state", "state_nouser"])
def test_the_state_is_equal(name, exchange, lomas):
    recorded = exchange(name)
    user = recorded["request"]["headers"]["user-name"]
    headers = (
        {}
        if user is None
        else {
            "user-name": user,
            "Authorization": f"Bearer {lomas.tokens['Dr.Antartica']}",
        }
    )

    assert lomas.client.simulate_get("/lomas/state", headers=headers).json == recorded["response"]


def test_the_prefix_leads_on(exchange, lomas):
    answer = lomas.client.simulate_get("/challenges/penguin/lomas")

    assert answer.status_code == exchange("root")["status"]
    assert answer.headers["location"].endswith("/challenges/penguin/lomas/state")
