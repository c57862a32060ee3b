"""How published tables differ from others: their columns, and pairs of these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
import numpy as np
import numpy.typing as npt

from anomed_core.report.chart import N_STYLES, Axis, Cells, Chart, Series
from anomed_core.report.wording import joined, left_out, percent

FloatArray = npt.NDArray[np.float64]

N_CELLS = 30
N_BARS = 40


def marginals_chart(
    labels: Sequence[str], shares: Mapping[str, npt.ArrayLike], *, column: str, title: str = ""
) -> Chart:
    """Chart how often each value of a column occurs in several tables, side by side.

    Parameters
    ----------
    labels
        Values, or groups of them; the first 40 are drawn.
    shares
        In 0..1, one for each label, by the name of the table; the table that others are compared
        with comes first.
    column
        Its name.
    title
        The caption; the column's name by default.

    Returns
    -------
    Chart
    """
    tables = {name: _floats(values) for name, values in shares.items()}
    n_shown, n_tables = min(len(labels), N_BARS), len(tables)
    level = sum(max(len(label), 2) + 1 for label in labels) * 6.4 > 320
    places = np.arange(n_shown)
    series = []
    for name, values in list(tables.items())[:N_STYLES]:
        x, y = (values[:n_shown], places[::-1]) if level else (places, values[:n_shown])
        series.append(Series(name=name, x=x, y=y, form="bars", across=level))
    if n_tables == 2:
        roles = ("house", "participant")
        series = [attrs.evolve(s, role=role) for s, role in zip(series, roles, strict=True)]
    words = list(labels[:n_shown])
    names, share = Axis(label=column, names=words), Axis(label="share", percent=True)
    return Chart(
        title=title or column,
        description=joined(_distance_in_words(tables, labels), left_out(len(labels), n_shown)),
        x=share if level else names,
        y=Axis(label="", names=words[::-1]) if level else share,
        series=series if n_shown else (),
        height=max(140.0, 58 + (8 + 9.0 * min(max(n_tables, 1), N_STYLES)) * n_shown)
        if level
        else 260.0,
    )


def _distance_in_words(tables: Mapping[str, FloatArray], labels: Sequence[str]) -> str:
    if len(tables) == 1 and len(labels) and np.isfinite(next(iter(tables.values()))).all():
        shares = next(iter(tables.values()))
        most = int(np.argmax(shares))
        return f"Most frequent: {labels[most]}, {percent(shares[most])}."
    if len(tables) < 2 or len(labels) == 0:
        return f"{len(labels)} values."
    (one, first), (other, second) = list(tables.items())[:2]
    apart = np.abs(first - second)
    if not np.isfinite(apart).any():
        return f"{len(labels)} values, of which no share is known."
    worst = int(np.nanargmax(apart))
    if apart[worst] < 5e-4:
        return f"Total variation distance {np.nansum(apart) / 2:.3f}: the shares are the same."
    return (
        f"Total variation distance {np.nansum(apart) / 2:.3f}. Furthest apart: {labels[worst]}, "
        f"{percent(first[worst])} in {one}, {percent(second[worst])} in {other}."
    )


def differences_chart(
    names: Sequence[str],
    values: npt.ArrayLike,
    *,
    largest: float = 0.5,
    measure: str = "difference of association",
    title: str = "Differences between pairs of columns",
) -> Chart:
    """Chart a number for each pair of columns, the darker the larger.

    Parameters
    ----------
    names
        Of the columns; the 30 that differ most are drawn.
    values
        Shape (n_columns, n_columns), 0 and above; NaN for a blank.
    largest
        Drawn as dark as can be, and what is above.
    measure
        What it is.
    title
        The caption.

    Returns
    -------
    Chart
    """
    table = _floats(values).reshape(len(names), len(names))
    shown = list(range(len(names)))
    if len(names) > N_CELLS:
        order = np.argsort(-np.nan_to_num(table).sum(axis=1), kind="stable")
        shown = sorted(order[:N_CELLS].tolist())
    said = "There is no pair."
    if np.isfinite(table).any():
        row, column = divmod(int(np.nanargmax(table)), len(names))
        worst = f"{names[row]} and {names[column]}, {table[row, column]:.3f}"
        said = f"Largest {measure}: {worst}. The mean is {np.nanmean(table):.3f}."
    words = [names[i] for i in shown]
    return Chart(
        title=title,
        description=joined(said, left_out(len(names), len(shown))),
        x=Axis(label="", names=words),
        y=Axis(label="", names=words),
        cells=Cells(rows=table[np.ix_(shown, shown)], largest=largest),
        height=max(140.0, 40 + 20.0 * len(shown)),
    )


def _floats(values: npt.ArrayLike) -> FloatArray:
    return np.asarray(values, dtype=np.float64)
