"""A comparison of generators as parts of a page."""

from anomed_core.report import Cell, Standing, Table, plain, utility_risk_chart
from anomed_dataset_synthesis.external.comparison import (
    HEADINGS,
    Comparison,
    ComparisonFailure,
    ComparisonRow,
)


def comparison_parts(comparison: Comparison) -> list[object]:
    """Say what a comparison found.

    Parameters
    ----------
    comparison
        What was measured.

    Returns
    -------
    list
        Parts of `anomed_core.report`: utility against the worst attack of those that have both,
        all figures, why some are undefined, failures.
    """
    rows = [row for row in comparison.rows if isinstance(row, ComparisonRow)]
    failures = [row for row in comparison.rows if isinstance(row, ComparisonFailure)]
    standings = [
        Standing(
            name=row.name,
            utility=row.utility,
            risk=row.worst_advantage.value,
            low=row.worst_advantage.low,
            high=row.worst_advantage.high,
        )
        for row in rows
        if row.utility is not None and row.worst_advantage is not None
    ]
    risk = "advantage of the worst attack"
    cells: list[list[str | Cell]] = []
    for row in rows:
        *figures, advantage, attack = row.cells()
        found = row.worst_advantage
        shown = Cell.interval(found.value, found.low, found.high) if found else advantage
        cells.append([*figures, shown, attack])
    parts: list[object] = [
        Table(
            caption="What is kept, and what is given away",
            head=HEADINGS,
            rows=cells,
            chance=0.0,
            folds=True,
        )
    ]
    if standings:
        best = max(standings, key=lambda one: one.utility)
        lead = f"The most useful: {best.name}, utility {plain(round(best.utility, 3))}."
        parts = [lead, utility_risk_chart(standings, risk=risk, chance=0.0), *parts]
    remarks = [remark for row in rows for remark in row.remarks()]
    return [*parts, *remarks, *(f"{failure.name}: {failure.reason}" for failure in failures)]
