"""Each spelling of older plugins works, with a warning that says what to write."""

import pytest

from anomed_core import Baseline, ChallengeType, DemoConfig, Role, SubmissionKind

DEMO = DemoConfig(play="mine:play")


def test_the_demo_may_be_called_competition() -> None:
    with pytest.warns(DeprecationWarning, match=r"competition= of .* 'mine' .* demo= ins") as told:
        old = ChallengeType(name="mine", config_class=dict, competition=DEMO)

    assert old.demo is DEMO
    assert old == ChallengeType(name="mine", config_class=dict, demo=DEMO)
    assert told[0].filename == __file__


@pytest.mark.parametrize(("is_secret", "known_to"), [(False, frozenset(Role)), (True, frozenset())])
def test_secrecy_may_be_a_bool(is_secret: bool, known_to: frozenset[Role]) -> None:
    with pytest.warns(DeprecationWarning, match="is_secret= .* write known_to="):
        kind = SubmissionKind.of_array(
            "anonymizer", "float", shape=3, description="Numbers.", is_secret=is_secret
        )
    with pytest.warns(DeprecationWarning, match="secret= of the baseline 'b' .* write known_to="):
        baseline = Baseline(name="b", kind="k", quality="perfect", payload=3, secret=is_secret)

    assert kind.known_to == baseline.known_to == known_to


def test_what_is_known_to_nobody_is_said_by_nothing() -> None:
    kind = SubmissionKind.of_array("anonymizer", "float", shape=3, description="Numbers.")

    assert kind.known_to == frozenset()
    assert Baseline(name="b", kind="k", quality="perfect", payload=3).known_to is None
