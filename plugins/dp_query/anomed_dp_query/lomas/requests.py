"""Which fields Lomas' requests must have, in both dialects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_FIELDS = {
    "smartnoise-sql": ("query_str", "epsilon", "delta", "mechanisms"),
    "opendp": ("opendp_json",),
    "diffprivlib": (
        "diffprivlib_json",
        "feature_columns",
        "target_columns",
        "test_size",
        "test_train_split_seed",
        "imputer_strategy",
    ),
    "smartnoise-synth": (
        "synth_name",
        "epsilon",
        "delta",
        "select_cols",
        "synth_params",
        "nullable",
        "constraints",
    ),
}
_OF_QUERIES = {
    "smartnoise-sql": ("postprocess",),
    "smartnoise-synth": ("return_model", "condition", "nb_samples"),
}
_OF_PIPELINES, _OF_PLANS = ("fixed_delta",), ("epsilon", "delta", "rho")


def missing_fields(
    library: str, body: Mapping[str, Any], *, newer: bool, is_query: bool
) -> list[str]:
    """Return the fields that a question to a library lacks.

    Parameters
    ----------
    library
        Name of the library, as here.
    body
        The request.
    newer
        Whether it comes from a client of 0.5.
    is_query
        Whether it wants an answer, and not its cost alone.

    Examples
    --------
    >>> missing_fields("opendp", {"opendp_json": "{}"}, newer=False, is_query=True)
    ['fixed_delta']
    """
    fields = _FIELDS[library]
    if library == "opendp":
        fields += _OF_PLANS if newer else _OF_PIPELINES
    if is_query:
        fields += _OF_QUERIES.get(library, ())
    return [field for field in fields if field not in body]
