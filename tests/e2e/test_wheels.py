"""Wheels alone, in fresh environments, work: what is shipped is all that is needed."""

import io
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import httpx
import numpy as np
import pytest

from anomed_core.environments import Environment
from anomed_core.scaffold import write_package
from tests.docs.packages import files_of

from .environments import REPOSITORY
from .processes import serving
from .wheels import UV, build_wheel, fresh_environment, run

PLUGINS = sorted(path.parent for path in REPOSITORY.glob("plugins/*/pyproject.toml"))
CLIENT = REPOSITORY / "client"
EXTRAS = REPOSITORY / "examples" / "anomed-mia-extras"
ANOMALY_EXTRAS = REPOSITORY / "examples" / "anomed-anomaly-extras"
TUTORIAL = "tutorial/write-a-challenge-type.md"

WheelOf = Callable[[Path], Path]

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture(scope="module")
def wheel_of(tmp_path_factory: pytest.TempPathFactory) -> WheelOf:
    """Return a function that builds the wheel of a project, once."""
    if not UV.exists():
        pytest.skip("uv is not installed beside this Python; run: make install")
    built: dict[Path, Path] = {}

    def build(project: Path) -> Path:
        if project not in built:
            built[project] = build_wheel(project, tmp_path_factory.mktemp("wheels") / "dist")
        return built[project]

    return build


def served(environment: Environment, plugin: str, folder: Path):  # type: ignore[no-untyped-def]
    """Serve a type's demo from an environment, as a context manager."""
    return serving(
        [str(environment.program("anomed")), "serve", "--plugin", plugin, "--port", "{port}"],
        name=plugin,
        folder=folder,
        environment={"ANOMED_SERVER_WORKERS": "1"},
    )


def get_arrays(url: str, **query: str) -> dict[str, np.ndarray]:
    answer = httpx.get(url, params=query, trust_env=False).raise_for_status()
    with np.load(io.BytesIO(answer.content)) as file:
        return dict(file)


def score(url: str, prediction: np.ndarray, **query: str) -> dict[str, float]:
    body = io.BytesIO()
    np.savez(body, prediction=prediction)
    answer = httpx.post(url, params=query, content=body.getvalue(), trust_env=False, timeout=60)
    assert answer.status_code == 201, answer.text
    metrics: dict[str, float] = answer.json()
    return metrics


@pytest.mark.parametrize("project", PLUGINS, ids=lambda project: project.name)
def test_a_plugin_needs_nothing_but_its_wheel_and_the_cores(
    project: Path, wheel_of: WheelOf, tmp_path: Path
) -> None:
    environment = fresh_environment(
        tmp_path / "environment", [wheel_of(REPOSITORY), wheel_of(CLIENT), wheel_of(project)]
    )

    (listed,) = json.loads(
        run(environment.program("anomed"), "plugins", "list", "--json", folder=tmp_path)
    )
    assert listed["name"] == project.name.replace("_", "-")
    assert listed["state"] == "ok"
    checked = run(
        environment.program("anomed"),
        "challenge",
        "check",
        "--plugin",
        listed["name"],
        folder=tmp_path,
    )
    assert "1 challenge(s) checked" in checked


def test_a_participant_installs_two_libraries_and_nothing_of_ours(
    wheel_of: WheelOf, tmp_path: Path
) -> None:
    bare = fresh_environment(tmp_path / "bare", ["httpx", "numpy"])
    ours = fresh_environment(tmp_path / "ours", [wheel_of(CLIENT)])

    needed, installed = (
        {path.name.partition("-")[0] for path in environment.folder.rglob("*.dist-info")}
        for environment in (bare, ours)
    )
    assert installed - needed == {"anomed_client"}
    said = run(
        ours.program("python"), "-c", "import anomed_client; print(anomed_client)", folder=tmp_path
    )
    assert "site-packages" in said


def test_what_the_scaffold_writes_is_built_installed_tested_and_served(
    wheel_of: WheelOf, tmp_path: Path
) -> None:
    package = write_package("fresh-idea", tmp_path)
    environment = fresh_environment(
        tmp_path / "environment",
        [wheel_of(REPOSITORY), wheel_of(CLIENT), wheel_of(package), "pytest"],
    )
    shutil.copytree(package / "tests", tmp_path / "elsewhere" / "tests")

    tested = run(environment.program("pytest"), "-q", "-W", "error", folder=tmp_path / "elsewhere")
    assert " passed" in tested
    with served(environment, "fresh-idea", tmp_path / "state") as server:
        features = get_arrays(f"{server.url}/data/anonymizer/tuning")["X"]
        metrics = score(
            f"{server.url}/utility/anonymizer",
            features.sum(axis=1),
            anonymizer="sum",
            data_split="tuning",
        )
    assert list(metrics) == ["mae"]


