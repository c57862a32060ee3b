"""The arena: what the server keeps of a challenge, and the one form in which tables are seen.

A submitted file is read once. What remains of it, the canonical table, is written to the server's
state under the digest of the submission; the server's own measures, its attacks and all attackers
read that file and nothing else.
"""

import json
from collections.abc import Callable, Mapping
from typing import BinaryIO

import attrs
import pyarrow as pa
import pyarrow.parquet as pq

from anomed_core import ConfigError, CreationContext, Lottery, Split, Submission
from anomed_dataset_synthesis.challenge.commitment import commitment_of
from anomed_dataset_synthesis.challenge.config import ROUNDS, DatasetSynthesisConfig
from anomed_dataset_synthesis.challenge.data import Population, open_population
from anomed_dataset_synthesis.challenge.rounds import Round, build_round, draw_round, halves_of
from anomed_dataset_synthesis.challenge.submitted import Declaration, read_declaration, read_table
from anomed_dataset_synthesis.table.canonical import (
    CanonicalTable,
    canonicalise,
    shuffle,
    to_parquet,
)
from anomed_dataset_synthesis.table.codebook import Codebook

TABLE_PART, CLAIM_PART = "synthetic", "claim"
"""Names of the parts of a submission's form."""


@attrs.frozen(kw_only=True, eq=False)
class Arena:
    """Everything about one challenge.

    Attributes
    ----------
    config : DatasetSynthesisConfig
        What the organiser decided.
    population : Population
        Everybody's records.
    rounds : Mapping of Split to Round
        The scored rounds.
    context : CreationContext
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
        return commitment_of(self.nonce(name), population.training[name], population.control[name])

    def check(self, submission: Submission) -> None:
        """Refuse a synthesizer's submission that cannot be scored.

        Raises
        ------
        SubmissionRejected
            See `read_table` and `read_declaration`.
        """
        self._read(submission)
        self.declaration(submission)

    def declaration(self, submission: Submission) -> Declaration:
        """Return what came beside a synthesizer's table."""
        return read_declaration(submission.payload.get(CLAIM_PART))

    def published(self, submission: Submission) -> bytes:
        """Return a synthesizer's table, a parquet file, as attackers get it."""
        key = self.file_key("canonical table", submission.digest)

        def content() -> bytes:
            # The lot is not drawn by the submission: whatever order its rows had, it is gone.
            rng = self.lottery.generator("order of rows")
            return to_parquet(shuffle(self._read(submission), rng))

        return self._built_once(key, lambda file: _write(file, content()))

    def encoded(self, purpose: str, split: Split, build: Callable[[], pa.Table]) -> bytes:
        """Return a table that a round hands out as a parquet file, encoded by whoever asks first.

        Parameters
        ----------
        purpose : str
            Tells the tables of a round apart.
        split : Split
            The round.
        build : callable
            Makes the table.
        """
        digests, config = self.context.frozen_digests, self.config
        drawn = f"{digests['population']} {digests[split.value]} {config.secrets}"
        key = self.file_key(f"{purpose} {config.left_half}", f"{split.value} {drawn}")
        return self._built_once(key, lambda file: pq.write_table(build(), file, compression="zstd"))

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
        return read_table(
            submission.payload[TABLE_PART],
            self.codebook,
            n_training=len(self.rounds[submission.split].real.training),
        )


def _write(file: BinaryIO, content: bytes) -> None:
    file.write(content)


def open_arena(config: DatasetSynthesisConfig, context: CreationContext) -> Arena:
    """Load the population and draw the rounds, once for all processes.

    Parameters
    ----------
    config : DatasetSynthesisConfig
        What the organiser decided.
    context : CreationContext
        Loads sources, draws lots and keeps what was drawn.

    Returns
    -------
    Arena

    Raises
    ------
    ConfigError
        If the records do not suffice, or the configuration names what there is not.
    """
    population = open_population(config.data, context)
    codebook = population.codebook
    for secret in config.secrets:
        if secret not in codebook.names:
            raise ConfigError(
                "secrets", f"there is no column {secret!r}, only {', '.join(codebook.names)}"
            )
    if len(config.secrets) >= codebook.n_columns:
        raise ConfigError("secrets", "attackers need a column that they know")
    halves_of(codebook, config.left_half)
    drawn_by = f"{config.targets} {config.tasks} {config.secrets} {config.left_half}"
    data = context.frozen_digests["population"]
    rounds = {}
    for split in (Split.TUNING, Split.VALIDATION):
        name = split.value
        arrays = context.freeze(
            name,
            f"{data} {drawn_by}",
            lambda name=name: draw_round(name, population, config, context.lottery),  # type: ignore[misc]
        )
        rounds[split] = build_round(name, population, config, arrays)
    return Arena(config=config, population=population, rounds=rounds, context=context)
