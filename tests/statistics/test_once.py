"""Each formula stands once: what the core computes, no plugin computes again."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRODUCT = [
    path
    for folder in ("anomed_core", "plugins")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "tests" not in path.parts and ".venv" not in path.parts
]
STATISTICS = ROOT / "anomed_core" / "statistics"

SHAPES = {
    "a residual risk": r"\((\w+)(?:\.\w+)? - (\w+)(?:\.\w+)?\) / \(1(?:\.0)? - \2(?:\.\w+)?\)",
    "a confidence limit of a proportion": r"betaincinv|beta\.ppf|proportion_ci|proportion_confint",
}
"""What a second one would look like in code; docstrings may cite it."""

ALLOWED = {"anonymity_loss.py"}
"""A coefficient of precisions that may be negative: of the same shape, and another thing."""

OWNED = {
    "residual_risk",
    "excess_success",
    "epsilon_lower_bound",
    "epsilon_of_decision",
    "fix_threshold",
    "threshold_test",
    "roc_curve",
    "roc_of_scores",
    "auc_estimate",
    "null_band",
    "wilson_interval",
    "clopper_pearson",
    "success_rate",
}


def code_of(path: Path) -> str:
    """Return a file without texts and comments, in one spelling."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    return ast.unparse(tree)


@pytest.mark.parametrize("what", SHAPES)
def test_no_second_formula_is_written(what: str) -> None:
    found = [
        str(path.relative_to(ROOT))
        for path in PRODUCT
        if STATISTICS not in path.parents
        and path.name not in ALLOWED
        and re.search(SHAPES[what], code_of(path), re.IGNORECASE)
    ]

    assert found == []


def test_no_function_of_the_statistics_has_a_twin() -> None:
    twins = [
        f"{path.relative_to(ROOT)}: {node.name}"
        for path in PRODUCT
        if STATISTICS not in path.parents
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name in OWNED
    ]

    assert twins == []
