"""The statistics of all challenge types, each formula once.

Pure numerics: arrays and counts go in, values and intervals come out. SciPy is imported with this
package, hence `import anomed_core` does not import it.
"""

from anomed_core.statistics.advantages import (
    MaxAdvantage,
    difference_limits,
    estimate_advantage,
    estimate_balanced_accuracy,
    estimate_best_balanced_accuracy,
    estimate_max_advantage,
    null_advantage,
)
from anomed_core.statistics.area import estimate_auc
from anomed_core.statistics.ceilings import (
    advantage_ceiling,
    auc_ceiling,
    balanced_accuracy_ceiling,
    epsilon_of_rates,
    tpr_ceiling,
)
from anomed_core.statistics.decisions import Confusion, advantage, confusion
from anomed_core.statistics.delong import delong_variance
from anomed_core.statistics.epsilon import (
    EpsilonBound,
    epsilon_of_decision,
    epsilon_of_scores,
    epsilon_of_split,
)
from anomed_core.statistics.estimate import Estimate, MembershipEstimate, check_confidence
from anomed_core.statistics.intervals import (
    Rate,
    clopper_pearson,
    lower_limit,
    normal_quantile,
    upper_limit,
    wilson_interval,
)
from anomed_core.statistics.low_fpr import TprAtFpr, estimate_tpr_at_fpr, tpr_limits
from anomed_core.statistics.null_band import null_band
from anomed_core.statistics.one_run import (
    Guesses,
    epsilon_of_one_run,
    one_run_epsilon,
    one_run_p_value,
)
from anomed_core.statistics.ranking import Ranking, as_truth, rank
from anomed_core.statistics.residual import residual_risk
from anomed_core.statistics.roc import (
    OperatingPoint,
    Roc,
    auc,
    interpolated_tpr,
    operating_point,
    roc_curve,
    roc_of_ranking,
    roc_of_scores,
    tpr_at_fpr,
)
from anomed_core.statistics.thresholds import (
    FixedThreshold,
    ThresholdTest,
    fix_threshold,
    threshold_test,
)

__all__ = [
    "Confusion",
    "EpsilonBound",
    "Estimate",
    "FixedThreshold",
    "Guesses",
    "MaxAdvantage",
    "MembershipEstimate",
    "OperatingPoint",
    "Ranking",
    "Rate",
    "Roc",
    "ThresholdTest",
    "TprAtFpr",
    "advantage",
    "advantage_ceiling",
    "as_truth",
    "auc",
    "auc_ceiling",
    "balanced_accuracy_ceiling",
    "check_confidence",
    "clopper_pearson",
    "confusion",
    "delong_variance",
    "difference_limits",
    "epsilon_of_decision",
    "epsilon_of_one_run",
    "epsilon_of_rates",
    "epsilon_of_scores",
    "epsilon_of_split",
    "estimate_advantage",
    "estimate_auc",
    "estimate_balanced_accuracy",
    "estimate_best_balanced_accuracy",
    "estimate_max_advantage",
    "estimate_tpr_at_fpr",
    "fix_threshold",
    "interpolated_tpr",
    "lower_limit",
    "normal_quantile",
    "null_advantage",
    "null_band",
    "one_run_epsilon",
    "one_run_p_value",
    "operating_point",
    "rank",
    "residual_risk",
    "roc_curve",
    "roc_of_ranking",
    "roc_of_scores",
    "threshold_test",
    "tpr_at_fpr",
    "tpr_ceiling",
    "tpr_limits",
    "upper_limit",
    "wilson_interval",
]
