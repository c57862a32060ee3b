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
        Parts of `anomed_core.report`: utility against the worst attack, all figures, failures.
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
    ]
    risk = "advantage of the worst attack"
    cells: list[list[str | Cell]] = []
    for row in rows:
        found = row.worst_advantage
        advantage = Cell.interval(found.value, found.low, found.high)
        cells.append([*row.cells()[:-2], advantage, row.worst_attack])
    parts: list[object] = [
        Table(caption="What is kept, and what is given away", head=HEADINGS, rows=cells, chance=0.0)
    ]
    if rows:
        best = max(rows, key=lambda row: row.utility)
        lead = f"The most useful: {best.name}, utility {plain(round(best.utility, 3))}."
        parts = [lead, utility_risk_chart(standings, risk=risk, chance=0.0), *parts]
    return [*parts, *(f"{failure.name}: {failure.reason}" for failure in failures)]
