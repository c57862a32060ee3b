"""The page that explains the metrics knows all that are declared."""

from pathlib import Path

import pytest
from anomed_dataset_anonymization.challenge.metrics.tables import TABLE_ROWS

PAGE = Path(__file__).parents[3] / "docs" / "explanation" / "how-anonymity-is-measured.md"


@pytest.mark.parametrize("name", [*(metric.name for metric in TABLE_ROWS), "accuracy"])
def test_every_metric_of_tables_is_explained(name):
    if not PAGE.is_file():
        pytest.skip("needs the repository's docs")
    page = PAGE.read_text(encoding="utf-8")
    assert f"| `{name}` |" in page or f"`{name}` is 0" in page
