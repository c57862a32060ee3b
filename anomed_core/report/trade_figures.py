"""What privacy costs: utility against risk, error against epsilon."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import attrs
import numpy as np
import numpy.typing as npt

from anomed_core.report.chart import N_STYLES, Axis, Chart, Guide, Series
from anomed_core.report.wording import joined, left_thin, percent, plain


@attrs.frozen(kw_only=True)
class Standing:
    """A point in the plane of utility and risk.

    Attributes
    ----------
    name
        Drawn beside it where there is room.
    utility, risk
        What it is good for, and what it gives away.
    low, high
        Limits of the risk; without them, it has no interval.
    group
        Points of one group are joined by a line, such as the checkpoints of a model.
    is_house, is_gated
        Whether the house entered it, and whether it misses a gate.
    link
        Where its point leads; empty for nowhere.
    """

    name: str
    utility: float
    risk: float
    low: float = math.nan
    high: float = math.nan
    group: str = ""
    is_house: bool = False
    is_gated: bool = False
    link: str = ""


def utility_risk_chart(
    standings: Iterable[Standing],
    *,
    utility: str = "utility",
    risk: str = "risk",
    gate: float | None = None,
    chance: float | None = None,
    more_is_useful: bool = True,
    title: str = "Utility against risk",
) -> Chart:
    """Chart what is useful and what gives away, with the house's entries and the gate.

    Parameters
    ----------
    standings
        The entries.
    utility, risk
        What the axes measure; less risk is better.
    gate
        Utility that has to be reached.
    chance
        Risk at which an attack is no better than guessing.
    more_is_useful
        Whether a larger utility is better.
    title
        The caption.

    Returns
    -------
    Chart
    """
    groups: dict[tuple[str, bool, bool], list[Standing]] = {}
    for one in standings:
        if math.isfinite(one.utility) and math.isfinite(one.risk):
            groups.setdefault((one.group, one.is_house, one.is_gated), []).append(one)
    series = [_standing_series(*key, members) for key, members in groups.items()]
    everyone = [one for members in groups.values() for one in members]
    ranked = [one for one in everyone if not one.is_gated and not one.is_house]
    said = [f"{len(everyone)} entries."] if everyone else ["There is no entry."]
    if ranked:
        best = min(ranked, key=lambda one: one.risk)
        said.append(f"Least risk: {best.name}, {best.risk:.3f}, {utility} {best.utility:.3f}.")
    risks = [
        value for one in everyone for value in (one.risk, one.low, one.high, chance or one.low)
    ]
    risks = [value for value in risks if math.isfinite(value)]
    guides: list[Guide] = []
    if gate is not None and risks:
        span = (min(risks), max(risks) + 0.05 * (max(risks) - min(risks)))
        words = f"gate: {utility} {plain(round(gate, 4))}"
        shaded = more_is_useful
        guides.append(Guide(name=words, x=span, y=(gate, gate), role="gate", shaded=shaded))
        said.append(f"The gate is {plain(round(gate, 4))}.")
    if chance is not None and everyone:
        heights = [one.utility for one in everyone]
        guides.append(Guide(name="guessing", x=(chance,) * 2, y=(min(heights), max(heights))))
    better = "up" if more_is_useful else "down"
    return Chart(
        title=title,
        description=joined(*said),
        x=Axis(label=f"{risk} (left is better)"),
        y=Axis(label=f"{utility} ({better} is better)"),
        series=series,
        guides=guides,
    )


def _standing_series(
    group: str, is_house: bool, is_gated: bool, members: Sequence[Standing]
) -> Series:
    words = group or {
        (True, False): "the house",
        (True, True): "the house, below the gate",
        (False, True): "below the gate",
    }.get((is_house, is_gated), "participants")
    has_limits = any(math.isfinite(one.low) for one in members)
    return Series(
        name=words,
        x=[one.risk for one in members],
        y=[one.utility for one in members],
        low=[one.low for one in members] if has_limits else (),
        high=[one.high for one in members] if has_limits else (),
        across=True,
        form="marked" if group else "crosses" if is_gated else "points",
        role="house" if is_house else "" if group else "participant",
        labels=[one.name for one in members],
        links=[one.link for one in members] if any(one.link for one in members) else (),
    )


def budget_chart(
    errors: Mapping[str, tuple[npt.ArrayLike, npt.ArrayLike]],
    *,
    budget: float | None = None,
    measure: str = "relative error",
    reference: str = "",
    title: str = "Error against epsilon",
) -> Chart:
    """Chart what privacy costs: error against epsilon on logarithmic axes, and the budget.

    Parameters
    ----------
    errors
        Epsilons and errors, above 0, by name.
    budget
        What may be spent.
    measure
        What the error is.
    reference
        Which of them is the house's.
    title
        The caption.

    Returns
    -------
    Chart
    """
    series: list[Series] = []
    said: list[str] = []
    for name, columns in errors.items():
        x, y = (np.asarray(column, dtype=np.float64) for column in columns)
        kept = (x > 0) & (y > 0) & np.isfinite(x) & np.isfinite(y)
        order = np.argsort(x[kept], kind="stable")
        role = "house" if name == reference else ""
        line = Series(name=name, x=x[kept][order], y=y[kept][order], form="marked", role=role)
        series.append(line)
        if line.x and len(said) < N_STYLES:
            said.append(f"{name}: {percent(line.y[-1])} at epsilon {plain(line.x[-1])}.")
    heights = [y for line in series for y in line.y]
    guides: list[Guide] = []
    if budget is not None and heights:
        ends = (min(heights), max(heights))
        words = f"budget: {plain(budget)}"
        guides.append(Guide(name=words, x=(budget, budget), y=ends, role="gate"))
        said.append(f"The budget is {plain(budget)}.")
    return Chart(
        title=title,
        description=joined(*said or ["Nothing was measured."], left_thin(len(series))),
        x=Axis(label="epsilon", logarithmic=True),
        y=Axis(label=measure, logarithmic=True, percent=True),
        series=series,
        guides=guides,
    )
