"""What a plugin declares is judged before a challenge is served, and fixed by a fingerprint."""

from collections.abc import Callable
from typing import Any

import attrs
import numpy as np
import pytest

from anomed_core import ChallengeSpec, HouseAttack, Metric, hookimpl
from anomed_core.errors import ConfigError, PluginConflictError, PluginError
from anomed_core.service.hosting import HostedChallenge
from tests.conftest import OpenServer
from tests.example_types import Guessing, GuessingConfig


def changed(hook: str, change: Callable[..., Any]) -> Guessing:
    """Return a guessing game, one of whose answers is changed."""

    def answer(self: Guessing, challenge: Any) -> Any:
        return change(getattr(Guessing, hook)(self, challenge))

    return type("Changed", (Guessing,), {hook: hookimpl(answer)})()


def refusal(server_of: OpenServer, game: Guessing) -> str:
    with pytest.raises(PluginError) as error:
        server_of(game)
    assert "\n" not in str(error.value)
    return str(error.value)


# --- what is opened -------------------------------------------------------------------------------


def test_a_challenge_takes_its_words_from_the_spec_and_else_from_the_type(
    server_of: OpenServer,
) -> None:
    spec = ChallengeSpec(id="one", type="guessing", title="Mine")
    challenge = server_of(Guessing(), specs=[spec]).challenges["one"].challenge

    assert (challenge.title, challenge.description) == ("Mine", "Guess numbers.")


def test_metrics_are_kept_in_declared_order(server_of: OpenServer) -> None:
    hosted = server_of(Guessing()).challenges["guessing"]

    assert [metric.name for metric in hosted.metrics["anonymizer"]] == ["hits", "mae"]


def test_the_provenance_names_code_and_version(server_of: OpenServer) -> None:
    provenance = server_of(Guessing()).challenges["guessing"].provenance

    assert (provenance.plugin, provenance.core_version) == ("guessing-0", "0.1.0")


# --- what is refused ------------------------------------------------------------------------------


def test_a_plugin_that_raises_is_named_with_its_challenge(server_of: OpenServer) -> None:
    def fail(_: Any) -> None:
        raise ZeroDivisionError("division\nby zero")

    told = refusal(server_of, changed("anomed_data_products", fail))

    assert told.startswith(
        "challenge 'guessing': changed-0 raised ZeroDivisionError: division by zero (in plugin"
    )
    assert f"{__file__}:{fail.__code__.co_firstlineno + 1}" in told


def test_a_configuration_error_of_a_plugin_passes_as_it_is(server_of: OpenServer) -> None:
    def fail(_: Any) -> None:
        raise ConfigError("challenges.guessing.size", "too large")

    with pytest.raises(ConfigError, match=r"^challenges\.guessing\.size: too large$"):
        server_of(changed("anomed_metrics", fail))


def test_a_challenge_that_is_none_is_refused(server_of: OpenServer) -> None:
    class Forgetful(Guessing):
        @hookimpl
        def anomed_create_challenge(self, config: Any) -> None:  # type: ignore[override]
            return None

    assert "anomed_create_challenge returned None" in refusal(server_of, Forgetful())


@pytest.mark.parametrize("hook", ["anomed_data_products", "anomed_submission_kinds"])
def test_what_is_no_list_is_refused(hook: str, server_of: OpenServer) -> None:
    assert f"{hook} must return a list of" in refusal(
        server_of, changed(hook, lambda answers: answers[0])
    )


def test_two_products_on_one_route_are_both_named(server_of: OpenServer) -> None:
    game = changed("anomed_data_products", lambda answers: [*answers, answers[0]])

    assert refusal(server_of, game) == (
        "the route /data/anonymizer/training is claimed twice: by data product "
        "/data/anonymizer/training and by data product /data/anonymizer/training"
    )


def test_a_product_and_a_kind_on_one_route_are_both_named(server_of: OpenServer) -> None:
    game = changed(
        "anomed_data_products",
        lambda answers: [attrs.evolve(answers[0], path="/utility/anonymizer")],
    )

    assert "by data product /utility/anonymizer and by submission kind 'anonymizer'" in refusal(
        server_of, game
    )


def test_two_kinds_of_one_name_are_refused(server_of: OpenServer) -> None:
    game = changed(
        "anomed_submission_kinds",
        lambda answers: [*answers, attrs.evolve(answers[0], path="/utility/other")],
    )

    assert refusal(server_of, game) == "submission kind 'anonymizer' is declared twice"


def test_two_kinds_may_share_a_route_if_a_selector_tells_them_apart(server_of: OpenServer) -> None:
    def twins(answers: list[Any]) -> list[Any]:
        first = attrs.evolve(answers[0], selector=("game", "a"))
        return [first, attrs.evolve(first, name="second", selector=("game", "b")), *answers[1:]]

    class Twins(Guessing):
        @hookimpl
        def anomed_submission_kinds(self, challenge: Any) -> list[Any]:
            return twins(Guessing.anomed_submission_kinds(self, challenge))

        @hookimpl
        def anomed_metrics(self, challenge: Any) -> list[Metric]:
            return [
                *Guessing.anomed_metrics(self, challenge),
                Metric(name="mae", kind="second", primary=True),
            ]

    hosted = server_of(Twins()).challenges["guessing"]

    assert [kind.name for kind in hosted.kinds_at("/utility/anonymizer")] == [
        "anonymizer",
        "second",
    ]


