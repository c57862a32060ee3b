"""The arena: what the server keeps of a challenge, and the one form in which tables are seen.

A submitted file is read once. What remains of it, the canonical table, is written to the server's
state under the digest of the submission; the server's own measures, its attacks and all attackers
read that file and nothing else.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

import attrs
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from anomed_core import CreationContext, Lottery, Split, Submission
from anomed_dataset_synthesis.audit.declaration import Declaration, parse_declaration
from anomed_dataset_synthesis.challenge.config import LEAST_TARGETS, ROUNDS, DatasetSynthesisConfig
from anomed_dataset_synthesis.challenge.data import (
    Population,
    blamed_on,
    commitment_of,
    open_population,
)
from anomed_dataset_synthesis.external import find_generator
from anomed_dataset_synthesis.rounds import (
    Round,
    RoundPlan,
    answers_of_background,
    build_round,
    draw_people,
    draw_tasks,
    halves_of,
)
from anomed_dataset_synthesis.table.canonical import (
    CanonicalTable,
    RealTables,
    canonicalise,
    check_size,
    shuffle,
    to_parquet,
)
from anomed_dataset_synthesis.table.codebook import Codebook
from anomed_dataset_synthesis.utility.two_sample import check_distinct

TABLE_PART, CLAIM_PART = "synthetic", "claim"
"""Names of the parts of a submission's form."""


@attrs.frozen(kw_only=True, eq=False)
class Arena:
    """Everything about one challenge.

    Attributes
    ----------
    config
        What the organiser decided.
    population
        Everybody's records.
    rounds
        The scored rounds.
    context
        Draws what participants must not foresee, and keeps files.
    """

    config: DatasetSynthesisConfig
    population: Population
    rounds: Mapping[Split, Round]
    context: CreationContext = attrs.field(repr=False)

    @property
    def codebook(self) -> Codebook:
        """Return the columns."""
        return self.population.codebook

    @property
    def lottery(self) -> Lottery:
        """Return the source of all draws."""
        return self.context.lottery

    def is_revealed(self, name: str) -> bool:
        """Return whether everybody may know who was in this round; practice is always revealed."""
        return name == ROUNDS[0] or name in self.config.reveal

    def nonce(self, name: str) -> bytes:
        """Return the secret that the commitment to a round hides behind."""
        return self.lottery.bits("nonce of the commitment", name).random_raw(4).tobytes()

    def commitment(self, name: str) -> str:
        """Commit to who is a member in a round."""
        population = self.population
        return commitment_of(
            self.nonce(name), population.training[name], population.non_members[name]
        )

    def check(self, submission: Submission) -> None:
        """Refuse a synthesizer's submission that cannot be scored.

        Raises
        ------
        ValueError
            If the table doesn't fit the codebook, is too short or too long, or says one thing only;
            or if the declaration has another form than `parse_declaration` takes.
        """
        check_distinct(self._read(submission))
        self.declaration(submission)

    def declaration(self, submission: Submission) -> Declaration:
        """Return what came beside a synthesizer's table."""
        return parse_declaration(submission.payload.get(CLAIM_PART))

    def published(self, submission: Submission) -> bytes:
        """Return a synthesizer's table, a parquet file, as attackers get it."""
        key = self._table_key(submission.digest)

        def content() -> bytes:
            # The lot is not drawn by the submission: whatever order its rows had, it is gone.
            rng = self.lottery.generator("order of rows")
            return to_parquet(shuffle(self._read(submission), rng))

        return self._built_once(key, lambda file: _write(file, content()))

    def kept_table(self, digest: str) -> bytes | None:
        """Return the table of a submission as attackers get it; None if nobody has asked for it."""
        return self.kept(self._table_key(digest))

    def _table_key(self, digest: str) -> str:
        return self.file_key("canonical table", digest)

    def encoded(self, purpose: str, split: Split, build: Callable[[], pa.Table]) -> bytes:
        """Return a table that a round hands out as a parquet file, encoded by whoever asks first.

        Parameters
        ----------
        purpose
            Tells the tables of a round apart.
        split
            The round.
        build
            Makes the table.
        """
        key = self.drawn_key(purpose, split)
        return self._built_once(key, lambda file: pq.write_table(build(), file, compression="zstd"))

    def drawn_key(self, purpose: str, split: Split) -> str:
        """Name a file about what was drawn for a round."""
        digests, config = self.context.frozen_digests, self.config
        drawn = f"{digests['population']} {digests[split.value]} {config.secrets}"
        return self.file_key(f"{purpose} {config.left_half}", f"{split.value} {drawn}")

    def _built_once(self, key: str, write: Callable[[BinaryIO], None]) -> bytes:
        return self.context.artifacts.build_once(key, write).path.read_bytes()

    def keep(self, key: str, content: bytes) -> None:
        """Keep a file about a submission, unless it is there already."""
        self.context.artifacts.build_once(key, lambda file: _write(file, content))

    def kept(self, key: str) -> bytes | None:
        """Return a file that was kept; None if there is none."""
        artifact = self.context.artifacts.find(key)
        return None if artifact is None else artifact.path.read_bytes()

    def synthetic(self, submission: Submission) -> CanonicalTable:
        """Read a synthesizer's table as attackers read it."""
        return canonicalise(
            pq.read_table(pa.BufferReader(self.published(submission))), self.codebook
        )

    def file_key(self, purpose: str, digest: str) -> str:
        """Name a file about a submission, apart from those of all other challenges."""
        codebook = json.dumps(self.codebook.to_mapping())
        return f"{self.lottery.fingerprint} {codebook} {purpose} {digest}"

    def _read(self, submission: Submission) -> CanonicalTable:
        table = submission.payload[TABLE_PART]
        check_size(table.num_rows, len(self.rounds[submission.split].real.training))
        return canonicalise(table, self.codebook)


