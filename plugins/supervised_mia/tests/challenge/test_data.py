"""The parts of a challenge's data: split, or given one by one."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anomed_supervised_mia import InMemoryNumpyArrays
from anomed_supervised_mia.challenge.config import DataSettings
from anomed_supervised_mia.challenge.data import NAMES, parts_of_datasets, parts_of_settings

from anomed_core import ConfigError, CreationContext, DataSource, Lottery
from anomed_core.plugins import build_registry
from anomed_core.state import ArtifactStore

X, y = np.arange(40.0).reshape(20, 2), np.arange(20) % 3


@pytest.fixture
def context(tmp_path: Path) -> CreationContext:
    own = DataSource(scheme="own", arrays=lambda _: {"X": X, "y": y})
    return CreationContext(
        challenge_id="c",
        lottery=Lottery(bytes(32), "c"),
        artifacts=ArtifactStore(tmp_path),
        sources={**build_registry(discover=False).data_sources(), "own": own},
    )


def flat(context: CreationContext, **settings: object) -> dict[str, np.ndarray]:
    facts = {"source": "own:x", **settings}
    return parts_of_settings(DataSettings(**facts), context).flat()  # type: ignore[arg-type]


# --- one source that is split ---------------------------------------------------------------------


def test_the_parts_of_a_split_are_disjoint_and_cover_everything(context: CreationContext) -> None:
    parts = flat(context, split=(0.5, 0.25, 0.25))

    assert [len(parts[f"{name} X"]) for name in ("training", "tuning", "validation")] == [10, 5, 5]
    rows = np.concatenate([parts[f"{name} X"] for name in ("training", "tuning", "validation")])
    assert sorted(map(tuple, rows)) == sorted(map(tuple, X))


def test_features_and_targets_stay_together(context: CreationContext) -> None:
    parts = flat(context)

    for name in ("training", "tuning", "validation"):
        assert ((parts[f"{name} X"][:, 0] / 2) % 3 == parts[f"{name} y"]).all()


def test_what_is_left_over_by_rounding_goes_to_validation(context: CreationContext) -> None:
    parts = flat(context, split=(0.33, 0.33, 0.34))

    assert [len(parts[f"{n} y"]) for n in ("training", "tuning", "validation")] == [6, 6, 8]


def test_shares_that_leave_records_out_leave_them_out(context: CreationContext) -> None:
    parts = flat(context, split=(0.5, 0.1, 0.1))

    assert sum(len(array) for name, array in parts.items() if name.endswith("y")) == 14


def test_a_fourth_share_makes_separate_non_members(context: CreationContext) -> None:
    assert len(flat(context, split=(0.4, 0.2, 0.2, 0.2))["non_members X"]) == 4


def test_separate_non_members_may_have_a_source_of_their_own(context: CreationContext) -> None:
    parts = flat(context, split=(0.5, 0.25, 0.25), non_members="own:outsiders")

    assert [len(parts[f"{name} X"]) for name in NAMES] == [10, 5, 5, 20]


def test_the_split_is_drawn_by_the_secret_or_by_a_seed(context: CreationContext) -> None:
    by_secret = flat(context)["training X"]
    by_seed = flat(context, seed=1)["training X"]

    assert not np.array_equal(by_secret, by_seed)
    np.testing.assert_array_equal(by_secret, flat(context)["training X"])
    np.testing.assert_array_equal(by_seed, flat(context, seed=1)["training X"])


def test_the_key_changes_with_everything_that_the_data_depend_on(context: CreationContext) -> None:
    keys = {
        parts_of_settings(DataSettings(**facts), context).key  # type: ignore[arg-type]
        for facts in (
            {"source": "own:x"},
            {"source": "own:z"},
            {"source": "own:x", "seed": 1},
            {"source": "own:x", "split": (0.5, 0.2, 0.3)},
            {"source": "own:x", "X": "other"},
            {"source": "own:x", "non_members": "own:z"},
            {"training": "own:x", "tuning": "own:x", "validation": "own:x"},
        )
    }

    assert len(keys) == 7


def test_too_few_records_are_refused(context: CreationContext) -> None:
    with pytest.raises(ConfigError, match=r"data\.split: 20 records are too few for \[0\.98"):
        flat(context, split=(0.98, 0.01, 0.01))


# --- sources --------------------------------------------------------------------------------------


def test_bundled_data_are_loaded(context: CreationContext) -> None:
    parts = flat(context, source="sklearn:iris")

    assert parts["training X"].shape == (105, 4)
    assert parts["training X"].dtype == np.float64
    assert parts["training y"].dtype == np.int64


def test_a_column_of_a_table_is_the_target(context: CreationContext, tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": range(20), "b": 1.5, "label": ["x", "y"] * 10})
    frame.to_csv(tmp_path / "data.csv", index=False)

    parts = flat(context, source=f"csv:{tmp_path / 'data.csv'}", target="label")

    assert parts["training X"].shape == (14, 2)
    assert set(parts["training y"].tolist()) == {"x", "y"}
    assert parts["training y"].dtype.kind == "U"


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"source": "sklearn:moon"}, "bundles no data set 'moon'; choose one of breast_cancer"),
        ({"source": "nowhere"}, "'nowhere' names no known source"),
        ({"source": "npz:/nowhere.npz"}, "there is no file /nowhere.npz"),
        ({"X": "features"}, "own:x has no array 'features', only X, y; name the arrays"),
        ({"source": "sklearn:iris", "target": "species"}, "there is no column 'species'; columns"),
        ({"target": "y"}, "own: offers no table"),
    ],
)
def test_what_cannot_be_loaded_is_a_configuration_error(
    settings: dict[str, object], sentence: str, context: CreationContext
) -> None:
    with pytest.raises(ConfigError, match=sentence):
        flat(context, **settings)


def test_columns_that_are_no_numbers_are_refused_with_what_to_do(
    context: CreationContext, tmp_path: Path
) -> None:
    path = tmp_path / "data.csv"
    rows = [f"0{1067 + n},2024-01-{n + 1:02},{n},{n % 2}" for n in range(20)]
    path.write_text("\n".join(["plz,seen,age,label", *rows]))

    with pytest.raises(ConfigError, match=r"are not: plz, seen; encode them, .* \(\?drop=plz\)"):
        flat(context, source=f"csv:{path}", target="label")
    told = flat(context, source=f"csv:{path}?drop=seen&kind:plz=number", target="label")
    assert set(told["training X"][:, 0]) <= set(range(1067, 1087))


def test_whole_numbers_with_gaps_are_features_and_no_targets(
    context: CreationContext, tmp_path: Path
) -> None:
    path = tmp_path / "data.csv"
    rows = [f"{n or ''},{n % 2}" for n in range(20)]
    path.write_text("\n".join(["age,label", *rows]))

    parts = flat(context, source=f"csv:{path}", target="label")

    features = np.concatenate([parts[f"{part} X"] for part in ("training", "tuning", "validation")])
    assert features.dtype == np.float64
    with pytest.raises(ConfigError, match="'age' is missing in 1 records"):
        flat(context, source=f"csv:{path}", target="age")


# --- data sets ------------------------------------------------------------------------------------


def of_datasets(**changes: tuple[np.ndarray, np.ndarray]) -> dict[str, np.ndarray]:
    pairs = dict.fromkeys(("training", "tuning", "validation"), (X, y))
    given = {name: InMemoryNumpyArrays(*pair) for name, pair in {**pairs, **changes}.items()}
    return parts_of_datasets({**given}).flat()


def test_data_sets_are_taken_as_they_are() -> None:
    np.testing.assert_array_equal(of_datasets()["tuning X"], X)


def test_absent_data_sets_are_left_out() -> None:
    parts = parts_of_datasets({"training": InMemoryNumpyArrays(X, y), "non_members": None})

    assert list(parts.flat()) == ["training X", "training y"]


@pytest.mark.parametrize(
    ("part", "sentence"),
    [
        ((X, y[:-1]), r"tuning has \(20, 2\) features and \(19,\) targets; both need one row"),
        ((X[:0], y[:0]), "tuning has no records"),
        ((X[:, :1], y), "tuning records have another shape than training records"),
        ((X, y[:, None]), "tuning records have another shape than training records"),
        ((X.astype(int), y), "another dtype than training records.*memberships would show"),
        ((X, y.astype(float)), "another dtype than training records.*memberships would show"),
        ((X.astype(complex), y), "tuning X has dtype complex128; use numbers, bools or text"),
        ((np.float64(3), y), "both need one row for each record"),
    ],
    ids=["lengths", "empty", "columns", "targets", "X dtype", "y dtype", "complex", "scalar"],
)
def test_parts_that_do_not_fit_are_refused(
    part: tuple[np.ndarray, np.ndarray], sentence: str
) -> None:
    with pytest.raises(ConfigError, match=sentence):
        of_datasets(tuning=part)


def test_objects_become_what_they_hold() -> None:
    objects = np.array([f"class {number}" for number in y], dtype=object)
    parts = of_datasets(**dict.fromkeys(("training", "tuning", "validation"), (X, objects)))

    assert parts["training y"].dtype.kind == "U"
