"""The world that a server started with: rules, code and data, which all its workers keep.

Workers start at any time, since crashed ones are replaced; what an organiser edits meanwhile must
not make two workers of one server follow different rules.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from anomed_core.errors import UsageError
from anomed_core.hookspecs.source_text import plugin_digest
from anomed_core.service.background_workers import PLATFORM_PLUGIN
from anomed_core.service.server import Server


class WorldChangedError(UsageError):
    """Something is not what it was when the server was started."""


@attrs.frozen(kw_only=True)
class World:
    """What the start-up check found.

    Attributes
    ----------
    configuration
        The file's bytes; ``None`` without one.
    sources
        Fingerprints of data by ``scheme:reference``. Workers take them as they are, so that they
        find what was frozen, whatever has become of the files.
    facts
        Digests by what they are of: code of plugins, settings and data of challenges.
    """

    configuration: bytes | None = attrs.field(default=None, repr=False)
    sources: Mapping[str, str] = attrs.field(factory=dict)
    facts: Mapping[str, str] = attrs.field(factory=dict)

    def check(self, server: Server) -> None:
        """Compare what a worker has opened.

        Raises
        ------
        WorldChangedError
            If it is something else; names what.
        """
        now = facts_of(server)
        changed = [
            name for name in sorted({*self.facts, *now}) if self.facts.get(name) != now.get(name)
        ]
        if changed:
            raise WorldChangedError(
                f"{' and '.join(changed)} changed since the server was started; put it back, or "
                "restart the server"
            )


def facts_of(server: Server) -> dict[str, str]:
    """Return digests of everything that decides what a server answers."""
    facts = {
        f"the code of {name}": plugin_digest(plugin)
        for name, plugin in server.registry.plugins.items()
        if name != PLATFORM_PLUGIN  # workers alone deliver, and add it
    }
    for hosted in server.challenges.values():
        facts |= {f"the code of {point.name}": point.code for point in hosted.taken}
        facts[f"data or metrics of challenge {hosted.id}"] = hosted.fingerprint
        facts[f"settings of challenge {hosted.id}"] = hosted.settings_digest
        facts[f"pages of challenge {hosted.id}"] = hosted.pages.digest
    return facts
