"""Data of a source, for commands and scripts that open no challenge."""

from __future__ import annotations

import numpy as np

from anomed_core.errors import UsageError
from anomed_core.plugins.registry import build_registry


def load_arrays(text: str) -> dict[str, np.ndarray]:
    """Load what a configuration would name as ``source = "scheme:reference"``, as arrays.

    Sources are those of the core and of all installed extensions that are not broken.

    Parameters
    ----------
    text
        ``"scheme:reference"``.

    Returns
    -------
    dict of str to ndarray
        For supervised data ``X`` of shape (n_records, n_features) and ``y`` of shape (n_records,).

    Raises
    ------
    UsageError
        If nobody offers the scheme, it has no arrays, or its data cannot be read.

    Examples
    --------
    >>> load_arrays("sklearn:iris")["X"].shape
    (150, 4)
    """
    registry = build_registry()
    registry.load_extensions()
    sources = registry.data_sources()
    scheme, separator, reference = text.partition(":")
    if not separator or scheme not in sources:
        raise UsageError(
            f"{text!r} names no known source; write scheme:reference with one of "
            f"{', '.join(sorted(sources))}"
        )
    load = sources[scheme].arrays
    if load is None:
        raise UsageError(f"{scheme}: offers tables, and no arrays")
    try:
        return dict(load(reference))
    except UsageError:
        raise
    except ValueError as error:
        raise UsageError(f"{text}: {error}") from error
