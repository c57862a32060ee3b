"""Budgets on Lomas' wire are exact, whoever asks, and however many ask together."""

import pytest

ANALYST = "Dr.Antartica"
PENGUIN = {"dataset_name": "PENGUIN"}


@pytest.fixture
def tenth(recorded):
    """A count that costs a tenth."""
    return recorded("wire_0_4/opendp_count_body.json")


def test_three_tenths_are_three_tenths(lomas, tenth):
    statuses = [lomas.older("opendp_query", tenth, user="Small").status_code for _ in range(4)]

    assert statuses == [200, 200, 200, 400]
    assert lomas.older("get_total_spent_budget", PENGUIN, user="Small").json == {
        "total_spent_epsilon": 0.3,
        "total_spent_delta": 0.0,
    }
    assert lomas.older("get_remaining_budget", PENGUIN, user="Small").json == {
        "remaining_epsilon": 0.0,
        "remaining_delta": 0.0,
    }


def test_a_cap_holds_for_all_analysts_together(opened, penguins, tmp_path, tenth):
    data, metadata = penguins.write(tmp_path)
    capped = {
        "source": f"csv:{data}",
        "metadata": str(metadata),
        "unit": "as-lomas",
        "cap": {"epsilon": 0.4, "delta": 0},
    }
    lomas = opened(datasets={"PENGUIN": capped})

    mine = [lomas.older("opendp_query", tenth).status_code for _ in range(3)]
    theirs = [lomas.older("opendp_query", tenth, user="Small").status_code for _ in range(2)]

    assert (mine, theirs) == ([200] * 3, [200, 400])
    refused = lomas.older("opendp_query", tenth, user="Small").json["message"]
    assert refused == "Not enough budget for this query epsilon remaining 0.0, delta remaining 0.0."


def test_one_query_costs_no_more_than_the_organiser_lets_it(opened, penguins, tmp_path, tenth):
    data, metadata = penguins.write(tmp_path)
    bounded = {
        "source": f"csv:{data}",
        "metadata": str(metadata),
        "unit": "as-lomas",
        "per_query": {"epsilon": 0.05, "delta": 0},
    }
    lomas = opened(datasets={"PENGUIN": bounded})

    answer = lomas.older("opendp_query", tenth)

    assert answer.status_code == 400
    assert lomas.older("get_remaining_budget", PENGUIN).json["remaining_epsilon"] == 10.0


def test_under_zcdp_an_account_is_told_as_the_epsilon_that_it_means(opened, tenth):
    lomas = opened(
        accounting="zcdp",
        unit="add-remove",
        budgets={ANALYST: {"PENGUIN": {"rho": 0.5, "delta": 1e-6}}},
    )

    initial = lomas.older("get_initial_budget", PENGUIN).json
    answer = lomas.older("opendp_query", tenth)
    spent = lomas.older("get_total_spent_budget", PENGUIN).json
    left = lomas.older("get_remaining_budget", PENGUIN).json

    assert answer.status_code == 200, answer.text
    assert initial["initial_epsilon"] == pytest.approx(5.2215344445, rel=1e-9)  # CKS 2020, at 1e-6
    assert 0 < spent["total_spent_epsilon"] < initial["initial_epsilon"]
    assert left["remaining_epsilon"] == pytest.approx((2 * (0.5 - 0.005)) ** 0.5, rel=1e-9)


def test_equal_questions_get_fresh_noise_and_are_charged_again(lomas, tenth):
    values = {
        lomas.older("opendp_query", tenth, user=ANALYST).json["result"]["value"] for _ in range(12)
    }

    assert len(values) > 1
    left = lomas.older("get_remaining_budget", PENGUIN).json
    assert left["remaining_epsilon"] == 8.8


def test_a_repeated_request_with_its_key_costs_nothing(lomas, tenth):
    headers = {
        "user-name": "Dr. Antartica",
        "Authorization": f"Bearer {lomas.tokens[ANALYST]}",
        "Idempotency-Key": "once",
    }

    def ask():
        return lomas.client.simulate_post("/lomas/opendp_query", json=tenth, headers=headers)

    assert ask().content == ask().content
    assert lomas.older("get_remaining_budget", PENGUIN).json["remaining_epsilon"] == 9.9
