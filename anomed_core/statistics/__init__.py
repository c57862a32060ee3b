"""The statistics that threat models of more than one challenge type need.

Pure numerics: arrays and counts go in, values and intervals come out. SciPy is imported with this
package, hence `import anomed_core` does not import it.
"""

from anomed_core.statistics.ceilings import (
    advantage_ceiling,
    auc_ceiling,
    balanced_accuracy_ceiling,
    epsilon_of_rates,
    tpr_ceiling,
)
from anomed_core.statistics.decisions import advantage
from anomed_core.statistics.delong import delong_variance
from anomed_core.statistics.estimate import Estimate, check_confidence
from anomed_core.statistics.intervals import (
    Rate,
    clopper_pearson,
    lower_limit,
    normal_quantile,
    upper_limit,
    wilson_interval,
)
from anomed_core.statistics.ranking import Ranking, as_truth, rank
from anomed_core.statistics.roc import (
    OperatingPoint,
    Roc,
    auc,
    interpolated_tpr,
    operating_point,
    roc_curve,
    roc_of_ranking,
    tpr_at_fpr,
)

__all__ = [
    "Estimate",
    "OperatingPoint",
    "Ranking",
    "Rate",
    "Roc",
    "advantage",
    "advantage_ceiling",
    "as_truth",
    "auc",
    "auc_ceiling",
    "balanced_accuracy_ceiling",
    "check_confidence",
    "clopper_pearson",
    "delong_variance",
    "epsilon_of_rates",
    "interpolated_tpr",
    "lower_limit",
    "normal_quantile",
    "operating_point",
    "rank",
    "roc_curve",
    "roc_of_ranking",
    "tpr_at_fpr",
    "tpr_ceiling",
    "upper_limit",
    "wilson_interval",
]
