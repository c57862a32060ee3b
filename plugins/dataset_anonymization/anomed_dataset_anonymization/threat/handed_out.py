"""What participants are handed, as an attacker's view, and guesses as the tables they hand in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from anomed_dataset_anonymization.schema import TableSchema, encode, write_cells
from anomed_dataset_anonymization.schemes import canonicalise
from anomed_dataset_anonymization.threat.view import AttackerView, Guesses

_ANON_ROW = "anon_row"


def read_view(
    *,
    schema: TableSchema,
    targets: Mapping[str, Sequence[str]],
    background: pd.DataFrame,
    reference: pd.DataFrame,
    published: pd.DataFrame,
    scheme: str,
) -> AttackerView:
    """Bring together what a deanonymizer downloads.

    Parameters
    ----------
    schema : TableSchema
        Describes the columns.
    targets : mapping
        Names of columns: ``known`` and ``unknown``.
    background : DataFrame
        ``target_id`` and the known columns.
    reference : DataFrame
        People who are known in full.
    published : DataFrame
        What an anonymizer published, with ``anon_row``.
    scheme : str
        How its cells are to be read.

    Returns
    -------
    AttackerView

    Raises
    ------
    ValueError
        If a table does not fit the schema, or the published one its scheme.
    """
    known = TableSchema(columns=[schema[name] for name in targets["known"]])
    return AttackerView(
        published=canonicalise(
            published.drop(columns=_ANON_ROW), scheme, schema=schema, leaky=published
        ),
        known=known.names,
        unknown=tuple(targets["unknown"]),
        target_ids=background["target_id"].to_numpy(),
        background=encode(background, known),
        reference=encode(reference, schema),
    )


def inferences_of(guesses: Guesses, view: AttackerView) -> pd.DataFrame:
    """Return what is guessed of the unknown columns, by target."""
    columns: dict[str, Any] = {
        name: write_cells(guesses.values[:, place], view.schema[name])
        for place, name in enumerate(view.unknown)
    }
    return pd.DataFrame({"target_id": view.target_ids, **columns})


def claims_of(guesses: Guesses, view: AttackerView) -> pd.DataFrame:
    """Return the published row that is named for each target, and how surely.

    Raises
    ------
    ValueError
        If the attack names no rows.
    """
    if guesses.rows is None:
        raise ValueError("the attack names no rows; hand in what it infers, or another attack")
    claims = pd.DataFrame({"target_id": view.target_ids, _ANON_ROW: guesses.rows})
    return claims if guesses.confidence is None else claims.assign(confidence=guesses.confidence)
