"""The checks, in the order in which they are run: what comes first explains what fails later."""

from collections.abc import Callable

from anomed_core.testing.checks.data import dummy_data_fits, products_as_declared
from anomed_core.testing.checks.declarations import announced_cheaply, described, loads, opens
from anomed_core.testing.checks.determinism import (
    evaluation_is_deterministic,
    independent_of_other_plugins,
    inputs_unchanged,
    several_workers_agree,
)
from anomed_core.testing.checks.draws import drawn_by_the_secret
from anomed_core.testing.checks.failure import ConformanceError
from anomed_core.testing.checks.finals import finals_scored_once, nobody_attacked
from anomed_core.testing.checks.oracles import refusals_tell_no_truth
from anomed_core.testing.checks.scoring import (
    baselines_hold,
    constant_input_scored,
    hostile_uploads_survived,
    house_attacks_run,
    reports_made,
)
from anomed_core.testing.checks.secrets import (
    messages_tell_no_truth,
    no_truth_of_tuning,
    no_truth_of_validation,
)
from anomed_core.testing.plugin_under_test import PluginUnderTest

CHECKS: tuple[Callable[[PluginUnderTest], None], ...] = (
    loads,
    announced_cheaply,
    opens,
    described,
    products_as_declared,
    dummy_data_fits,
    baselines_hold,
    constant_input_scored,
    hostile_uploads_survived,
    inputs_unchanged,
    evaluation_is_deterministic,
    several_workers_agree,
    independent_of_other_plugins,
    no_truth_of_tuning,
    no_truth_of_validation,
    messages_tell_no_truth,
    refusals_tell_no_truth,
    drawn_by_the_secret,
    finals_scored_once,
    nobody_attacked,
    house_attacks_run,
    reports_made,
)

__all__ = ["CHECKS", "ConformanceError"]
