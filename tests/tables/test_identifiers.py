from typing import Any

import numpy as np
import pandas as pd
import pytest

from anomed_core.errors import UsageError
from anomed_core.tables import refuse_identifiers

RNG = np.random.default_rng(3)
IDENTIFYING = {
    "names": [f"Person {number}" for number in range(400)],
    "names of most": [f"Person {min(number, 385)}" for number in range(400)],
    "names with gaps": [f"Person {n}" if n % 3 else None for n in range(400)],
    "categories": pd.Categorical([f"Person {number}" for number in range(400)]),
    "accounts": RNG.permutation(400) + 70_000,
    "left by a filter": np.sort(RNG.permutation(2_000)[:400]),
    "every tenth": RNG.permutation(400) * 10,
    "beyond floats": RNG.permutation(400) + 2**60,
    "with gaps": pd.array([n if n % 2 else None for n in range(400)], "Int64"),
}
SHARED = {
    "towns": RNG.choice(["Bonn", "Kiel"], 400),
    "measured": np.unique(RNG.integers(0, 10**7, 800))[:400],
    "far apart": [-(2**63), *range(0, 2**62, 2**62 // 398), 2**63 - 1][:400],
    "real": RNG.normal(size=400),
    "days": pd.date_range("2024-01-01", periods=400),
    "flags": [True, False] * 200,
    "ages": RNG.integers(18, 90, 400),
    "nothing": [None] * 400,
}


@pytest.mark.parametrize("name", sorted(IDENTIFYING))
def test_what_names_people_is_refused_with_how_to_leave_it_out(name: str) -> None:
    people = pd.DataFrame({"age": SHARED["ages"], name: IDENTIFYING[name]})

    with pytest.raises(UsageError, match=f"column '{name}' holds .* --drop .*{name}"):
        refuse_identifiers(people, unchanged=[name])


@pytest.mark.parametrize("name", sorted(SHARED))
def test_what_people_share_or_have_by_chance_is_taken(name: str) -> None:
    column: Any = SHARED[name]

    refuse_identifiers(pd.DataFrame({name: column}), unchanged=[name])


def test_numbers_are_looked_at_only_where_they_are_published_as_they_are() -> None:
    refuse_identifiers(pd.DataFrame({"account": IDENTIFYING["accounts"]}))


def test_few_people_have_what_nobody_else_has() -> None:
    people = pd.DataFrame({"town": [f"town {n}" for n in range(20)], "age": range(20, 40)})

    refuse_identifiers(people, unchanged=["town", "age"])
