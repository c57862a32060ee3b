"""The plugin under test among others: other types, an extension, and a twin of its challenge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs

from anomed_core.config import ServerSettings
from anomed_core.plugins import build_registry
from anomed_core.service.opening import open_server
from anomed_core.testing.answers import answers
from anomed_core.testing.client import ChallengeClient
from anomed_core.testing.loading import Plugin, load_plugin
from anomed_core.testing.neighbours import NEIGHBOURS
from anomed_core.testing.plugin_under_test import SECRET, challenge_spec, closing
from anomed_core.testing.trials import trials


@attrs.frozen(kw_only=True)
class Company:
    """Who else is on the server.

    Attributes
    ----------
    before, after
        Plugins that are loaded before and after the one under test.
    n_twins
        How many challenges of its type are played before it is asked.
    """

    before: Sequence[Any] = ()
    after: Sequence[Any] = ()
    n_twins: int = 0


EVERYBODY = Company(before=NEIGHBOURS[:1], after=NEIGHBOURS[1:], n_twins=1)


@contextmanager
def served_in_company(
    plugin: Plugin,
    company: Company,
    *,
    config: Mapping[str, Any] | None,
    extensions: Sequence[Plugin],
    state: Path,
) -> Iterator[ChallengeClient]:
    """Serve a challenge together with others; twins are opened after it.

    Parameters
    ----------
    plugin, config, extensions, state
        As `anomed_core.testing.plugin_under_test.served` takes them.
    company
        Who else is there.

    Yields
    ------
    ChallengeClient
    """
    registry = build_registry()
    for neighbour in company.before:
        load_plugin(registry, neighbour)
    challenge_type = load_plugin(registry, plugin)
    for extension in (*extensions, *company.after):
        load_plugin(registry, extension)
    spec = challenge_spec(registry, challenge_type, config)
    neighbours = [
        challenge_spec(registry, loaded.type, None)
        for loaded in registry.types
        if loaded.type is not challenge_type
    ]
    twins = [attrs.evolve(spec, id=f"{spec.id}-twin-{n}") for n in range(company.n_twins)]
    server = open_server(
        [*neighbours, spec, *twins],
        registry=registry,
        settings=ServerSettings(state=state),
        environment={"ANOMED_SECRET": SECRET},
    )
    with closing(server):
        for twin in twins:
            _play(ChallengeClient(server, twin.id))
        yield ChallengeClient(server, spec.id)


def _play(client: ChallengeClient) -> None:
    """Let a challenge answer one of everything: what it keeps globally would be seen then."""
    one_of_each = {(trial.kind.name, trial.split): trial for trial in trials(client)}
    answers(client, one_of_each.values())
