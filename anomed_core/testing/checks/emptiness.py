"""Whether there is something to check: a plugin that does nothing breaks no rule."""

from __future__ import annotations

from collections.abc import Iterator

from anomed_core.testing.checks.failure import NotApplicableError, NotCheckedError
from anomed_core.testing.checks.truths import documents, n_arrays, truths
from anomed_core.testing.client import ChallengeClient
from anomed_core.testing.participation import SILENT_HOOKS, Part
from anomed_core.testing.plugin_under_test import PluginUnderTest


def something_to_check(plugin_under_test: PluginUnderTest) -> str:
    """Declare submissions, metrics, products and a secret truth, so that there is what to check."""
    client = plugin_under_test.open()
    missing = list(_missing(client))
    if missing:
        raise NotCheckedError("; ".join(missing))
    secret, said = truths(client), documents(client)
    n_metrics = sum(map(len, client.hosted.metrics.values()))
    return (
        f"{len(client.hosted.kinds)} kinds, {n_metrics} metrics, {len(client.hosted.products)} "
        f"products, {n_arrays(secret)} secret arrays looked for in {len(said)} documents"
    )


def _missing(client: ChallengeClient) -> Iterator[str]:
    hosted = client.hosted
    if not hosted.kinds:
        yield (
            "no submission kind is declared, so nothing can be handed in: does "
            "anomed_submission_kinds return what it makes?"
        )
    if not hosted.products:
        yield (
            "no data product is declared, so nothing is handed out: does anomed_data_products "
            "return what it makes?"
        )
    for kind in hosted.kinds:
        if not hosted.metrics[kind.name]:
            yield f"no metric is declared for {kind.name}, so nothing is scored"
    if hosted.kinds and not truths(client):
        yield (
            "no perfect baseline holds anything that is secret from some role, so no truth is "
            "looked for"
        )


def extensions_take_part(plugin_under_test: PluginUnderTest) -> None:
    """Take part as an extension: answer a hook, change an answer, or refuse something."""
    if not plugin_under_test.extensions:
        raise NotApplicableError("no extension is loaded beside the type")
    plugin_under_test.open()
    parts = plugin_under_test.parts.values()
    absent = [part for part in parts if not part.took_part]
    if absent:
        watching = [part for part in absent if set(part.asked) <= SILENT_HOOKS]
        error = NotApplicableError if len(watching) == len(absent) else NotCheckedError
        raise error("; ".join(map(_absence, absent)))


def _absence(part: Part) -> str:
    asked = ", ".join(f"{hook} {n} times" for hook, n in sorted(part.asked.items()))
    return (
        f"the extension {part.name} was asked {asked or 'nothing'}, and has answered, changed and "
        "refused nothing, so nothing of it was checked: does its guard know this challenge type?"
    )
