"""Every request that clients were seen to send has the fields that are asked for."""

import pytest
from anomed_dp_query.lomas.requests import missing_fields
from anomed_dp_query.lomas.words import LIBRARIES

SPELT = {spelt: name for name, spelt in LIBRARIES.items()}
INVALID_ON_PURPOSE = {"opendp_cost_nodelta_field"}


@pytest.mark.parametrize("wire", ["wire_0_3_5", "wire_0_4", "wire_0_5"])
def test_recorded_requests_are_complete(wire, recorded):
    seen = set()
    for one in recorded(f"{wire}/exchanges.json"):
        route = one["request"]["path"].rpartition("/")[2]
        spelt = route.removeprefix("estimate_").removeprefix("dummy_")
        spelt = spelt.removesuffix("_cost").removesuffix("_query")
        if spelt not in SPELT or one.get("name") in INVALID_ON_PURPOSE:
            continue
        seen.add(spelt)
        missing = missing_fields(
            SPELT[spelt],
            one["request"]["body"],
            newer=wire == "wire_0_5",
            is_query=route.endswith("_query"),
        )
        assert missing == [], one["request"]
    assert {"smartnoise_sql", "opendp"} <= seen
