"""What a comparison of generators found, as JSON and as a table for people."""

from collections.abc import Mapping

import attrs

from anomed_core.statistics import Estimate
from anomed_dataset_synthesis.dp.accounting import Guarantee

__all__ = ["HEADINGS", "Comparison", "ComparisonFailure", "ComparisonRow"]


@attrs.frozen(kw_only=True)
class ComparisonRow:
    """Report on one generator; a figure that is undefined on these tables is None.

    Attributes
    ----------
    name
        The generator's.
    runtime_s
        Seconds that fitting took.
    guarantee
        What the generator claims.
    accuracy
        Mean of the one-, two- and three-way marginal accuracies, of as many columns as there
        are, 0..1, higher is better.
    skill_two_way, skill_three_way
        Accuracy on a scale from independent columns (0) to another real sample (1).
    transfer_auc, transfer_ratio
        Of models trained on synthetic records, on the task where they lose most: AUC on real
        records (.5 at chance), and that on a scale from chance (0) to real training records (1).
    two_sample_excess
        0 where synthetic and real records are indistinguishable, 1 where always told apart.
    utility
        The score of the challenge, 0..1, higher is better.
    risk
        The score of the threat model by the house's attacks, 0..1, lower is better.
    worst_attack
        The attack that was most surely a success, what it succeeded in, and on whom.
    worst_advantage
        Its normalised advantage, 0 at chance, with an interval that allows for all attacks.
    undefined
        Why a figure is None, by its name.
    """

    name: str
    runtime_s: float
    guarantee: Guarantee | None
    accuracy: float | None
    skill_two_way: float | None
    skill_three_way: float | None
    transfer_auc: float | None
    transfer_ratio: float | None
    two_sample_excess: float | None
    utility: float | None
    risk: float | None
    worst_attack: str | None
    worst_advantage: Estimate | None
    undefined: Mapping[str, str] = attrs.field(factory=dict)

    def to_dict(self) -> dict[str, object]:
        """Return the row as a JSON object."""
        return attrs.asdict(self) | {
            "epsilon": self.guarantee.epsilon if self.guarantee else None,
            "delta": self.guarantee.delta if self.guarantee else None,
        }

    def cells(self) -> tuple[str, ...]:
        """Return the row as texts, in the order of the table's columns."""
        guarantee, advantage = self.guarantee, self.worst_advantage
        return (
            self.name,
            _cell(self.accuracy, ".1%"),
            f"{self.runtime_s:.0f} s",
            _cell(guarantee.epsilon if guarantee else None, ".2f"),
            _cell(guarantee.delta if guarantee else None, ".0e"),
            _cell(self.skill_two_way, ".2f"),
            _cell(self.skill_three_way, ".2f"),
            _cell(self.transfer_auc, ".3f"),
            _cell(self.transfer_ratio, ".2f"),
            _cell(self.two_sample_excess, ".2f"),
            f"{advantage.value:.2f} [{advantage.low:.2f}, {advantage.high:.2f}]"
            if advantage
            else "-",
            self.worst_attack or "-",
        )

    def remarks(self) -> tuple[str, ...]:
        """Say why figures are undefined, each reason once."""
        names: dict[str, list[str]] = {}
        for figure, reason in self.undefined.items():
            names.setdefault(reason, []).append(figure.replace("_", " "))
        return tuple(
            f"{self.name} has no {', '.join(figures)}: {reason}"
            for reason, figures in names.items()
        )


@attrs.frozen(kw_only=True)
class ComparisonFailure:
    """Say why a generator has no figures.

    Attributes
    ----------
    name
        The generator's.
    reason
        One sentence.
    """

    name: str
    reason: str

    def to_dict(self) -> dict[str, object]:
        """Return the failure as a JSON object."""
        return attrs.asdict(self)

    def cells(self) -> tuple[str, ...]:
        """Return name and reason."""
        return (self.name, self.reason)

    def remarks(self) -> tuple[str, ...]:
        """Return nothing: the reason is in the table."""
        return ()


def _cell(figure: float | None, form: str) -> str:
    return "-" if figure is None else format(figure, form)


HEADINGS = (
    "generator",
    "accuracy",
    "runtime",
    "epsilon",
    "delta",
    "skill 2-way",
    "3-way",
    "TSTR AUC",
    "ratio",
    "C2ST excess",
    "worst advantage",
    "of attack",
)


@attrs.frozen(kw_only=True)
class Comparison:
    """One row for each generator, in the order they were given.

    Attributes
    ----------
    rows
        Figures, or why there are none.
    """

    rows: tuple[ComparisonRow | ComparisonFailure, ...]

    def to_dict(self) -> dict[str, object]:
        """Return the comparison as a JSON object."""
        return {"rows": [row.to_dict() for row in self.rows]}

    def to_text(self) -> str:
        """Return the comparison as a table of fixed width, for people, and below why "-" is."""
        lines = [HEADINGS, *(row.cells() for row in self.rows)]
        complete = [line for line in lines if len(line) == len(HEADINGS)]
        widths = [max(map(len, column)) for column in zip(*complete, strict=True)]
        widths[0] = max(len(line[0]) for line in lines)
        table = [
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=False)).rstrip()
            for line in lines
        ]
        return "\n".join([*table, *(remark for row in self.rows for remark in row.remarks())])
