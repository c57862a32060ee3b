"""The notebooks run as their readers run them, and their last cell says what came out."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

nbformat = pytest.importorskip("nbformat", reason="needs nbformat, nbclient and ipykernel")
nbclient = pytest.importorskip("nbclient", reason="needs nbformat, nbclient and ipykernel")

NOTEBOOKS = Path(__file__).parents[2] / "examples" / "notebooks"
TIMEOUT_S = 300

pytestmark = pytest.mark.e2e


def run(name: str, folder: Path) -> Any:
    """Run a notebook; return the value of its last cell."""
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    client = nbclient.NotebookClient(
        notebook,
        timeout=TIMEOUT_S,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute()
    (result,) = [
        output["data"]["text/plain"]
        for output in notebook.cells[-1].outputs
        if output["output_type"] == "execute_result"
    ]
    return ast.literal_eval(result)


def test_two_networks_leak_more_the_longer_they_learn(tmp_path: Path) -> None:
    told = run("two_networks", tmp_path)

    for areas in told["auc"].values():
        assert areas == sorted(areas)
    assert told["auc"]["2 layers"] == pytest.approx(
        [0.491, 0.520, 0.537, 0.547, 0.557, 0.567], abs=0.02
    )
    assert told["auc"]["3 layers"] == pytest.approx(
        [0.503, 0.531, 0.558, 0.569, 0.582, 0.607], abs=0.02
    )
    assert told["train_accuracy"] == pytest.approx(0.890, abs=0.02)
    assert told["test_accuracy"] == pytest.approx(0.723, abs=0.02)
    assert told["n_classes"] == 10
    assert told["best"][0] == "2 layers"


def test_a_participant_gets_scores_and_a_refusal_that_costs_nothing(tmp_path: Path) -> None:
    told = run("a_participants_day", tmp_path)

    assert told == {
        "tuning": pytest.approx(1.0, abs=0.05),
        "final": pytest.approx(0.957, abs=0.05),
        "attack": pytest.approx(0.5, abs=0.25),
        "refused": True,
        "attempts": 2,
    }


def test_an_organiser_finds_two_equal_finals(tmp_path: Path) -> None:
    assert run("an_organisers_day", tmp_path) == {
        "teams": ["blue", "green", "red"],
        "same": True,
        "finals": 2,
    }


def test_every_notebook_is_run_here() -> None:
    run_here = {"two_networks", "a_participants_day", "an_organisers_day"}

    assert {path.stem for path in NOTEBOOKS.glob("*.ipynb")} == run_here