def test_what_the_tutorial_builds_is_packaged_as_it_says(wheel_of: WheelOf, tmp_path: Path) -> None:
    package = write_package("diabetes-sex", tmp_path)
    for path in [*package.glob("anomed_*/c*.py"), *package.glob("tests/*.py")]:
        path.unlink()
    for name, text in files_of(TUTORIAL).items():
        (tmp_path / name).write_text(text)
    environment = fresh_environment(
        tmp_path / "environment",
        [wheel_of(REPOSITORY), wheel_of(CLIENT), wheel_of(package), "pytest"],
    )
    shutil.copytree(package / "tests", tmp_path / "elsewhere" / "tests")

    tested = run(environment.program("pytest"), "-q", "-W", "error", folder=tmp_path / "elsewhere")
    checked = run(
        environment.program("anomed"), "plugins", "check", "diabetes-sex", folder=tmp_path
    )

    page = (REPOSITORY / "docs" / TUTORIAL).read_text(encoding="utf-8")
    for printed, pattern in {
        tested: r"\d+ passed",
        checked: r"diabetes-sex: \d+ checks, 0 failed",
    }.items():
        said = re.findall(pattern, page)
        assert said
        assert said[-1] in printed


def test_an_extension_of_somebody_elses_type_takes_part_once_installed(
    wheel_of: WheelOf, tmp_path: Path
) -> None:
    parts = (REPOSITORY, CLIENT, REPOSITORY / "plugins" / "supervised_mia", EXTRAS)
    environment = fresh_environment(tmp_path / "environment", [*map(wheel_of, parts), "pytest"])
    shutil.copytree(EXTRAS / "tests", tmp_path / "elsewhere" / "tests")

    listed = json.loads(
        run(environment.program("anomed"), "plugins", "list", "--json", folder=tmp_path)
    )
    assert {row["name"]: (row["kind"], row["state"]) for row in listed} == {
        "supervised-mia": ("challenge type", "ok"),
        "mia-extras": ("extension", "ok"),
    }
    tested = run(environment.program("pytest"), "-q", "-W", "error", folder=tmp_path / "elsewhere")
    assert " passed" in tested
    folder = tmp_path / "state"
    with served(environment, "supervised-mia", folder) as server:
        features = get_arrays(f"{server.url}/data/anonymizer/validation")["X"]
        final = {"anonymizer": "constant", "data_split": "validation"}
        score(f"{server.url}/utility/anonymizer", np.zeros(len(features), dtype=int), **final)
        attack = {"anonymizer": "constant", "deanonymizer": "all", "data_split": "tuning"}
        records = get_arrays(f"{server.url}/data/attack-success-evaluation", **attack)["X"]
        guess = np.ones(len(records), dtype=bool)
        metrics = score(f"{server.url}/utility/deanonymizer", guess, **attack)
    assert metrics["membership_advantage"] == 0.0
    assert (metrics["tpr"], metrics["fpr"]) == (1.0, 1.0)
    run(
        environment.program("anomed"),
        "report",
        "--plugin",
        "supervised-mia",
        "--output",
        "pages",
        folder=folder,
    )
    (page,) = (folder / "pages").rglob("*.html")
    assert "Memorisation" in page.read_text()


def test_detectors_triggers_and_tasks_of_somebody_else_are_found_once_installed(
    wheel_of: WheelOf, tmp_path: Path
) -> None:
    parts = (REPOSITORY, CLIENT, REPOSITORY / "plugins" / "anomaly_detection", ANOMALY_EXTRAS)
    environment = fresh_environment(tmp_path / "environment", [*map(wheel_of, parts), "pytest"])
    shutil.copytree(ANOMALY_EXTRAS / "tests", tmp_path / "elsewhere" / "tests")

    tested = run(environment.program("pytest"), "-q", "-W", "error", folder=tmp_path / "elsewhere")
    assert " passed" in tested
    for group, name in (("detectors", "class-distance"), ("triggers", "stripe")):
        listed = run(environment.program("anomed"), "anomaly", group, folder=tmp_path)
        assert name in listed
