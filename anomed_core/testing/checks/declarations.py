"""Whether a plugin loads, what announcing costs, and whether its declarations fit together."""

from __future__ import annotations

from collections.abc import Iterator

from anomed_core.model import ArraysSchema, SubmissionSchema
from anomed_core.model.payloads import ProductSchema
from anomed_core.service.hosting import HostedChallenge
from anomed_core.testing.checks.failure import ConformanceError, fail_if_any
from anomed_core.testing.loading import reference
from anomed_core.testing.plugin_under_test import PluginUnderTest
from anomed_core.testing.probe import Announcement, Question, ask

_SLOWEST_S = 1.0
_TRIES = 3


def loads(plugin_under_test: PluginUnderTest) -> None:
    """Load: the right API, known hooks with known arguments, one type of its own name."""
    _, challenge_type = plugin_under_test.registry()
    if challenge_type is None:
        raise ConformanceError(
            "it announces no challenge type; check an extension together with a type: "
            "anomed plugins check TYPE --extension NAME"
        )


def announced_cheaply(plugin_under_test: PluginUnderTest) -> None:
    """Announce the type within a second, and without importing anything heavy."""
    found = _announcement(plugin_under_test)
    if found.heavy:
        raise ConformanceError(
            f"announcing the type imports {', '.join(found.heavy)}; import them inside the hooks "
            "that need them, and name the config class as 'module:Class'"
        )
    for _ in range(_TRIES - 1):
        if found.seconds <= _SLOWEST_S:
            return
        found = _announcement(plugin_under_test)
    if found.seconds > _SLOWEST_S:
        raise ConformanceError(
            f"importing the plugin and announcing its type takes {found.seconds:.1f} s, more than "
            f"{_SLOWEST_S:g} s: it is a slow import; move work into anomed_create_challenge"
        )


def _announcement(plugin_under_test: PluginUnderTest) -> Announcement:
    announcement: Announcement = ask(
        Question(task="announce", plugin=reference(plugin_under_test.plugin))
    )
    return announcement


def opens(plugin_under_test: PluginUnderTest) -> None:
    """Open the challenge: no route, metric or name is claimed twice, none is the core's."""
    client = plugin_under_test.open()
    answer = client.get("/challenge.json")
    if answer.status != 200:
        raise ConformanceError(f"/challenge.json was answered with {answer.reason}")
    fail_if_any(
        f"anomed_health says {told!r} right after the start"
        for told in client.hosted.hook("anomed_health")(challenge=client.hosted.challenge)
    )


def described(plugin_under_test: PluginUnderTest) -> None:
    """Tell participants what everything is: products, submissions, their arrays, metrics."""
    missing = list(_undescribed(plugin_under_test.open().hosted))
    if missing:
        raise ConformanceError(f"no description: {', '.join(missing)}")


def _undescribed(hosted: HostedChallenge) -> Iterator[str]:
    named = {f"challenge type {hosted.challenge.type}": hosted.challenge.description}
    named |= {f"data product {p.path}": p.description for p in hosted.products.values()}
    named |= {f"submission kind {kind.name}": kind.description for kind in hosted.kinds}
    named |= {f"operation {one.name}": one.description for one in hosted.operations}
    named |= {f"account {one.name}": one.description for one in hosted.accounts.values()}
    schemas: list[tuple[str, ProductSchema | SubmissionSchema]]
    schemas = [(f"data product {p.path}", p.schema) for p in hosted.products.values()]
    for kind in hosted.kinds:
        of_splits = [kind.schema_for(split) for split in kind.splits]
        schemas += [(f"submission kind {kind.name}", schema) for schema in of_splits]
    for operation in hosted.operations:
        schemas.append((f"answers of operation {operation.name}", operation.answer))
        if operation.request is not None:
            schemas.append((f"requests of operation {operation.name}", operation.request))
    for owner, schema in schemas:
        arrays = schema.arrays if isinstance(schema, ArraysSchema) else ()
        named |= {f"array {array.name} of {owner}": array.description for array in arrays}
    for name, metrics in hosted.metrics.items():
        named |= {f"metric {m.name} of {name} (its definition)": m.definition for m in metrics}
    return (label for label, text in named.items() if not text)
