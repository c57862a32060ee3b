"""What an extension's attack must say before it counts, and whom it is handed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import numpy as np
import pytest

from anomed_core import Criterion, HouseAttack, Metric, Ranking
from anomed_core.errors import PluginBrokenError
from anomed_core.service.ranking.declared_rankings import Declarations, resolve
from anomed_core.service.server import Server
from anomed_core.testing import ChallengeClient
from tests import extended_type
from tests.adding_extension import attack, extension
from tests.conftest import OpenServer
from tests.example_types import Guessing
from tests.extended_type import RIGHT, N


@pytest.fixture
def opened(server_of: OpenServer) -> Callable[..., Server]:
    """Open the type together with extensions."""

    def open_them(*extensions: Any) -> Server:
        return server_of(extended_type, *extensions)

    return open_them


def test_an_attack_that_does_not_say_of_what_counts_for_nobody(
    opened: Callable[..., Server],
) -> None:
    other = Metric.of(extended_type.share_right, name="right", direction="lower")
    added = extension(anomed_submission_kinds=[attack(metrics=[other])])
    (hosted,) = opened(added).challenges.values()
    worst, _ = hosted.rankings[0].criteria

    assert [source.kind for source in worst.sources] == ["deanonymizer"]
    assert [one.ranking.name for one in hosted.rankings] == [
        "anonymizers",
        "deanonymizers",
        "guesses",
    ]


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"direction": "lower"}, "the direction lower and not higher"),
        ({"bounds": (0, 2)}, "the bounds (0, 2) and not (0, 1)"),
        ({"chance": 0.25}, "the chance 0.25 and not 0.5"),
        ({"chance": None}, "the chance None and not 0.5"),
    ],
)
def test_an_attack_on_another_scale_is_not_compared(
    changes: dict[str, Any], difference: str, opened: Callable[..., Server]
) -> None:
    kind = attack(attacks="anonymizer", metrics=[attrs.evolve(RIGHT, **changes)])

    with pytest.raises(PluginBrokenError) as error:
        opened(extension(anomed_submission_kinds=[kind]))

    assert str(error.value) == (
        "challenge 'signs': added-1: the metric 'right' of 'guesses' counts among the worst "
        f"attacks, so it is compared with that of 'deanonymizer', but has {difference}; declare "
        "the same, or give it another name"
    )


def test_an_attack_without_an_interval_is_not_compared_with_those_that_have_one(
    opened: Callable[..., Server],
) -> None:
    middle = Metric.of(extended_type.share_right, name="middle", limits=("right", "middle"))
    kind = attack(attacks="anonymizer", metrics=[RIGHT, middle])

    with pytest.raises(PluginBrokenError, match="but has an interval True and not False; declare"):
        opened(extension(anomed_submission_kinds=[kind]))


def test_without_rankings_each_kind_has_its_own(server_of: OpenServer) -> None:
    added = extension(anomed_submission_kinds=[attack(with_target=False)])
    (hosted,) = server_of(Guessing(), added).challenges.values()

    assert [one.ranking.name for one in hosted.rankings] == [
        "anonymizer",
        "deanonymizer",
        "guesses",
    ]


def test_an_attack_is_handed_what_it_attacks(opened: Callable[..., Server]) -> None:
    def attacked(*, target: Any) -> float:
        return float(target.submission.payload["prediction"].sum())

    drafts = attack("drafts", submitter="anonymizer")
    on_drafts = attack(attacks="drafts", metrics=[Metric.of(attacked)])
    on_others = attack("others", metrics=[Metric.of(attacked)])
    server = opened(extension(anomed_submission_kinds=[drafts, on_drafts, on_others]))
    client = ChallengeClient(server, "signs")
    guess = np.ones(N, dtype=bool)

    client.score("anonymizer", np.full(N, 0.25))
    too_early = client.submit("guesses", guess)
    client.score("drafts", guess)

    assert too_early.status == 422
    assert client.score("guesses", guess) == {"attacked": N}
    assert client.score("others", guess) == {"attacked": N / 4}


def test_an_extension_ranks_nobody_elses_kinds(opened: Callable[..., Server]) -> None:
    criterion = Criterion(metric="mae")
    ranking = Ranking(name="mine", kind="anonymizer", criteria=[criterion])

    with pytest.raises(PluginBrokenError, match="added-1: the ranking 'mine' is of 'anonymizer'"):
        opened(extension(anomed_rankings=[ranking]))


def test_the_scale_is_that_of_the_owners_attacks_where_only_the_house_attacks() -> None:
    risk = Metric(name="right", bounds=(0, 1), direction="lower")  # type: ignore[arg-type]  # as plugins do
    house = HouseAttack(name="panel", kind="anonymizer", metrics=[risk], run=lambda *_: {})
    kinds = [attack("anonymizer", submitter="anonymizer"), attack(attacks="anonymizer")]
    declared = Declarations(
        kinds=kinds,
        metrics={"anonymizer": (attrs.evolve(risk, primary=True),), "guesses": (RIGHT,)},
        attacks=[house],
        entries=[],
        added={"guesses": "added-1"},
    )
    criterion = Criterion(metric="right", take="worst")  # type: ignore[arg-type]  # as plugins do

    ranking = Ranking(name="anonymizers", kind="anonymizer", criteria=[criterion])
    (reading,) = resolve(ranking, declared).criteria

    assert reading.higher_is_better
    assert [source.label or source.kind for source in reading.sources] == ["guesses", "panel"]
