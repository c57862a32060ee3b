"""What a plugin is given to create a challenge."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, overload

import attrs
import numpy as np
import structlog

from anomed_core.errors import ConfigError, ContractError
from anomed_core.hookspecs.source_text import plugin_digest, source_digest
from anomed_core.model.data_source import DataSource
from anomed_core.sampling import Lottery
from anomed_core.state import ArtifactStore
from anomed_core.wire.digests import digest_value

if TYPE_CHECKING:
    from anomed_core.plugins import ExtensionPoint

Build = Callable[[], Mapping[str, np.ndarray]]

log = structlog.get_logger(__name__)

_SAME_RUN_S = 60.0
"""Arrays younger than this were frozen by a process of the same start."""


@attrs.frozen(kw_only=True)
class TakenPoint:
    """What a challenge is made with that another distribution offers.

    Attributes
    ----------
    name
        Group and name of the entry point.
    distribution
        Who offers it, with its version.
    code
        Digest of its package's Python files.
    """

    name: str
    distribution: str
    code: str


@attrs.frozen(kw_only=True)
class CreationContext:
    """Handed to ``anomed_create_challenge``.

    Frozen arrays are kept in the state directory. ``freeze(name, build)`` computes them anew when
    the configuration or a Python file of the plugin's package changes, ``freeze(name, key, build)``
    only when the key does: everything else that they depend on, such as another file, belongs in
    it. What was taken of other distributions before counts with the plugin's own files. Server
    logs say which data are of an earlier run, and how old they are.

    Attributes
    ----------
    challenge_id
        Identifier of the challenge.
    lottery
        Source of every draw that participants must not foresee; other challenges draw otherwise.
    artifacts
        Where frozen arrays are kept.
    sources
        Data sources by scheme.
    settings
        Digest of the challenge's configuration, all fields of it.
    """

    challenge_id: str
    lottery: Lottery = attrs.field(repr=False)
    artifacts: ArtifactStore = attrs.field(repr=False)
    sources: Mapping[str, DataSource] = attrs.field(factory=dict, repr=False)
    settings: str = attrs.field(default="", repr=False)
    _frozen: dict[str, str] = attrs.field(factory=dict, init=False, repr=False)
    _taken: dict[str, TakenPoint] = attrs.field(factory=dict, init=False, repr=False)
    _state: set[str] = attrs.field(factory=set, init=False, repr=False)

    @overload
    def freeze(self, name: str, key: Build) -> Mapping[str, np.ndarray]: ...

    @overload
    def freeze(
        self, name: str, key: str | None = None, build: Build | None = None
    ) -> Mapping[str, np.ndarray]: ...

    def freeze(
        self, name: str, key: str | Build | None = None, build: Build | None = None
    ) -> Mapping[str, np.ndarray]:
        """Compute arrays once for all processes and return them as read-only memory maps.

        What is frozen becomes part of the challenge's fingerprint: a ledger with scores on other
        data is refused.

        Parameters
        ----------
        name
            What the arrays are, unique within the challenge.
        key
            Everything they depend on besides the challenge's lottery, as text: the source's
            fingerprint, sizes, seeds. Without it, ``freeze(name, build)``, they are computed anew
            whenever a value of the configuration changes, or a Python file of the package that
            defines `build`; so give a key where they depend on other files, or on objects that the
            configuration holds, or where they take long and depend on less.
        build
            Computes them; called in one process at a time, and only if nobody has before.

        Returns
        -------
        mapping of str to ndarray
            Read-only.

        Raises
        ------
        ValueError
            If the name is taken, there is nothing to build them with, or it has no source text and
            no key is given.
        ContractError
            If the challenge was created already, so that its fingerprint would not cover them.
        """
        self._refuse_late(f"freeze {name!r}")
        if callable(key):
            key, build = None, key
        if build is None:
            raise ValueError(f"say what computes {name!r}: freeze({name!r}, build)")
        if name in self._frozen:
            raise ValueError(f"{name!r} is frozen already in challenge {self.challenge_id!r}")
        if key is None:
            taken = "".join(f" {point.name} {point.code}" for point in self.taken)
            key = f"settings {self.settings} source {source_digest(build)}{taken}"
        full_key = digest_value([self.challenge_id, self.lottery.fingerprint, name, key])
        frozen = self.artifacts.freeze(full_key, build)
        self._frozen[name] = frozen.digest
        age_s = time.time() - frozen.frozen_at
        if age_s > _SAME_RUN_S:
            log.info(
                "data of an earlier run are used",
                challenge=self.challenge_id,
                name=name,
                age_s=round(age_s),
            )
        return frozen.arrays

    def take(self, point: ExtensionPoint, expected: type | None = None) -> Any:
        """Load what a distribution offers, as a part of this challenge.

        Its distribution becomes part of the challenge's fingerprint and of every score, and its
        code of what a running server holds on to; see `anomed_core.extension_points`.

        Parameters
        ----------
        point
            What is offered.
        expected
            Class that it must be an instance of, if given.

        Returns
        -------
        object

        Raises
        ------
        PluginNotFoundError, PluginBrokenError, PluginConflictError
            As `ExtensionPoint.load` does.
        ContractError
            If the challenge was created already.
        """
        name = f"{point.group} {point.name}"
        self._refuse_late(f"take {name}")
        offered = point.load(expected)
        (distribution,) = point.distributions
        code = plugin_digest(sys.modules[point.target.partition(":")[0]])
        self._taken[name] = TakenPoint(name=name, distribution=distribution, code=code)
        return offered

    @property
    def taken(self) -> tuple[TakenPoint, ...]:
        """What was taken of other distributions, by name."""
        return tuple(self._taken[name] for name in sorted(self._taken))

    def close(self) -> None:
        """Take nothing more: the challenge is created, and its fingerprint known."""
        self._state.add("closed")

    def _refuse_late(self, what: str) -> None:
        if "closed" in self._state:
            raise ContractError(
                f"challenge {self.challenge_id!r} is created already, and its fingerprint would "
                f"not cover what follows; {what} in anomed_create_challenge"
            )

    @property
    def frozen_digests(self) -> dict[str, str]:
        """Digest of everything that was frozen, by name."""
        return dict(self._frozen)

    def source(self, text: str) -> tuple[DataSource, str]:
        """Find the data source of ``"scheme:reference"``.

        Returns
        -------
        (source, reference) : tuple of DataSource and str

        Raises
        ------
        ConfigError
            If the text has no scheme or nobody offers it.
        """
        scheme, separator, reference = text.partition(":")
        if not separator or scheme not in self.sources:
            raise ConfigError(
                f"challenges.{self.challenge_id}.data.source",
                f"{text!r} names no known source; write scheme:reference with one of "
                f"{', '.join(sorted(self.sources))}",
            )
        return self.sources[scheme], reference

    def load(self, text: str, form: str, *, kinds: Mapping[str, str] | None = None) -> Any:
        """Load ``"scheme:reference"`` as ``"arrays"`` or as a ``"table"``.

        Parameters
        ----------
        text
            As the configuration names it.
        form
            Which of the two.
        kinds
            What columns are, by name, as of ``anomed_core.tables.KINDS``, where a schema or a
            codebook says so: it decides, whatever the cells of a file look like.

        Returns
        -------
        mapping of str to ndarray, or DataFrame

        Raises
        ------
        ConfigError
            If the source is unknown, has no such form, or its data cannot be read.
        """
        source, reference = self.source(text)
        loader: Callable[..., Any] | None = source.arrays if form == "arrays" else source.table
        reads_kinds = bool(kinds) and form == "table" and source.reads_kinds
        key = f"challenges.{self.challenge_id}.data.source"
        if loader is None:
            raise ConfigError(key, f"{source.scheme}: offers no {form}")
        try:
            return loader(reference, kinds=kinds) if reads_kinds else loader(reference)
        except ValueError as error:
            raise ConfigError(key, str(error)) from error

    def source_fingerprint(self, text: str) -> str:
        """Return text that changes when the data behind ``"scheme:reference"`` changes."""
        source, reference = self.source(text)
        try:
            return f"{source.scheme}:{source.fingerprint(reference)}"
        except ValueError as error:
            raise ConfigError(f"challenges.{self.challenge_id}.data.source", str(error)) from error
