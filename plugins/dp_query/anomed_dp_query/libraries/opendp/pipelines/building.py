"""Build a checked pipeline with OpenDP: each constructor is named here, none is looked up."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import attrs
import numpy as np
import pandas as pd

from anomed_dp_query.libraries.opendp.loading import opendp
from anomed_dp_query.libraries.opendp.pipelines.reading import Pipeline
from anomed_dp_query.metadata.model import TableMetadata

_LINE_ENDS = re.compile(r"[,\r\n]")


@attrs.frozen(kw_only=True)
class Built:
    """A measurement of OpenDP on the text of a table.

    Attributes
    ----------
    measurement
        OpenDP's own object.
    is_gaussian
        Whether its loss is a rho.
    """

    measurement: Any
    is_gaussian: bool

    def loss(self, distance: int) -> float:
        """Return epsilon, or rho, for tables that differ by so many rows."""
        return float(self.measurement.map(distance))

    def epsilon(self, distance: int, *, delta: float) -> float:
        """Return the epsilon of a Gaussian measurement at a delta."""
        approximate = opendp().combinators.make_zCDP_to_approxDP(self.measurement)
        return float(approximate.map(distance).epsilon(delta))

    def release(self, text: str) -> Any:
        """Return the measurement's answer, once."""
        return self.measurement(text)


def build(pipeline: Pipeline, table: TableMetadata) -> Built:
    """Return the measurement of a pipeline.

    Parameters
    ----------
    pipeline
        As `read_pipeline` returned it.
    table
        What is public about the table.
    """
    library = opendp()
    steps = _constructors(library)
    split = _undecorated(library.transformations.make_split_dataframe)
    select = _undecorated(library.transformations.make_select_column)
    chain = split(separator=",", col_names=list(table.names)) >> select(
        key=pipeline.column, TOA="String"
    )
    for step in pipeline.steps:
        make = steps[step.name]
        chain = chain >> make(chain.output_domain, chain.output_metric, **step.arguments)
    return Built(measurement=chain, is_gaussian=pipeline.is_gaussian)


def _undecorated(constructor: Callable[..., Any]) -> Callable[..., Any]:
    # it is deprecated, and its decorator changes the warnings of all threads for a moment
    return getattr(constructor, "__wrapped__", constructor)


def _constructors(library: Any) -> dict[str, Callable[..., Any]]:
    transformations, measurements = library.transformations, library.measurements
    return {
        "cast": transformations.make_cast,
        "cast_default": transformations.make_cast_default,
        "impute_constant": transformations.make_impute_constant,
        "clamp": transformations.make_clamp,
        "resize": transformations.make_resize,
        "is_equal": transformations.make_is_equal,
        "count": transformations.make_count,
        "count_distinct": transformations.make_count_distinct,
        "count_by_categories": transformations.make_count_by_categories,
        "sum": transformations.make_sum,
        "mean": transformations.make_mean,
        "variance": transformations.make_variance,
        "laplace": measurements.make_laplace,
        "geometric": measurements.make_geometric,
        "gaussian": measurements.make_gaussian,
    }


def text_of(frame: pd.DataFrame, pipeline: Pipeline, n_columns: int) -> str:
    """Return the table as the text that the pipeline splits: one line a row, its column alone.

    A comma or an end of line in a cell would be a column or a row more, and one person would be
    several, so they become spaces.
    """
    column = frame[pipeline.column]
    missing = column.isna().to_numpy(dtype=bool)
    cells = [
        "" if is_missing else _LINE_ENDS.sub(" ", _cell(value))
        for value, is_missing in zip(column.tolist(), missing.tolist(), strict=True)
    ]
    before, after = "," * pipeline.place, "," * (n_columns - 1 - pipeline.place)
    return "\n".join(f"{before}{cell}{after}" for cell in cells)


def _cell(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else repr(value)
