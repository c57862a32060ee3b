"""What a plugin is given to create a challenge."""

from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest

from anomed_core import CreationContext, DataSource
from anomed_core.errors import ConfigError
from anomed_core.sampling import Lottery
from anomed_core.state import ArtifactStore


def refuse(reference: str) -> dict[str, np.ndarray]:
    raise ValueError(f"cannot read {reference}")


SOURCES = {
    "ones": DataSource(
        scheme="ones",
        arrays=lambda reference: {"X": np.ones(int(reference))},
        fingerprint=lambda reference: f"v1 {reference}",
    ),
    "bad": DataSource(scheme="bad", arrays=refuse, fingerprint=refuse),  # type: ignore[arg-type]
}


def context_of(folder: Path, *, challenge: str = "iris", seed: int = 1) -> CreationContext:
    return CreationContext(
        challenge_id=challenge,
        lottery=Lottery.seeded(seed, challenge),
        artifacts=ArtifactStore(folder),
        sources=SOURCES,
    )


@pytest.fixture
def context(tmp_path: Path) -> CreationContext:
    return context_of(tmp_path)


def test_what_is_frozen_is_known_to_the_fingerprint(context: CreationContext) -> None:
    arrays = context.freeze("data", "1", lambda: {"X": np.arange(3)})

    assert arrays["X"].tolist() == [0, 1, 2]
    assert list(context.frozen_digests) == ["data"]


def test_a_name_is_frozen_once(context: CreationContext) -> None:
    context.freeze("data", "1", lambda: {"X": np.arange(3)})

    with pytest.raises(ValueError, match="'data' is frozen already in challenge 'iris'"):
        context.freeze("data", "2", lambda: {"X": np.arange(4)})


def test_a_second_process_computes_nothing(tmp_path: Path) -> None:
    context_of(tmp_path).freeze("data", "1", lambda: {"X": np.arange(3)})

    arrays = context_of(tmp_path).freeze("data", "1", lambda: pytest.fail("computed again"))

    assert arrays["X"].tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    "other", [{"challenge": "wine"}, {"seed": 2}], ids=["challenge", "lottery"]
)
def test_challenges_and_lotteries_do_not_share_what_is_frozen(
    other: dict[str, object], tmp_path: Path
) -> None:
    context_of(tmp_path).freeze("data", "1", lambda: {"X": np.arange(3)})

    arrays = context_of(tmp_path, **other).freeze(  # type: ignore[arg-type]
        "data", "1", lambda: {"X": np.arange(4)}
    )

    assert arrays["X"].tolist() == [0, 1, 2, 3]


def test_a_source_is_found_by_its_scheme(context: CreationContext) -> None:
    assert context.load("ones:2", "arrays")["X"].tolist() == [1, 1]
    assert context.source_fingerprint("ones:2") == "ones:v1 2"


@pytest.mark.parametrize("text", ["iris", "zeros:2", ":2", ""])
def test_an_unknown_source_is_a_configuration_error(text: str, context: CreationContext) -> None:
    with pytest.raises(
        ConfigError,
        match=r"^challenges\.iris\.data\.source: .* write scheme:reference with one of bad, ones",
    ):
        context.load(text, "arrays")


def test_a_source_without_tables_says_so(context: CreationContext) -> None:
    with pytest.raises(ConfigError, match="ones: offers no table"):
        context.load("ones:2", "table")


def test_what_a_source_cannot_read_is_a_configuration_error(context: CreationContext) -> None:
    with pytest.raises(ConfigError, match=r"challenges\.iris\.data\.source: cannot read x"):
        context.load("bad:x", "arrays")
    with pytest.raises(ConfigError, match=r"challenges\.iris\.data\.source: cannot read x"):
        context.source_fingerprint("bad:x")


def test_without_a_key_other_settings_are_computed_anew(tmp_path: Path) -> None:
    def build() -> dict[str, np.ndarray]:
        return {"X": np.arange(3)}

    attrs.evolve(context_of(tmp_path), settings="a").freeze("data", build)

    same = attrs.evolve(context_of(tmp_path), settings="a").freeze("data", build)
    assert same["X"].tolist() == [0, 1, 2]
    with pytest.raises(ZeroDivisionError):
        attrs.evolve(context_of(tmp_path), settings="b").freeze("data", lambda: {"X": 1 / 0})


def test_without_a_key_other_source_text_is_computed_anew(tmp_path: Path) -> None:
    folder = tmp_path / "plugin"
    folder.mkdir()

    def frozen(value: int) -> int:
        file = folder / "changing.py"
        file.write_text(f"import numpy as np\ndef build(): return {{'X': np.array([{value}])}}\n")
        namespace: dict[str, Any] = {}
        exec(compile(file.read_text(), file, "exec"), namespace)
        return int(context_of(tmp_path).freeze("data", namespace["build"])["X"][0])

    assert [frozen(1), frozen(2)] == [1, 2]


def test_what_has_no_source_text_needs_a_key(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="has no source text"):
        context_of(tmp_path).freeze("data", dict)
    assert context_of(tmp_path).freeze("data", "1", dict) == {}
