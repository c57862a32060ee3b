"""What the tutorial for authors builds is as small as it says."""

from tests.docs.packages import DOCS, files_of

PAGE = "tutorial/write-a-challenge-type.md"
PACKAGE = "anomed-diabetes-sex"


def n_lines(text: str) -> int:
    """Count lines of code; blank ones are none."""
    return sum(1 for line in text.splitlines() if line.strip())


def test_a_type_and_its_tests_take_less_than_150_lines() -> None:
    files = files_of(PAGE)
    plugin = n_lines(files[f"{PACKAGE}/anomed_diabetes_sex/plugin.py"])
    tests = n_lines(files[f"{PACKAGE}/tests/test_plugin.py"])

    said = " ".join((DOCS / PAGE).read_text(encoding="utf-8").split())
    assert plugin + tests < 150
    assert f"{plugin} lines of plugin and {tests} of tests" in said


def test_a_type_that_answers_questions_takes_less_than_120_lines() -> None:
    page = "tutorial/answer-questions.md"
    plugin = n_lines(files_of(page)["twenty_numbers.py"])

    assert plugin < 120
    said = " ".join((DOCS / page).read_text(encoding="utf-8").split())
    assert f"All of it is {plugin} lines of plugin" in said


def test_a_detector_takes_less_than_40_lines() -> None:
    files = files_of("how-to/write-a-detector.md")

    assert n_lines(files["anomed_distance.py"]) + n_lines(files["pyproject.toml"]) < 40
