"""Lomas' routes in both dialects: jobs, budgets, history, and who is let in."""

import json

import pytest

ANALYST = "Dr.Antartica"
PENGUIN = {"dataset_name": "PENGUIN"}


@pytest.fixture
def pipeline(exchange):
    """A pipeline of OpenDP as clients of 0.4 send it; it costs 0.708..."""
    return exchange("opendp_query")["request"]["body"]


@pytest.fixture
def plan(recorded):
    """A plan of OpenDP as clients of 0.5 send it; it costs 1."""
    return next(
        one["request"]["body"]
        for one in recorded("wire_0_5/exchanges.json")
        if one["request"]["path"].endswith("/lomas/opendp_query")
    )


def remaining(lomas, user="Dr. Antartica"):
    told = lomas.older("get_remaining_budget", PENGUIN, user=user).json
    return told["remaining_epsilon"], told["remaining_delta"]


# --- the dialect of 0.4 ---------------------------------------------------------------------------


def test_a_query_is_answered_at_once_and_paid(lomas, pipeline):
    answer = lomas.older("opendp_query", pipeline)

    assert answer.status_code == 200, answer.text
    assert answer.json["requested_by"] == "Dr. Antartica"
    assert answer.json["result"]["res_type"] == answer.json["result"]["type"] == "opendp"
    assert isinstance(answer.json["result"]["value"], float)
    assert remaining(lomas)[0] == pytest.approx(10 - answer.json["epsilon"], abs=1e-11)
    spent = lomas.older("get_total_spent_budget", PENGUIN).json
    assert spent["total_spent_epsilon"] == pytest.approx(answer.json["epsilon"], abs=1e-11)


def test_costs_and_dummy_rows_are_free(lomas, pipeline):
    dummy = {**pipeline, "dummy_nb_rows": 346, "dummy_seed": 42}

    cost = lomas.older("estimate_opendp_cost", pipeline)
    answer = lomas.older("dummy_opendp_query", dummy)

    assert cost.json == {name: answer.json[name] for name in ("epsilon", "delta")}
    assert remaining(lomas) == (10.0, 0.005)


def test_what_costs_more_than_is_left_is_refused_with_the_rest(lomas, pipeline):
    answer = lomas.older("opendp_query", pipeline, user="Small")

    assert answer.status_code == 400
    assert answer.json["message"] == (
        "Not enough budget for this query epsilon remaining 0.3, delta remaining 0.0."
    )
    assert remaining(lomas, "Small") == (0.3, 0.0)


def test_history_tells_what_was_asked_to_the_byte_and_answered(lomas, pipeline):
    answers = [lomas.older("opendp_query", pipeline).json for _ in range(2)]

    told = lomas.older("get_previous_queries", PENGUIN).json["previous_queries"]

    assert [one["client_input"] for one in told] == [pipeline, pipeline]
    assert [one["response"] for one in told] == answers
    assert told[0]["client_input"]["opendp_json"] == pipeline["opendp_json"]
    assert told[0]["dp_librairy"] == told[0]["dp_library"] == "opendp"
    assert told[0]["timestamp"] < told[1]["timestamp"]
    assert lomas.older("get_previous_queries", PENGUIN, user="Small").json["previous_queries"] == []


# --- the dialect of 0.5 ---------------------------------------------------------------------------


def test_a_query_of_the_newer_dialect_is_a_job(lomas, plan):
    job = lomas.done("opendp_query", plan)

    assert (job["status"], job["status_code"], job["error"]) == ("complete", 200, None)
    assert job["requested_by"] == job["result"]["requested_by"] == ANALYST
    assert job["result"]["epsilon"] == 1.0
    (row,) = json.loads(job["result"]["result"]["value"])
    assert set(row) == {"bill_length_mm", "len"}
    assert remaining(lomas)[0] == 9.0


