"""Whether the challenge can be won by those who are to win it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from anomed_core.model import Baseline, Metric, Purpose, Quality
from anomed_core.testing.checks.failure import NotApplicableError, fail_if_any
from anomed_core.testing.client import ChallengeClient, described
from anomed_core.testing.plugin_under_test import PluginUnderTest
from anomed_core.testing.rehearsal import is_better, primary_of
from anomed_core.testing.trials import Trial, baselines, evaluate, prepare_target, trial_of, trials


def attacks_win(plugin_under_test: PluginUnderTest) -> str:
    """Let an attack win that knows only what attackers are given, if one is offered.

    What is attacked is the perfect submission, which protects nobody. If nothing can be found out
    about that, such as when products stand in another order than the truth, nobody can play.
    """
    offered = baselines(plugin_under_test.open())
    if not any(one.quality is Quality.ATTACK for one in offered):
        raise NotApplicableError(
            "no baseline of quality 'attack' shows that the challenge can be won with what is "
            "handed out: offer one in anomed_baselines, with payload=f(products)"
        )
    with plugin_under_test.served() as client:
        attacks = [one for one in baselines(client) if one.quality is Quality.ATTACK]
        prepare_target(client, perfect=True)
        trivial = list(trials(client, qualities=(Quality.TRIVIAL,)))
        fail_if_any([p for attack in attacks for p in _lost(client, attack, trivial)])
        kinds = [one.name for one in client.hosted.kinds if one.purpose is Purpose.THREAT]
    without = sorted(set(kinds) - {attack.kind for attack in attacks})
    return f"{len(attacks)} attacks" + (f", of {', '.join(without)} none" if without else "")


def _lost(client: ChallengeClient, attack: Baseline, trivial: Sequence[Trial]) -> Iterator[str]:
    """Yield for which splits an attack is no better than what knows nothing."""
    kind = next((one for one in client.hosted.kinds if one.name == attack.kind), None)
    if kind is None:
        yield f"the attack {attack.name!r} is of the kind {attack.kind!r}, which is not declared"
        return
    metric = primary_of(client, kind.name)
    for split in kind.splits:
        label = f"the attack {attack.name!r} ({split})"
        rivals = [one for one in trivial if one.kind.name == kind.name and one.split is split]
        try:
            value = evaluate(client, trial_of(client, attack, split))[metric.name]
        except Exception as error:  # noqa: BLE001 - a plugin may raise anything; that is a finding
            yield f"{label} fails: {described(error)}"
            return
        yield from (
            f"{label} scores {metric.name} = {value:g}, no better than the trivial {rival.name!r} "
            f"with {known:g}, although it attacks a perfect submission: nobody can win with what "
            "is handed out; see whether products and truth have one order"
            for rival, known in _values(client, rivals, metric)
            if not is_better(metric, value, known)
        )


def _values(
    client: ChallengeClient, rivals: Sequence[Trial], metric: Metric
) -> Iterator[tuple[Trial, float]]:
    for rival in rivals:
        yield rival, evaluate(client, rival)[metric.name]
