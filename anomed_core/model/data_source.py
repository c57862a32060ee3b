"""A data source: what stands behind ``source = "scheme:reference"`` in the configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs
import numpy as np

from anomed_core.model._converters import matching
from anomed_core.model.codebook import CodebookColumn


def _same(reference: str) -> str:
    return reference


@attrs.frozen(kw_only=True)
class DataSource:
    """Loads data named by a reference.

    Attributes
    ----------
    scheme
        The word before the colon.
    description
        What the reference means, for people.
    arrays
        Returns arrays by name, ``X`` of shape (n_records, n_features) and ``y`` of shape
        (n_records,) for supervised data; ``None`` if the source has only tables.
    table
        Returns a ``pandas.DataFrame``; ``None`` if the source has only arrays.
    reads_kinds
        Whether `table` takes a keyword `kinds`, too: what columns are, by name, as of
        ``anomed_core.tables.KINDS``. Sources of text need it; those that know their types don't.
    codebook
        Returns what the columns of the table mean; ``None`` if the source does not know.
    fingerprint
        Text that changes when the data behind the reference changes.
    """

    scheme: str = attrs.field(
        validator=matching(r"[a-z][a-z0-9-]*", "lower-case letters, digits, hyphens, as in csv")
    )
    description: str = ""
    arrays: Callable[[str], Mapping[str, np.ndarray]] | None = None
    table: Callable[..., Any] | None = None
    reads_kinds: bool = False
    codebook: Callable[[str], Sequence[CodebookColumn]] | None = None
    fingerprint: Callable[[str], str] = _same

    def pinned(self, known: dict[str, str]) -> DataSource:
        """Return the source with fingerprints that stay what they were when first asked for.

        Parameters
        ----------
        known
            Fingerprints by ``scheme:reference``; further ones are added.
        """

        def fingerprint(reference: str) -> str:
            name = f"{self.scheme}:{reference}"
            if name not in known:
                known[name] = self.fingerprint(reference)
            return known[name]

        return attrs.evolve(self, fingerprint=fingerprint)