def test_a_cost_is_a_job_that_costs_nothing(lomas, plan):
    assert lomas.done("estimate_opendp_cost", plan)["result"] == {"epsilon": 1.0, "delta": 0.0}
    assert remaining(lomas) == (10.0, 0.005)


def test_what_is_not_allowed_fails_in_lomas_words(lomas, plan):
    broken = {**plan, "opendp_json": "bm90IGEgcGxhbg=="}

    paid = lomas.newer("opendp_query", broken)
    free = lomas.done("estimate_opendp_cost", broken)

    assert paid.status_code == 400
    assert free["status"] == "failed"
    assert free["status_code"] == 400
    assert free["error"] == paid.json
    assert free["error"]["type"] == "InvalidQueryException"


def test_metadata_and_dummy_rows_are_answered_at_once_only_without_a_job(lomas, recorded):
    taken = next(
        one["response"]
        for one in recorded("wire_0_5/exchanges.json")
        if one["request"]["path"].endswith("/get_dataset_metadata")
    )
    answer = lomas.newer("get_dataset_metadata", PENGUIN)

    assert answer.status_code == 200
    names = [column["name"] for column in answer.json["columns"]]
    assert names == [column["name"] for column in taken["columns"]]
    assert "public_length" not in answer.json
    rows = lomas.newer("get_dummy_dataset", {**PENGUIN, "dummy_nb_rows": 5, "dummy_seed": 0})
    assert rows.json["dtypes"]["bill_length_mm"] == "float64"


def test_each_dialect_is_told_what_it_can_hold(lomas, pipeline, plan):
    lomas.older("opendp_query", pipeline)
    lomas.done("opendp_query", plan)

    older = lomas.older("get_previous_queries", PENGUIN).json
    newer = lomas.newer("get_previous_queries", PENGUIN).json

    assert [one["client_input"] for one in older["previous_queries"]] == [pipeline]
    assert [one["client_input"] for one in newer["previous_queries"]] == [plan]
    assert older["queries_omitted"] == newer["queries_omitted"] == 1


def test_an_unknown_job_has_failed_and_looks_like_anothers(lomas, plan):
    uid = lomas.newer("opendp_query", plan).json["uid"]

    others = lomas.status(uid, holder="Small")
    unknown = lomas.status("00000000-0000-0000-0000-000000000000", holder="Small")

    assert others["status"] == unknown["status"] == "failed"
    assert {**others, "uid": ""} == {**unknown, "uid": ""}


def test_jobs_and_history_outlive_the_server(opened, plan):
    first = opened()
    done = first.done("opendp_query", plan)
    first.server.close()
    second = opened()
    second.tokens = first.tokens

    assert second.status(done["uid"]) == done
    (told,) = second.newer("get_previous_queries", PENGUIN).json["previous_queries"]
    assert told["response"] == done["result"]
    assert remaining(second)[0] == 9.0


# --- who is let in --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("user", "holder"),
    [(ANALYST, "Small"), ("Small", ANALYST), ("Mallory", ANALYST), (ANALYST, None)],
)
def test_nobody_is_whom_a_header_says_without_that_token(user, holder, lomas):
    headers = {"user-name": user}
    if holder:
        headers["Authorization"] = f"Bearer {lomas.tokens[holder]}"

    answer = lomas.client.simulate_post(
        "/lomas/get_dataset_metadata", json=PENGUIN, headers=headers
    )

    assert answer.status_code == 403
    assert answer.json["type"] == "UnauthorizedAccessException"
    assert answer.json["message"].startswith(f"User {user} does not exist.")


def test_a_client_without_header_and_token_is_nobody(lomas):
    answer = lomas.newer("get_dataset_metadata", PENGUIN, holder=None)

    assert answer.status_code == 403
    assert answer.json["message"].startswith("User None does not exist.")


