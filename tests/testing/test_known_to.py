"""Secrecy names roles: what anonymizers hold must not be handed to deanonymizers."""

from typing import Any

import attrs
import numpy as np
import pytest

from anomed_core import DataProduct, Metric, SubmissionKind, hookimpl
from anomed_core.testing.checks.failure import ConformanceError, NotCheckedError
from anomed_core.testing.checks.secrets import no_truth_of_validation
from anomed_core.testing.plugin_under_test import PluginUnderTest
from tests.service.test_declared import Declared, largest_error

SCORED = np.random.default_rng(1).normal(size=30).round(3)


class Originals(Declared):
    """What anonymizers are to publish is handed out to some role."""

    def __init__(self, reader: str, **options: Any) -> None:
        super().__init__()
        self.reader = reader
        self.options = options

    @hookimpl
    def anomed_data_products(self) -> list[DataProduct]:
        path = f"/data/{self.reader}/originals"
        return [DataProduct(path=path, data={"X": SCORED}, audience={self.reader})]

    @hookimpl
    def anomed_submission_kinds(self) -> list[SubmissionKind]:
        _, attack = super().anomed_submission_kinds()
        kind = SubmissionKind.of_array(
            "anonymizer",
            "float",
            shape=30,
            description="Numbers.",
            perfect=SCORED,
            trivial=np.zeros(30),
            metrics=[Metric.of(largest_error)],
            **self.options,
        )
        return [kind, attrs.evolve(attack, with_target=False)]


def check(reader: str, **options: Any) -> None:
    no_truth_of_validation(PluginUnderTest(plugin=Originals(reader, **options)))


def test_who_holds_it_anyway_may_be_told() -> None:
    check("anonymizer", known_to={"anonymizer"})


@pytest.mark.parametrize("reader", ["deanonymizer", "public"])
def test_nobody_else_may_be_told(reader: str) -> None:
    with pytest.raises(ConformanceError, match=r"originals .* known_to=\{role, \.\.\.\} of the"):
        check(reader, known_to={"anonymizer"})


def test_what_nobody_holds_is_told_to_nobody() -> None:
    with pytest.raises(ConformanceError, match="holds the ground truth"):
        check("anonymizer")


@pytest.mark.filterwarnings("ignore:is_secret=.*:DeprecationWarning")
def test_a_bool_lets_everybody_be_told_as_before_which_is_not_checked() -> None:
    with pytest.raises(NotCheckedError, match="no perfect baseline for validation holds an array"):
        check("deanonymizer", is_secret=False)
