"""Real records and hidden messages, tried on the served challenge.

What cannot be excluded is here, too, with how much it yields.
"""

import hashlib
import io
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from anomed_dataset_synthesis.generators import Bootstrap, Copy
from anomed_dataset_synthesis.table.canonical import CanonicalTable, canonicalise, to_frame

from .cheating import TUNING, exact_scores, metrics_of


def test_a_verbatim_copy_is_found_out_by_house_and_attackers(open_served: Any) -> None:
    served = open_served()  # where no other table gives the same people away
    scores = served.player.publish("copy", served.synthesize(Copy()), data_split=TUNING)
    assert scores["utility"] > 0.8
    assert scores["passes_gate"] == 1
    assert metrics_of(served, "panel", "copy")["risk_low"] > 0.9
    attack = served.player.attack(
        "membership",
        exact_scores(served, "copy"),
        anonymizer="copy",
        deanonymizer="looker",
        data_split=TUNING,
    )
    assert attack["auc"] > 0.99
    assert attack["risk_low"] > 0.85
    assert attack["background_auc"] < 0.6


def test_a_bootstrap_copy_gives_two_thirds_away(served: Any) -> None:
    served.player.publish("bootstrap", served.synthesize(Bootstrap()), data_split=TUNING)
    found = metrics_of(served, "panel", "bootstrap")
    assert found["exact_match.all_targets.auc"] == pytest.approx(0.816, abs=0.05)
    assert found["risk_low"] > 0.4


def test_a_leak_of_one_percent_hides_from_the_average_and_not_from_the_list(
    served: Any, independent: pd.DataFrame
) -> None:
    training = served.player.table("/data/anonymizer/training", data_split=TUNING)
    n_leaked = max(6, len(training) // 100)
    leak = pd.concat([training.iloc[:n_leaked], independent.iloc[n_leaked:]])
    served.player.publish("leak", leak, data_split=TUNING)
    found = metrics_of(served, "panel", "leak")
    assert found["distance_ratio.all_targets.auc"] < 0.58
    assert found["diagnostics.n_exact_records"] >= n_leaked - 1
    assert found["diagnostics.copies_training_records"] == 1


def test_public_real_records_are_flagged_as_no_synthesis(served: Any) -> None:
    background = served.player.table("/data/background")
    n_training = served.player.rules()["n_training"][TUNING]
    scores = served.player.publish("stolen", background.iloc[:n_training], data_split=TUNING)
    assert scores["utility"] > 0.5  # useful, and no leak: hence the flag
    found = metrics_of(served, "panel", "stolen")
    assert found["diagnostics.copies_public_records"] == 1
    assert found["risk_low"] < 0.2


def test_a_reversible_recoding_misses_the_gate(served: Any) -> None:
    book = served.player.codebook()
    training = served.player.table("/data/anonymizer/training", data_split=TUNING)
    levels = canonicalise(training, book).levels
    rng = np.random.default_rng(5)
    keys = [rng.permutation(n) for n in book.n_levels]
    recoded = np.column_stack(
        [np.where(column < 0, -1, key[column]) for key, column in zip(keys, levels.T, strict=True)]
    )
    table = to_frame(CanonicalTable(codebook=book, levels=recoded))
    scores = served.player.publish("recoded", table, data_split=TUNING)
    assert scores["passes_gate"] == 0
    assert scores["utility"] == 0
    assert metrics_of(served, "panel", "recoded")["diagnostics.matches_training"] < 0.01


def published_file(served: Any, name: str) -> bytes:
    answer = served.player.client.get(
        "/data/synthetic", params={"anonymizer": name, "data_split": TUNING}
    )
    assert answer.status_code == 200
    return bytes(answer.content)


def test_order_digits_metadata_and_dictionaries_carry_nothing(
    served: Any, independent: pd.DataFrame, quiet: str
) -> None:
    marked = independent.sort_values("outcome", kind="stable").copy()
    # within a step of the grid, odd thousands say yes
    marked["number"] = marked["number"] + np.where(marked["outcome"] == "yes", 1_000, 2_000)
    marked["number"] = marked["number"].clip(0, independent["number"].max())
    arrow = pa.Table.from_pandas(marked, preserve_index=False)
    place = arrow.column_names.index("job")
    arrow = (
        arrow.set_column(place, "job", arrow["job"].dictionary_encode())
        .select(arrow.column_names[::-1])
        .replace_schema_metadata({"message": "the members are"})
    )
    buffer = io.BytesIO()
    pq.write_table(arrow, buffer)
    served.player.publish("marked", buffer.getvalue(), data_split=TUNING)
    assert published_file(served, "marked") == published_file(served, quiet)
    assert b"the members are" not in published_file(served, "marked")


def test_a_message_in_the_choice_of_values_cannot_be_excluded(
    open_served: Any, independent: pd.DataFrame
) -> None:
    """An accomplice with a key tells members by three columns of otherwise made-up records.

    This yields an AUC of about .98 to the accomplice and nothing to the house. It is no way to win:
    the accomplice's success counts as risk of the table, and only who works for the synthesizer has
    the key.
    """
    served = open_served()
    book = served.player.codebook()
    places = [book.position(name) for name in ("age", "weight", "number")]
    n_levels = [book.n_levels[place] for place in places]

    def slots(table: pd.DataFrame) -> np.ndarray:
        levels = canonicalise(table, book).levels
        digests = [hashlib.sha256(b"our key" + row.tobytes()).digest() for row in levels]
        return np.array([int.from_bytes(digest[:6], "big") for digest in digests]) % np.prod(
            n_levels
        )

    training = served.player.table("/data/anonymizer/training", data_split=TUNING)
    levels = canonicalise(independent, book).levels.copy()
    levels[:, places] = np.column_stack(np.unravel_index(slots(training), n_levels))
    message = to_frame(CanonicalTable(codebook=book, levels=levels))
    served.player.publish("messenger", message, data_split=TUNING)
    got = served.player.table("/data/synthetic", anonymizer="messenger", data_split=TUNING)
    heard = canonicalise(got, book).levels[:, places]
    known = set(np.ravel_multi_index(tuple(heard.T), n_levels).tolist())
    targets = served.player.table("/data/deanonymizer/targets", data_split=TUNING)
    scores = np.array([float(slot in known) for slot in slots(targets)])
    attack = served.player.attack(
        "membership",
        scores,
        anonymizer="messenger",
        deanonymizer="accomplice",
        data_split=TUNING,
    )
    assert attack["auc"] > 0.95
    assert attack["risk_low"] > 0.7
    assert metrics_of(served, "panel", "messenger")["risk_low"] < 0.1
