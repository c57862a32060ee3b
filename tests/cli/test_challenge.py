"""``anomed challenge check``, ``routes``, ``openapi`` and ``dummy``: before anything is served."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.cli.conftest import Anomed


def test_a_good_challenge_passes(anomed: Anomed, config: str, game: str) -> None:
    answer = anomed("challenge", "check", config, "--plugin", game)

    assert answer.code == 0
    assert "ok  mine: anonymizer (tuning), baseline 'truth' scores mae = 0\n" in answer.out
    assert answer.out.endswith("1 challenge(s) checked: Mine\n")


def test_a_plugin_is_checked_by_its_demo(anomed: Anomed, game: str) -> None:
    findings = anomed("challenge", "check", "--plugin", game, "--json").json

    assert {finding["id"] for finding in findings} == {"guessing-demo"}
    assert all(finding["outcome"] == "ok" for finding in findings)


def test_checking_touches_nothing(anomed: Anomed, config: str, game: str, tmp_path: Path) -> None:
    before = {path.name for path in tmp_path.iterdir()}

    anomed("challenge", "check", config, "--plugin", game)

    assert {path.name for path in tmp_path.iterdir()} - {"__pycache__"} == before


def test_records_that_are_not_finite_are_said(anomed: Anomed, tmp_path: Path, game: str) -> None:
    (tmp_path / "gappy.py").write_text(
        "import numpy as np\n"
        "from tests.example_types import Guessing\n"
        "class Gappy(Guessing):\n"
        "    from anomed_core import hookimpl\n"
        "    @hookimpl\n"
        "    def anomed_provide_data(self, challenge, product, request):\n"
        "        data = super().anomed_provide_data(challenge, product, request)\n"
        "        X = np.array(data['X'])\n"
        "        X[:3] = [np.nan, np.inf, 1.0]\n"
        "        return {**data, 'X': X}\n"
        "plugin = Gappy()\n"
    )

    answer = anomed("challenge", "check", "--plugin", "gappy:plugin")

    assert (
        "careful guessing-demo: /data/anonymizer/training: X holds NaN or infinity in 2 of 4 "
        "records; participants get them as they are\n"
    ) in answer.out


def test_a_bad_challenge_fails_with_code_1(anomed: Anomed, tmp_path: Path, game: str) -> None:
    (tmp_path / "bad_game.py").write_text(
        "from tests.example_types import Guessing\n"
        "plugin = Guessing(outcome=lambda _: {'mae': -1.0, 'hits': 0.0})\n"
    )

    answer = anomed("challenge", "check", "--plugin", "bad_game:plugin")

    assert answer.code == 1
    assert (
        "BAD guessing-demo: anonymizer (tuning), baseline 'truth' is perfect, but failed: "
        in answer.out
    )


def test_routes_are_listed_for_programs(anomed: Anomed, config: str, game: str) -> None:
    rows = anomed("routes", config, "--plugin", game, "--json").json

    assert {
        "method": "POST",
        "route": "/challenges/mine/utility/anonymizer",
        "for": "anonymizer",
        "description": "Guessed numbers.",
    } in rows
    assert {row["route"] for row in rows} >= {"/data/anonymizer/training", "/data/pair"}


def test_routes_are_listed_for_people(anomed: Anomed, config: str, game: str) -> None:
    answer = anomed("routes", config, "--plugin", game)

    assert answer.code == 0
    assert "/data/anonymizer/training" in answer.out


def test_the_openapi_document_is_printed(anomed: Anomed, config: str, game: str) -> None:
    document = anomed("openapi", config, "--plugin", game).json

    OpenAPIV31SpecValidator(document).validate()
    assert "/utility/anonymizer" in document["paths"]


def test_dummy_data_is_written_for_every_product(
    anomed: Anomed, config: str, game: str, tmp_path: Path
) -> None:
    answer = anomed("dummy", config, "--plugin", game, "--output", "out", "--seed", "3")

    files = sorted(path.name for path in (tmp_path / "out" / "mine").iterdir())
    assert answer.code == 0
    assert files == ["data-anonymizer-training.npz", "data-pair.npz"]
    with np.load(tmp_path / "out" / "mine" / files[0]) as arrays:
        assert arrays["X"].shape == (5,)


DOCUMENTS = """
from anomed_core import hookimpl
from tests.example_types import Tables

class Documents(Tables):
    @hookimpl
    def anomed_dummy_data(self, product, seed):
        {body}

plugin = Documents()
"""


Dummies = Callable[[str], tuple[str, dict[str, bytes]]]


@pytest.fixture
def dummies_of(anomed: Anomed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dummies:
    """Write dummy data of a challenge with a table and a document; return what was said."""
    monkeypatch.syspath_prepend(tmp_path)

    def make(body: str) -> tuple[str, dict[str, bytes]]:
        (tmp_path / "documents.py").write_text(DOCUMENTS.format(body=body))
        (tmp_path / "documents.toml").write_text('[challenges.mine]\ntype = "tables"\n')
        sys.modules.pop("documents", None)
        options = ("--plugin", "documents:plugin", "--output", "out")
        answer = anomed("dummy", "documents.toml", *options)
        assert answer.code == 0
        return answer.out, {path.name: path.read_bytes() for path in tmp_path.glob("out/mine/*")}

    return make


def test_a_document_is_written_as_json(dummies_of: Dummies) -> None:
    body = 'return {"rows": seed} if "terms" in product.path else None'

    _, files = dummies_of(body)

    assert files["data-terms.json"] == b'{"rows": 0}'
    assert set(files) == {"data-terms.json", "data-anonymizer-leaky.parquet"}


def test_a_product_without_dummy_data_is_said_to_have_none(dummies_of: Dummies) -> None:
    said, files = dummies_of("return None")

    assert "none  (/data/terms: /data/terms declares no columns or arrays" in said
    assert set(files) == {"data-anonymizer-leaky.parquet"}


def test_dummy_data_that_cannot_be_made_keeps_no_other_from_being_made(
    dummies_of: Dummies,
) -> None:
    body = 'return 1 / 0 if "leaky" in product.path else {}'

    said, files = dummies_of(body)

    assert "none  (/data/anonymizer/leaky: " in said
    assert "ZeroDivisionError" in said
    assert set(files) == {"data-terms.json"}


def test_dummy_data_of_another_challenge_is_a_mistake(
    anomed: Anomed, config: str, game: str
) -> None:
    answer = anomed("dummy", config, "--plugin", game, "--challenge", "other")

    assert (answer.code, answer.err) == (
        2,
        "anomed: there is no challenge 'other'; there are mine\n",
    )


@pytest.mark.parametrize("command", ["routes", "openapi", "dummy"])
def test_looking_leaves_no_state(
    command: str, anomed: Anomed, config: str, game: str, tmp_path: Path
) -> None:
    anomed(command, config, "--plugin", game)

    assert not (tmp_path / "anomed-state").exists()
