"""The arena: what the server keeps of a challenge, and the draws that decide who is asked about.

Members are leaky people; non-members are people like them whom nobody gets. Both are divided once
for the whole challenge into pools for tuning and for validation, so that nothing learnt on tuning
targets, under whatever name, tells about validation targets. Each pair of anonymizer and
deanonymizer gets its own draw within a pool, with ids of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import singledispatch
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import pandas as pd

from anomed_core import ConfigError, CreationContext, Lottery, Split, Submission
from anomed_dataset_anonymization.challenge.config import DatasetAnonymizationConfig
from anomed_dataset_anonymization.challenge.data import (
    People,
    open_people,
)
from anomed_dataset_anonymization.challenge.yardsticks import Yardsticks, lay_yardsticks
from anomed_dataset_anonymization.people.knowledge import background_knowledge, what_is_known
from anomed_dataset_anonymization.people.splits import Targets, draw_targets
from anomed_dataset_anonymization.schema import Column, ColumnKind, TableSchema, encode
from anomed_dataset_anonymization.schema.frames import RECORD_ID, people_frame, read_frame
from anomed_dataset_anonymization.schemes import PublishedTable, canonicalise
from anomed_dataset_anonymization.threat import AttackerView, TargetTruth, find_rare
from anomed_dataset_anonymization.utility import Boxes, boxes_of_people

if TYPE_CHECKING:
    from anomed_dataset_anonymization.schema import Coordinates

MAX_LISTED_VALUES = 4_096
"""Of a nominal column: tables are compared value by value, in 8 bytes for each pair of values."""

_HOUSE = "house attacks"
"""The deanonymizer for whom targets of house attacks are drawn; no participant has a blank."""


@attrs.frozen(kw_only=True, eq=False)
class Draw:
    """The people that one deanonymizer is asked about in one split.

    Attributes
    ----------
    targets : Targets
        Their ids, and who they are.
    knowledge : DataFrame
        ``target_id`` and the known columns: what the deanonymizer gets.
    """

    targets: Targets
    knowledge: pd.DataFrame


@attrs.frozen(kw_only=True, eq=False)
class Arena:
    """People, draws and measures of one challenge.

    Attributes
    ----------
    people : People
        Everybody, and who is in which part.
    known, unknown : tuple of Column
        What attackers know of their targets, and what they have to infer.
    noise : mapping of str to float
        How far off their knowledge is.
    known_of : mapping of str to ndarray of float64, shape (n_people,)
        By known column, what attackers get to know of everybody: with the noise, one draw for all.
    is_public : bool
        Whether everybody gets the reference, also without a token.
    n_targets : int
        Members, and non-members, that an attack is asked about.
    n_surest : int
        Rows of a reconstructed table that are looked up.
    least_usefulness : float
        What a table must be good for to be ranked by its privacy.
    least_gain : float or None
        What it must say beyond the reference; None if that decides nothing.
    original, population : Boxes
        The leaky people, and with them those of the reference, as published tables are compared
        with them: whom anonymizers have anyway. Counts of non-members would tell who they are.
    yardsticks : mapping of Split to Yardsticks
        What utility is measured with, in secret, for each split.
    lottery : Lottery
        Source of all draws.
    """

    people: People
    known: tuple[Column, ...]
    unknown: tuple[Column, ...]
    noise: Mapping[str, float]
    known_of: Mapping[str, np.ndarray] = attrs.field(repr=False)
    is_public: bool
    n_targets: int
    n_surest: int
    least_usefulness: float
    least_gain: float | None
    original: Boxes = attrs.field(repr=False)
    population: Boxes = attrs.field(repr=False)
    yardsticks: Mapping[Split, Yardsticks] = attrs.field(repr=False)
    lottery: Lottery

    @property
    def schema(self) -> TableSchema:
        """Describes the columns."""
        return self.people.schema

    @property
    def n_leaky(self) -> int:
        """Number of people in the leaky table."""
        return len(self.people.parts.leaky)

    @property
    def known_names(self) -> tuple[str, ...]:
        """Names of the known columns."""
        return tuple(column.name for column in self.known)

    @property
    def unknown_names(self) -> tuple[str, ...]:
        """Names of the unknown columns."""
        return tuple(column.name for column in self.unknown)

    def leaky_table(self) -> pd.DataFrame:
        """Return what anonymizers get: the index is the record id."""
        return people_frame(self.people.leaky, self.schema).set_axis(self._record_ids, axis="index")

    def reference_table(self) -> pd.DataFrame:
        """Return what everybody gets: people who are in no challenge."""
        return people_frame(self.people.reference, self.schema)

    def published(self, submission: Submission) -> PublishedTable:
        """Return the canonical form of what an anonymizer submitted.

        Raises
        ------
        ValueError
            If the table does not fit its scheme; the message is for the participant.
        """
        return canonicalise(
            read_frame(submission.payload["anon_data"]),
            submission.payload["anon_scheme"],
            schema=self.schema,
            leaky=pd.DataFrame(index=self._record_ids),
        )

    def draw(self, split: Split, *, anonymizer: str, deanonymizer: str) -> Draw:
        """Draw the people that a deanonymizer is asked about.

        Parameters
        ----------
        split
            Which pool to draw from.
        anonymizer, deanonymizer
            Identifiers of both sides, which may be empty; each pair gets its own draw.

        Returns
        -------
        Draw
        """
        ids = (split.value, anonymizer, deanonymizer)
        targets = draw_targets(
            self.people.pools[split.value],
            self.n_targets,
            rng=self.lottery.generator("targets", *ids),
        )
        knowledge = background_knowledge(self.known_of, targets, known=self.known)
        return Draw(targets=targets, knowledge=knowledge)

    def house_draw(self, submission: Submission) -> Draw:
        """Draw the people that the house asks about a submission: the same for all of a split.

        A draw for each anonymizer would give equal tables different risks, and whoever has two
        names, or copies a table, the better one of two draws.
        """
        return self.draw(submission.split, anonymizer="", deanonymizer=_HOUSE)

    def truth(self, targets: Targets) -> TargetTruth:
        """Return what is true of targets."""
        coordinates = self.people.coordinates
        places = [self.schema.position(name) for name in self.known_names]
        people = coordinates[targets.positions]
        leaky_position = np.full(len(coordinates), -1, dtype=np.int64)
        leaky_position[self.people.parts.leaky] = np.arange(self.n_leaky)
        return TargetTruth(
            ids=targets.ids,
            people=people,
            is_member=targets.is_member,
            leaky_positions=leaky_position[targets.positions],
            is_rare=find_rare(people[:, places], coordinates[:, places]),
        )

    def view(self, published: PublishedTable, draw: Draw) -> AttackerView:
        """Return all that an attacker has."""
        return AttackerView(
            published=published.without_lineage(),
            known=self.known_names,
            unknown=self.unknown_names,
            target_ids=draw.targets.ids,
            background=self.background(draw),
            reference=self.people.reference,
        )

    def background(self, draw: Draw) -> Coordinates:
        """Return what an attacker knows of the targets, as coordinates."""
        return encode(draw.knowledge, TableSchema(columns=self.known))

    @property
    def _record_ids(self) -> pd.Index[int]:
        return pd.Index(np.asarray(self.people.record_ids), name=RECORD_ID)


@singledispatch
def create(config: Any, context: CreationContext) -> Any:
    """Open what a configuration describes; see `upstream` for an organiser's own functions."""
    return open_arena(config, context)


