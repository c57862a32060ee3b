"""Anonymize a table so that whoever gets the result learns nothing of its order or its index."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np
import pandas as pd

from anomed_dataset_anonymization.schema import encode
from anomed_dataset_anonymization.schemes import canonicalise

if TYPE_CHECKING:
    from anomed_dataset_anonymization.anonymizers.anonymizer import Anonymizer
    from anomed_dataset_anonymization.schema import TableSchema
    from anomed_dataset_anonymization.schemes import PublishedTable


def anonymize_for_publication(
    table: pd.DataFrame,
    anonymizer: Anonymizer,
    schema: TableSchema,
    *,
    rng: np.random.Generator,
) -> PublishedTable:
    """Anonymize a table, and bring the result into canonical form.

    The people are sorted first, and then shuffled in a way that is always the same: methods break
    ties by the order of the records, and neither the order in which they came nor that of their
    values may decide who shares a class with whom.

    Parameters
    ----------
    table : DataFrame
        One row a person, with all columns of the schema; others and the index are ignored.
    anonymizer : Anonymizer
        The method.
    schema : TableSchema
        Describes the columns.
    rng : numpy.random.Generator
        Source of the method's randomness.

    Returns
    -------
    PublishedTable
        Depends on which people there are, not on their order. Its lineage says the position in
        `table` of the person that each row stands for, unless the method lost the index.

    Raises
    ------
    ValueError
        If the table doesn't fit the schema, the parameters don't fit the table, or nobody is left.
    """
    order = np.lexsort(encode(table, schema).T[::-1])
    order = np.random.default_rng(0).permutation(order)
    labels = pd.Index(-1 - np.arange(len(table)))  # unlike those of an index that was reset
    people = table.iloc[order].set_axis(labels, axis="index")
    published = canonicalise(
        anonymizer.anonymize(people, schema, rng=rng),
        anonymizer.scheme,
        schema=schema,
        leaky=people,
    )
    if published.lineage is None:
        return published
    return attrs.evolve(published, lineage=order[published.lineage])
