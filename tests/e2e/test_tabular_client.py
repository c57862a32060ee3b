"""The published client for tables works from end to end in the client environment."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from .processes import RunningServer

pytestmark = pytest.mark.e2e


def test_tabular_anonymizer_is_scored(
    published_tables: RunningServer,
    tabular_anonymizer_server: Callable[..., RunningServer],
    tmp_path: Path,
) -> None:
    anonymizer = tabular_anonymizer_server(
        published_tables, anonymizer="rounding", output_folder=tmp_path
    )
    with httpx.Client(base_url=anonymizer.url, trust_env=False, timeout=30) as client:
        fitted = client.post("/fit")
        evaluated = client.post("/evaluate")
        scheme = client.get("/anon_data_scheme")

    assert fitted.status_code == 201
    assert evaluated.status_code == 201
    assert evaluated.json()["evaluation"] == {
        "mean_absolute_error": pytest.approx(0.3),
        "is_same": 1.0,
    }
    assert scheme.json() == {"scheme": "same"}