def open_arena(config: DatasetAnonymizationConfig, context: CreationContext) -> Arena:
    """Load the people and prepare everything that scoring needs.

    Parameters
    ----------
    config
        What the organiser decided.
    context
        Holds sources and secrets, and keeps what is computed.

    Returns
    -------
    Arena

    Raises
    ------
    ConfigError
        If the settings do not suit the data.
    """
    people = open_people(config, context)
    schema = people.schema
    known, unknown = schema.quasi_identifiers, schema.sensitive
    if not known or not unknown:
        raise ConfigError(
            "schema",
            f"it has {len(known)} quasi-identifiers and {len(unknown)} sensitive columns; at least "
            "one of each is needed: what attackers know, and what they must not learn",
        )
    _check_lists(schema)
    strangers = sorted(set(config.noise) - {column.name for column in known})
    if strangers:
        raise ConfigError(f"noise.{strangers[0]}", "only quasi-identifiers can have noise")
    original = boxes_of_people(people_frame(people.leaky, schema), schema)
    return Arena(
        people=people,
        known=known,
        unknown=unknown,
        noise=config.noise,
        known_of=what_is_known(
            people.coordinates,
            schema,
            known=known,
            noise=config.noise,
            rng=context.lottery.generator("noise"),
        ),
        is_public=config.data.public,
        n_targets=config.n_targets,
        n_surest=min(config.n_surest, len(people.parts.leaky)),
        least_usefulness=config.least_usefulness,
        least_gain=config.least_gain,
        original=original,
        population=boxes_of_people(people_frame(_had_by_all(people), schema), schema),
        yardsticks={
            split: lay_yardsticks(split, original, people=people, config=config, context=context)
            for split in Split
        },
        lottery=context.lottery,
    )


def _had_by_all(people: People) -> np.ndarray:
    """Return the people whom anonymizers have: the leaky ones and the reference."""
    had: np.ndarray = np.concatenate([people.leaky, people.reference])
    return had


def _check_lists(schema: TableSchema) -> None:
    for column in schema:
        if column.kind is ColumnKind.NOMINAL and len(column.values) > MAX_LISTED_VALUES:
            raise ConfigError(
                "schema",
                f"the nominal column {column.name!r} lists {len(column.values)} values, and tables "
                f"can be compared by at most {MAX_LISTED_VALUES}; recode it to fewer, or drop it",
            )
