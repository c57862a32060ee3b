"""The checks, in the order in which they are run: what comes first explains what fails later."""

from collections.abc import Callable

from anomed_core.testing.checks.attacks import attacks_win
from anomed_core.testing.checks.calls import (
    calls_answered,
    calls_archived,
    jobs_own,
    prices_public,
    sealed_accounts_closed,
)
from anomed_core.testing.checks.configuration import configuration_kept_apart
from anomed_core.testing.checks.data import dummy_data_fits, products_as_declared
from anomed_core.testing.checks.declarations import announced_cheaply, described, loads, opens
from anomed_core.testing.checks.determinism import (
    evaluation_is_deterministic,
    independent_of_other_plugins,
    inputs_unchanged,
    several_workers_agree,
)
from anomed_core.testing.checks.disguises import truth_not_reordered
from anomed_core.testing.checks.draws import drawn_by_the_secret, truth_drawn
from anomed_core.testing.checks.emptiness import extensions_take_part, something_to_check
from anomed_core.testing.checks.failure import ConformanceError
from anomed_core.testing.checks.finals import finals_scored_once, nobody_attacked
from anomed_core.testing.checks.metrics import (
    chance_as_declared,
    constant_input_scored,
    metrics_vary,
    nothing_scores_like_the_truth,
)
from anomed_core.testing.checks.names import truth_not_renamed
from anomed_core.testing.checks.oracles import refusals_tell_no_truth
from anomed_core.testing.checks.scoring import (
    baselines_hold,
    hostile_uploads_survived,
    house_attacks_run,
    reports_made,
)
from anomed_core.testing.checks.secrets import (
    messages_tell_no_truth,
    no_truth_of_tuning,
    no_truth_of_validation,
)
from anomed_core.testing.checks.surroundings import (
    independent_of_the_clock,
    no_side_effects,
    nothing_remembered,
)
from anomed_core.testing.checks.timing import scored_in_time
from anomed_core.testing.plugin_under_test import PluginUnderTest

CHECKS: tuple[Callable[[PluginUnderTest], str | None], ...] = (
    loads,
    announced_cheaply,
    configuration_kept_apart,
    opens,
    scored_in_time,
    something_to_check,
    described,
    products_as_declared,
    dummy_data_fits,
    baselines_hold,
    attacks_win,
    constant_input_scored,
    nothing_scores_like_the_truth,
    metrics_vary,
    chance_as_declared,
    hostile_uploads_survived,
    inputs_unchanged,
    evaluation_is_deterministic,
    no_side_effects,
    nothing_remembered,
    independent_of_the_clock,
    several_workers_agree,
    independent_of_other_plugins,
    no_truth_of_tuning,
    no_truth_of_validation,
    truth_not_reordered,
    truth_not_renamed,
    truth_drawn,
    messages_tell_no_truth,
    refusals_tell_no_truth,
    drawn_by_the_secret,
    finals_scored_once,
    nobody_attacked,
    house_attacks_run,
    calls_answered,
    calls_archived,
    jobs_own,
    prices_public,
    sealed_accounts_closed,
    reports_made,
    extensions_take_part,
)

__all__ = ["CHECKS", "ConformanceError"]
