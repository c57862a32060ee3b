"""What an audit found: frozen values that turn into JSON, a data frame or a text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import attrs
import cattrs

from anomed_supervised_mia.auditing._results_frame import flat
from anomed_supervised_mia.auditing._results_json import converter
from anomed_supervised_mia.auditing._results_text import summarise
from anomed_supervised_mia.auditing.metadata import AuditMetadata
from anomed_supervised_mia.auditing.slices import Slice
from anomed_supervised_mia.metrics import (
    EpsilonBound,
    Estimate,
    MaxAdvantage,
    Roc,
    TprAtFpr,
    advantage_ceiling,
    auc_ceiling,
    balanced_accuracy_ceiling,
    tpr_ceiling,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from anomed_core.report import Display


@attrs.frozen(kw_only=True)
class Ceilings:
    """What no attack exceeds if the claimed privacy holds.

    Attributes
    ----------
    auc, advantage, balanced_accuracy : float
    tpr_at_fpr : tuple of float
        At each level of the audit.
    """

    auc: float
    advantage: float
    balanced_accuracy: float
    tpr_at_fpr: tuple[float, ...]


@attrs.frozen(kw_only=True)
class AttackResult:
    """One attack on one slice.

    Attributes
    ----------
    attack : str
    slice : Slice
    n_members, n_non_members : int
    auc : Estimate
    max_advantage : MaxAdvantage
        ``max |TPR - FPR|``, with what chance would give.
    balanced_accuracy : Estimate
        At the best threshold.
    tpr_at_fpr : tuple of TprAtFpr
        At each level of the audit.
    epsilon : EpsilonBound
        Over many thresholds, each paid for.
    one_run : EpsilonBound or None
        If records were included by independent coins.
    roc : Roc
        All steps after an audit; a few hundred after JSON.
    """

    attack: str
    slice: Slice
    n_members: int
    n_non_members: int
    auc: Estimate
    max_advantage: MaxAdvantage
    balanced_accuracy: Estimate
    tpr_at_fpr: tuple[TprAtFpr, ...]
    epsilon: EpsilonBound
    one_run: EpsilonBound | None = None
    roc: Roc = attrs.field(eq=False, repr=False)

    def plot_roc(self, ax: Axes | None = None) -> Display:
        """Plot the ROC curve on logarithmic axes, with its confidence band.

        Parameters
        ----------
        ax : matplotlib Axes, optional

        Returns
        -------
        Display
            With ``ax_`` and ``figure_``.
        """
        from anomed_supervised_mia.report.figures import roc_figure

        return roc_figure([self]).plot(ax)

    def plot_scores(self, ax: Axes | None = None) -> Display:
        """Plot how the attack's scores are distributed over members and non-members.

        Parameters
        ----------
        ax : matplotlib Axes, optional

        Returns
        -------
        Display
            With ``ax_`` and ``figure_``.
        """
        from anomed_supervised_mia.report.figures import scores_figure

        return scores_figure(self).plot(ax)

    @property
    def best_epsilon(self) -> EpsilonBound:
        """The bound to show: that of the one run where there is one, which is made for it."""
        return self.epsilon if self.one_run is None else self.one_run


@attrs.frozen(kw_only=True)
class SkippedSlice:
    """A slice that can't be measured, and why.

    Attributes
    ----------
    slice : Slice
    n_members, n_non_members : int
    reason : str
    """

    slice: Slice
    n_members: int
    n_non_members: int
    reason: str


@attrs.frozen(kw_only=True)
class AuditResults:
    """All that an audit of one model found.

    Attributes
    ----------
    metadata : AuditMetadata
    n_members, n_non_members : int
        Records audited.
    confidence : float
        Of every single interval.
    results : tuple of AttackResult
        By attack, then by slice.
    skipped : tuple of SkippedSlice
        Slices that lack members or non-members.
    """

    metadata: AuditMetadata
    n_members: int
    n_non_members: int
    confidence: float
    results: tuple[AttackResult, ...]
    skipped: tuple[SkippedSlice, ...] = ()

    def __iter__(self) -> Iterator[AttackResult]:
        """Yield the results, by attack and then by slice."""
        return iter(self.results)

    def __len__(self) -> int:
        """Count the results."""
        return len(self.results)

    def find(self, attack: str, *, partition: str = "whole", value: str = "whole") -> AttackResult:
        """Return the result of one attack on one slice.

        Parameters
        ----------
        attack : str
        partition, value : str
            The slice; by default all records.

        Returns
        -------
        AttackResult

        Raises
        ------
        KeyError
            If it was not measured.
        """
        wanted = Slice(partition=partition, value=value)
        for result in self.results:
            if result.attack == attack and result.slice == wanted:
                return result
        raise KeyError(f"no result of attack {attack!r} on slice {str(wanted)!r}")

    def strongest(self) -> AttackResult:
        """Return the attack that is strongest on the largest slice, by its lower limit of the AUC.

        Returns
        -------
        AttackResult
            On all records, if these were measured.

        Raises
        ------
        ValueError
            If nothing could be measured.
        """
        return self._rivals()[0]

    def _rivals(self) -> list[AttackResult]:
        """Return the results on the largest slice, the strongest attack first."""
        if not self.results:
            raise ValueError("nothing could be measured; see `skipped` for the reasons.")
        largest = max(self.results, key=lambda result: result.n_members + result.n_non_members)
        rivals = [result for result in self.results if result.slice == largest.slice]
        return sorted(rivals, key=lambda result: -result.auc.low)

    def plot_roc(self, ax: Axes | None = None) -> Display:
        """Plot the ROC curves of all attacks on the largest slice, and what a claim permits.

        Parameters
        ----------
        ax : matplotlib Axes, optional

        Returns
        -------
        Display
            With ``ax_`` and ``figure_``.

        Raises
        ------
        ValueError
            If nothing could be measured.
        """
        from anomed_supervised_mia.report.figures import roc_figure

        return roc_figure(
            self._rivals(),
            claimed_epsilon=self.metadata.claimed_epsilon,
            claimed_delta=self.metadata.claimed_delta,
        ).plot(ax)

    def plot_slices(self, ax: Axes | None = None, *, attack: str | None = None) -> Display:
        """Plot the AUC of one attack on each slice.

        Parameters
        ----------
        ax : matplotlib Axes, optional
        attack : str, optional
            The strongest one by default.

        Returns
        -------
        Display
            With ``ax_`` and ``figure_``.

        Raises
        ------
        ValueError
            If the attack was measured on no slice.
        """
        from anomed_supervised_mia.report.figures import slices_figure

        strongest = self.strongest()
        wanted = strongest.attack if attack is None else attack
        return slices_figure(
            [r for r in self.results if r.attack == wanted and r.slice != strongest.slice]
        ).plot(ax)

    @property
    def ceilings(self) -> Ceilings | None:
        """What the claimed privacy permits at most; None where none is claimed."""
        epsilon, delta = self.metadata.claimed_epsilon, self.metadata.claimed_delta
        if epsilon is None:
            return None
        levels = [found.level for found in self.results[0].tpr_at_fpr] if self.results else []
        return Ceilings(
            auc=auc_ceiling(epsilon=epsilon, delta=delta),
            advantage=advantage_ceiling(epsilon=epsilon, delta=delta),
            balanced_accuracy=balanced_accuracy_ceiling(epsilon=epsilon, delta=delta),
            tpr_at_fpr=tuple(tpr_ceiling(x, epsilon=epsilon, delta=delta) for x in levels),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain dictionaries, lists, strings and finite numbers.

        Returns
        -------
        dict
            An infinite limit is None; a ROC curve is thinned to a few hundred points.
        """
        plain: dict[str, Any] = converter().unstructure(self)
        return plain

    def to_json(self) -> str:
        """Return the results as JSON text, readable by `from_json`."""
        return json.dumps(self.to_dict(), allow_nan=False)

    @classmethod
    def from_dict(cls, plain: Any) -> AuditResults:
        """Return the results that `to_dict` wrote.

        Parameters
        ----------
        plain : dict

        Returns
        -------
        AuditResults
            Equal to the original.

        Raises
        ------
        ValueError
            If the content is none that `to_dict` wrote.
        """
        if not isinstance(plain, dict):
            raise ValueError(  # noqa: TRY004  # the content of a file, not an argument's type
                f"audit results are a mapping, but came as {type(plain).__name__}."
            )
        try:
            return converter().structure(plain, cls)
        except cattrs.BaseValidationError as error:
            problems = "; ".join(cattrs.transform_error(error))
            raise ValueError(f"these are no audit results: {problems}.") from error

    @classmethod
    def from_json(cls, text: str) -> AuditResults:
        """Return the results that `to_json` wrote.

        Parameters
        ----------
        text : str

        Returns
        -------
        AuditResults

        Raises
        ------
        ValueError
            If the text is no JSON, or none that `to_json` wrote.
        """
        return cls.from_dict(json.loads(text))

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each attack and slice, with a column for each number.

        Returns
        -------
        pandas.DataFrame
        """
        import pandas as pd

        return pd.DataFrame([flat(result) for result in self.results])

    def summary(self, *, n_rows: int = 20) -> str:
        """Return a text table: all records, then the slices with the highest lower limits.

        Parameters
        ----------
        n_rows : int, default=20
            Show so many slices at most.

        Returns
        -------
        str
        """
        return summarise(self, n_rows=n_rows)