@pytest.mark.parametrize(
    ("extra", "reason"),
    [
        ("text", "must return a mapping, got str"),
        ({"motto": object()}, "extra routes start with a slash, got 'motto'"),
        ({3: object()}, "extra routes start with a slash, got 3"),
        ({"/data/pair": object()}, "claimed twice: by data product /data/pair and by extra route"),
    ],
)
def test_extra_routes_are_judged(extra: Any, reason: str, server_of: OpenServer) -> None:
    class Extra(Guessing):
        @hookimpl
        def anomed_extra_routes(self, challenge: Any) -> Any:
            return extra

    assert reason in refusal(server_of, Extra())


@pytest.mark.parametrize(
    ("metrics", "reason"),
    [
        (
            [Metric(name="x", kind="nobody")],
            "metric 'x' belongs to the submission kind 'nobody', which is not declared; declared",
        ),
        ([], "the submission kind 'anonymizer' needs exactly one primary metric, got 0"),
        (
            [Metric(name=name, kind="anonymizer", primary=True) for name in "ab"],
            "the submission kind 'anonymizer' needs exactly one primary metric, got 2",
        ),
        (
            [Metric(name="x", kind="anonymizer")] * 2,
            "the metric 'x' of 'anonymizer' is declared twice: by changed-0 and by changed-0",
        ),
    ],
)
def test_metrics_are_judged(metrics: list[Metric], reason: str, server_of: OpenServer) -> None:
    assert reason in refusal(server_of, changed("anomed_metrics", lambda _: metrics))


def test_an_extension_that_declares_a_metric_again_is_named(server_of: OpenServer) -> None:
    class Repeating:
        ANOMED_API = 1

        @hookimpl
        def anomed_metrics(self) -> list[Metric]:
            return [Metric(name="mae", kind="anonymizer")]

    with pytest.raises(PluginConflictError, match="by guessing-0 and by repeating-1"):
        server_of(Guessing(), Repeating())


def test_two_house_attacks_of_one_name_are_refused(server_of: OpenServer) -> None:
    class Attacking(Guessing):
        @hookimpl
        def anomed_house_attacks(self, challenge: Any) -> list[HouseAttack]:
            attack = HouseAttack(name="coin", kind="anonymizer", run=lambda *_: {"x": 0.0})
            return [attack, attack]

    assert refusal(server_of, Attacking()) == "house attack 'coin' is declared twice"


def test_a_house_attack_on_a_kind_that_is_not_declared_is_refused(server_of: OpenServer) -> None:
    class Attacking(Guessing):
        @hookimpl
        def anomed_house_attacks(self, challenge: Any) -> list[HouseAttack]:
            return [HouseAttack(name="coin", kind="nobody", run=lambda *_: {"x": 0.0})]

    assert "house attack 'coin' attacks the submission kind 'nobody'" in refusal(
        server_of, Attacking()
    )


# --- the fingerprint ------------------------------------------------------------------------------


@pytest.fixture
def hosted(server_of: OpenServer) -> Callable[..., HostedChallenge]:
    def open_one(game: Guessing | None = None, **facts: Any) -> HostedChallenge:
        facts = {"seed": 1, "config": GuessingConfig(), **facts}
        spec = ChallengeSpec(id=facts.pop("id", "c"), type="guessing", **facts)
        return server_of(game or Guessing(), specs=[spec]).challenges[spec.id]

    return open_one


def test_equal_challenges_have_equal_fingerprints(
    hosted: Callable[..., HostedChallenge],
) -> None:
    assert hosted().fingerprint == hosted(title="Another title").fingerprint


@pytest.mark.parametrize(
    "difference",
    [
        {"seed": 2},
        {"seed": None},
        {"id": "d"},
        {"config": GuessingConfig(level=0.5)},
        {"config": GuessingConfig(words=("a",))},
        {"config": GuessingConfig(size=11)},
        {"game": changed("anomed_metrics", lambda metrics: metrics[::-1])},
        {
            "game": changed(
                "anomed_metrics",
                lambda metrics: [attrs.evolve(metrics[0], definition="new"), *metrics[1:]],
            )
        },
    ],
    ids=["seed", "secret", "id", "float", "words", "data", "metric order", "metric definition"],
)
def test_other_data_draws_settings_and_metrics_have_other_fingerprints(
    difference: dict[str, Any], hosted: Callable[..., HostedChallenge]
) -> None:
    assert hosted(**difference).fingerprint != hosted().fingerprint


def test_other_data_has_another_fingerprint(
    hosted: Callable[..., HostedChallenge],
) -> None:
    class Shifted(Guessing):
        @hookimpl
        def anomed_create_challenge(self, config: Any, context: Any) -> Any:
            arrays = {"X": np.zeros(10), "y": np.zeros(10), "secret": np.zeros(10, dtype=bool)}
            return type("N", (), context.freeze("numbers", "shifted", lambda: arrays))

    assert hosted(Shifted()).fingerprint != hosted().fingerprint
