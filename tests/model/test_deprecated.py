"""Each spelling of older plugins works, with a warning that says what to write."""

import pytest

from anomed_core import ChallengeType, DemoConfig

DEMO = DemoConfig(play="mine:play")


def test_the_demo_may_be_called_competition() -> None:
    with pytest.warns(DeprecationWarning, match=r"competition= of .* 'mine' .* demo= ins") as told:
        old = ChallengeType(name="mine", config_class=dict, competition=DEMO)

    assert old.demo is DEMO
    assert old == ChallengeType(name="mine", config_class=dict, demo=DEMO)
    assert told[0].filename == __file__
