"""Files and predicates that would harm the server, tried on the served challenge."""

import io
import pickle
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from anomed_client import Refused

from .cheating import FINAL, TUNING


def test_hostile_files_are_refused_and_cost_nothing(served: Any, independent: pd.DataFrame) -> None:
    n_records = len(independent)
    flood = independent.assign(job=[f"{place}" * 50 for place in range(n_records)])
    bomb = pa.table({"age": pa.array(np.zeros(3_000_000, dtype=np.int64))})
    buffer = io.BytesIO()
    pq.write_table(bomb, buffer, compression="zstd")
    hostile = {
        "pickle": pickle.dumps(independent),
        "bomb": buffer.getvalue(),
        "flood": flood.to_parquet(index=False),
        "few": independent.iloc[: n_records // 3].to_parquet(index=False),
        "many": pd.concat([independent] * 3).to_parquet(index=False),
        "same": pd.concat([independent.iloc[:1]] * n_records).to_parquet(index=False),
        "extra": independent.assign(secret=1).to_parquet(index=False),
        "short": independent.drop(columns="age").to_parquet(index=False),
        "infinite": independent.assign(weight=np.inf).to_parquet(index=False),
    }
    for name, content in hostile.items():
        with pytest.raises(Refused) as refusal:
            served.player.publish("hostile", content, data_split=FINAL)
        assert refusal.value.status in {400, 413, 422}, name
        assert len(str(refusal.value)) < 700, name
    history = served.player.client.get("/attempts", params={"anonymizer": "hostile"}).json()
    assert history["attempts"] == []


@pytest.mark.parametrize(
    "predicates",
    [
        ["__import__('os').getcwd()"],
        [[["age", "==", "__import__('os')"]]],
        [[["age; DROP TABLE", "==", 1]]],
        [[["age", "in", 3]]],
        [[["job", "<", "job 3"]]],
        [[["age", "==", 30]]] * 101,
        [],
        {"age": 30},
    ],
)
def test_predicates_are_data_and_nothing_else(served: Any, quiet: str, predicates: Any) -> None:
    with pytest.raises(Refused) as refusal:
        served.player.attack(
            "singling-out",
            predicates if isinstance(predicates, list) else [predicates],
            anonymizer=quiet,
            deanonymizer="coder",
            data_split=TUNING,
        )
    assert refusal.value.status == 422