def _write(file: BinaryIO, content: bytes) -> None:
    file.write(content)


def open_arena(config: DatasetSynthesisConfig, context: CreationContext) -> Arena:
    """Load the population and draw the rounds, once for all processes.

    Parameters
    ----------
    config
        What the organiser decided.
    context
        Loads sources, draws lots and keeps what was drawn.

    Returns
    -------
    Arena

    Raises
    ------
    ConfigError
        If the records do not suffice, or the configuration names what there is not.
    """
    for anonymizer, reference in config.generators.items():
        with blamed_on(f"generators.{anonymizer}"):
            find_generator(anonymizer, reference)
    population = open_population(config.data, context)
    plan = _plan(config, population.codebook)
    drawn_by = f"{config.targets} {config.tasks} {config.secrets} {config.left_half}"
    key = f"{context.frozen_digests['population']} {drawn_by}"
    rounds = {}
    for split in (Split.TUNING, Split.VALIDATION):
        name = split.value
        real = RealTables(
            training=population.training[name],
            non_members=population.non_members[name],
            background=population.background,
        )

        def drawn(name: str = name, real: RealTables = real) -> dict[str, npt.NDArray[Any]]:
            return _drawn(name, real, plan, context.lottery)

        rounds[split] = build_round(name, real, plan, context.freeze(name, key, drawn))
    return Arena(config=config, population=population, rounds=rounds, context=context)


def _plan(config: DatasetSynthesisConfig, codebook: Codebook) -> RoundPlan:
    with blamed_on("secrets"):
        for secret in config.secrets:
            if secret not in codebook.names:
                raise ValueError(f"there is no column {secret!r}, only {', '.join(codebook.names)}")
        if len(config.secrets) >= codebook.n_columns:
            raise ValueError("attackers need a column that they know; leave one out")
    with blamed_on("left_half"):
        left, right = halves_of(codebook, config.left_half)
    return RoundPlan(
        n_targets=config.targets,
        least_targets=LEAST_TARGETS,
        n_tasks=config.tasks,
        secrets=config.secrets,
        left_columns=left,
        right_columns=right,
    )


def _drawn(
    name: str, real: RealTables, plan: RoundPlan, lottery: Lottery
) -> dict[str, npt.NDArray[Any]]:
    """Draw a round, each part by a lot of its own."""
    with blamed_on("data.source"):
        tasks = draw_tasks(real, plan, rng=lottery.generator("tasks", name))
    with blamed_on("targets"):
        people = draw_people(real, plan, rng=lottery.generator("targets", name))
    order = lottery.permutation(2 * plan.n_targets, "right halves", name)
    answers = answers_of_background(people, real, plan, right_order=order)
    return {**people, **answers, **tasks}
