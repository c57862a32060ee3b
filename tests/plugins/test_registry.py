"""Who is asked: the owner, then every extension; never another challenge type."""

import itertools
from collections.abc import Sequence
from typing import Any

import pytest

from anomed_core import ChallengeType, DataSource, Metric, hookimpl
from anomed_core.errors import (
    ContractError,
    PluginBrokenError,
    PluginConflictError,
    PluginNotFoundError,
)
from anomed_core.plugins import PluginRegistry, build_registry


class Recorder:
    """Answers with its own name."""

    ANOMED_API = 1

    def __init__(self, name: str) -> None:
        self.name = name

    @hookimpl
    def anomed_metrics(self, challenge: Any) -> str:
        return self.name


class Owner(Recorder):
    """The same, for a type of its own."""

    @hookimpl
    def anomed_challenge_types(self) -> list[ChallengeType]:
        return [ChallengeType(name=self.name, title=self.name, config_class="m:C")]

    @hookimpl
    def anomed_evaluate_utility(self, submission: Any) -> str:
        return f"{self.name} scores {submission}"


class Shouting:
    """Wraps every evaluation."""

    ANOMED_API = 1

    @hookimpl(wrapper=True)
    def anomed_evaluate_utility(self) -> Any:
        answer = yield
        return f"{answer}!"


def registry_of(plugins: Sequence[Any]) -> PluginRegistry:
    registry = build_registry(discover=False)
    for plugin in plugins:
        registry.add(plugin, name=getattr(plugin, "name", "shouting"))
    return registry


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_only_the_owner_answers_whoever_was_loaded_last(order: tuple[int, ...]) -> None:
    plugins = [Owner("iris"), Owner("wine"), Shouting()]
    registry = registry_of([plugins[index] for index in order])

    answers = [
        registry.caller(name, "anomed_evaluate_utility")(challenge=None, submission=7)
        for name in ("iris", "wine")
    ]

    assert answers == ["iris scores 7!", "wine scores 7!"]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_owner_and_extensions_are_asked_in_an_order_of_their_own(order: tuple[int, ...]) -> None:
    plugins = [Owner("wine"), Owner("iris"), Recorder("b"), Recorder("a")]
    registry = registry_of([plugins[index] for index in order])

    answers = registry.ask_each("wine", "anomed_metrics", challenge=None)

    assert answers == [("wine", "wine"), ("a", "a"), ("b", "b")]


def test_who_has_nothing_to_say_is_left_out() -> None:
    class Silent(Recorder):
        @hookimpl
        def anomed_metrics(self) -> None:  # type: ignore[override]
            return None

    registry = registry_of([Owner("iris"), Silent("silent")])

    assert registry.ask_each("iris", "anomed_metrics", challenge=None) == [("iris", "iris")]


def test_a_type_that_is_added_later_is_kept_out_of_earlier_callers() -> None:
    registry = registry_of([Owner("iris")])
    registry.caller("iris", "anomed_evaluate_utility")
    registry.add(Owner("wine"), name="wine")

    answer = registry.caller("iris", "anomed_evaluate_utility")(challenge=None, submission=7)

    assert answer == "iris scores 7"


def test_everybody_is_asked_where_it_says_so() -> None:
    registry = registry_of([Owner("iris"), Owner("wine"), Recorder("a")])

    assert [one.plugin_name for one in registry.implementations("anomed_metrics")] == [
        "a",
        "iris",
        "wine",
    ]


def test_an_unloaded_type_is_named_with_those_that_are_loaded() -> None:
    registry = registry_of([Owner("wine"), Owner("iris")])

    with pytest.raises(PluginNotFoundError, match="'digits' is not loaded; loaded: iris, wine"):
        registry.challenge_type("digits")


def test_underscores_of_a_type_are_hyphens() -> None:
    registry = registry_of([Owner("two-words")])

    assert registry.challenge_type("two_words").plugin_name == "two-words"


# --- data sources ---------------------------------------------------------------------------------


class Offering:
    ANOMED_API = 1

    def __init__(self, *answer: Any) -> None:
        self.answer = answer

    @hookimpl
    def anomed_data_sources(self) -> list[Any]:
        return list(self.answer)


def test_the_sources_of_the_core_are_those_it_documents() -> None:
    assert sorted(registry_of([]).data_sources()) == [
        "csv",
        "npz",
        "parquet",
        "simulated",
        "sklearn",
    ]


def test_a_plugin_adds_a_source() -> None:
    source = DataSource(scheme="ones")
    registry = build_registry(discover=False)
    registry.add(Offering(source), name="offering")

    assert registry.data_sources()["ones"].scheme == "ones"


def test_a_fingerprint_stays_what_it_was_when_it_was_first_asked_for() -> None:
    answers = iter(["monday", "tuesday"])
    source = DataSource(scheme="ones", fingerprint=lambda _: next(answers))
    registry = build_registry(discover=False)
    registry.add(Offering(source), name="offering")

    asked = [registry.data_sources()["ones"].fingerprint("x") for _ in range(3)]

    assert asked == ["monday"] * 3
    assert registry.fingerprints == {"ones:x": "monday"}


def test_two_plugins_offering_one_scheme_are_both_named() -> None:
    registry = build_registry(discover=False)
    registry.add(Offering(DataSource(scheme="csv")), name="mine")

    with pytest.raises(
        PluginConflictError, match="'csv' is offered twice: by anomed-core data sources and by mine"
    ):
        registry.data_sources()


def test_a_source_that_is_none_is_refused() -> None:
    registry = build_registry(discover=False)
    registry.add(Offering(Metric(name="m", kind="k")), name="mine")

    with pytest.raises(ContractError, match="list of DataSource, got a Metric in it"):
        registry.data_sources()


def test_a_plugin_that_raises_instead_of_offering_sources_is_named() -> None:
    class Raising:
        ANOMED_API = 1

        @hookimpl
        def anomed_data_sources(self) -> list[DataSource]:
            raise OSError("the disk is gone")

    registry = build_registry(discover=False)
    registry.add(Raising(), name="mine")

    with pytest.raises(PluginBrokenError, match="'mine': anomed_data_sources raised OSError"):
        registry.data_sources()


def test_hook_calls_can_be_traced() -> None:
    registry = registry_of([Owner("iris")])
    lines: list[str] = []
    registry.trace(lines.append)

    registry.caller("iris", "anomed_evaluate_utility")(challenge=None, submission=7)

    assert any("anomed_evaluate_utility" in line for line in lines)