@pytest.mark.parametrize("dialect", ["older", "newer"])
def test_an_unknown_dataset_looks_like_one_without_access(dialect, lomas):
    ask = getattr(lomas, dialect)
    unknown = ask("get_dataset_metadata", {"dataset_name": "NOWHERE"})
    without = ask("get_dataset_metadata", {"dataset_name": "BIRTHDAYS"})

    assert unknown.status_code == without.status_code == 403
    assert unknown.text.replace("NOWHERE", "BIRTHDAYS") == without.text


def test_access_is_asked_for_before_anything_is_read(lomas):
    answer = lomas.older(
        "estimate_opendp_cost",
        {"dataset_name": "BIRTHDAYS", "opendp_json": "nope", "fixed_delta": None},
    )

    assert answer.json["message"] == "Dr. Antartica does not have access to BIRTHDAYS."


def test_what_an_organiser_grants_lets_in(lomas, pipeline):
    from anomed_core import Role, Subject

    assert lomas.older("get_dataset_metadata", PENGUIN, user="Nobody").status_code == 403
    lomas.server.ledger.budgets.grant(
        "penguin",
        "penguin",
        [Subject(role=Role.ANONYMIZER, anonymizer="Nobody")],
        {"epsilon": 1, "delta": 0},
        reason="asked for it",
    )

    assert lomas.older("opendp_query", pipeline, user="Nobody").status_code == 200
    assert lomas.older("get_initial_budget", PENGUIN, user="Nobody").json == {
        "initial_epsilon": 1.0,
        "initial_delta": 0.0,
    }


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/lomas/nowhere", b"", 404),
        ("PUT", "/lomas/opendp_query", b"", 405),
        ("POST", "/lomas/opendp_query", b'{"dataset_name": "PENGUIN", "dataset_name": "X"}', 400),
        ("POST", "/lomas/opendp_query", b'{"dataset_name": NaN}', 400),
        ("POST", "/lomas/opendp_query", b"[1]", 400),
        ("POST", "/lomas/get_dataset_metadata", b'{"dataset_name": 3}', 400),
        ("POST", "/lomas/smartnoise_synth_query", b"{}", 400),
    ],
)
def test_whatever_is_refused_is_refused_in_lomas_words(method, path, body, status, lomas):
    answer = lomas.client.simulate_request(
        method,
        path,
        body=body,
        headers={
            "user-name": "Dr. Antartica",
            "Authorization": f"Bearer {lomas.tokens[ANALYST]}",
        },
    )

    assert answer.status_code == status
    assert answer.json["type"] == "InvalidQueryException"
    assert answer.json["message"]


def test_a_frozen_account_is_no_access(lomas, pipeline):
    from anomed_core import Role, Subject

    subject = Subject(role=Role.ANONYMIZER, anonymizer=ANALYST)
    lomas.server.ledger.budgets.freeze("penguin", "penguin", subject, reason="to look")

    answer = lomas.older("opendp_query", pipeline)

    assert answer.status_code == 403
    assert answer.json["type"] == "UnauthorizedAccessException"


def test_a_failure_after_the_price_was_paid_is_one_sentence_and_spent(lomas, pipeline, monkeypatch):
    from anomed_dp_query.challenge import queries
    from anomed_dp_query.libraries.library import RunFailed

    def fail(*_):
        raise RunFailed("row 7 is odd")

    monkeypatch.setattr(queries, "run", fail)

    answer = lomas.older("opendp_query", pipeline)

    assert answer.status_code == 500
    assert answer.json["message"] == (
        "The query failed after its price was paid; its amount is spent."
    )
    assert "row 7" not in answer.text
    assert remaining(lomas)[0] < 9.3


def test_racing_queries_never_overdraw(lomas, pipeline, racing):
    def four():
        return [lomas.older("opendp_query", pipeline).status_code for _ in range(4)]

    answers = [status for statuses in racing(four, 4) for status in statuses]

    assert sorted(answers) == [200] * 14 + [400] * 2
    assert remaining(lomas)[0] == pytest.approx(10 - 14 * 0.7080924855500751, abs=1e-10)
