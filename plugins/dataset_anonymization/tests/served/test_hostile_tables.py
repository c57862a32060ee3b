"""Tables that would cost the server, tried on the served challenge."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import parquet as pq

from .conftest import Player, parquet


def test_parquet_bombs_are_refused_before_they_are_unpacked(player: Player) -> None:
    bomb = pa.table({"age": pa.array(np.zeros(50_000_000, dtype=np.int8))})
    buffer = io.BytesIO()
    pq.write_table(bomb, buffer)

    assert player.publish(buffer.getvalue()).status_code == 413


def test_huge_domains_are_refused(player: Player, leaky: pd.DataFrame) -> None:
    wide = pd.DataFrame(np.zeros((2, 3000)), columns=[f"region_{i}" for i in range(3000)])
    texts = leaky.assign(region=[f"village {i}" for i in range(len(leaky))])

    assert player.publish(wide, "generalization").status_code == 413
    assert player.publish(texts).status_code == 422


def test_parquet_that_lies_about_its_index_is_read_without_it(
    player: Player, leaky: pd.DataFrame
) -> None:
    table = pa.Table.from_pandas(leaky)
    for lie in (b"{", b"[" * 5000, b'{"index_columns": ["nobody"]}', b'{"index_columns": 3}'):
        damaged = table.drop_columns("record_id").replace_schema_metadata({b"pandas": lie})
        buffer = io.BytesIO()
        pq.write_table(damaged, buffer)
        answer = player.publish(buffer.getvalue())
        assert (answer.status_code, answer.json["lineage_declared"]) == (201, 0.0)
    assert player.publish(parquet(leaky)).json["lineage_declared"] == 1.0
