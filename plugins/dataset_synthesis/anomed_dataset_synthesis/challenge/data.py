"""The population: its table is loaded once, described by a codebook, and divided by lot.

A commitment to the division lets the organiser prove later that nobody's membership was changed.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt
import pandas as pd

from anomed_core import ConfigError, CreationContext, Lottery
from anomed_dataset_synthesis.challenge.config import ROUNDS, DataSettings
from anomed_dataset_synthesis.table._arrow_levels import Outside
from anomed_dataset_synthesis.table.canonical import CanonicalTable, canonicalise
from anomed_dataset_synthesis.table.codebook import CategoryColumn, Codebook, Column, NumericColumn
from anomed_dataset_synthesis.table.inference import infer_codebook
from anomed_dataset_synthesis.threat.targets import split_population

Arrays = Mapping[str, npt.NDArray[Any]]


@attrs.frozen(kw_only=True)
class Population:
    """Everybody's records, divided.

    Attributes
    ----------
    background
        Public records.
    training, non_members
        Secret members and non-members, by round.
    """

    background: CanonicalTable
    training: Mapping[str, CanonicalTable]
    non_members: Mapping[str, CanonicalTable]

    @property
    def codebook(self) -> Codebook:
        """Return the columns."""
        return self.background.codebook


@contextmanager
def blamed_on(key: str) -> Iterator[None]:
    """Blame what is wrong with values inside of it on a key of the configuration.

    Raises
    ------
    ConfigError
        In place of a ValueError.
    """
    try:
        yield
    except ConfigError:
        raise
    except ValueError as error:
        raise ConfigError(key, str(error)) from error


def open_population(settings: DataSettings, context: CreationContext) -> Population:
    """Load and divide the population, once for all processes.

    Each record that is not background belongs to one round, and a fair coin of its own decides
    whether it is a member. Rounds share no records, so that whatever is learnt in one says nothing
    about the members of another.

    Parameters
    ----------
    settings
        Table ``data`` of the configuration.
    context
        Loads sources, draws lots and keeps what was drawn.

    Returns
    -------
    Population
        The same in all processes.

    Raises
    ------
    ConfigError
        If a source cannot be read or its table does not fit.
    """
    arrays = context.freeze(
        "population", _key(settings, context), lambda: _divided(settings, context)
    )
    codebook = Codebook.from_mapping(json.loads(arrays["codebook"].tobytes()))

    def table(name: str) -> CanonicalTable:
        return CanonicalTable(codebook=codebook, levels=arrays[name])

    return Population(
        background=table("background"),
        training={name: table(f"{name} training") for name in ROUNDS},
        non_members={name: table(f"{name} control") for name in ROUNDS},
    )


def _key(settings: DataSettings, context: CreationContext) -> str:
    sources = [source for source in (settings.source, settings.background) if source]
    parts: dict[str, Any] = {
        "settings": attrs.asdict(settings),
        "sources": [context.source_fingerprint(source) for source in sources],
    }
    if settings.codebook:
        parts["codebook"] = _codebook_file(settings.codebook)
    return json.dumps(parts, sort_keys=True)


def _divided(settings: DataSettings, context: CreationContext) -> Arrays:
    written = _written_codebook(settings, context)
    kinds = written.kinds if written else None
    people = _frame(settings.source, settings, context, kinds)
    if settings.background:
        background = _frame(settings.background, settings, context, kinds)
        secret = people
    else:
        split = split_population(
            len(people),
            rng=context.lottery.generator("public background"),
            background_share=settings.background_share,
        )
        background = people.iloc[split.background]
        secret = people.iloc[np.sort(np.concatenate([split.training, split.non_members]))]
    codebook = written or _inferred(background, settings)
    # No value of a secret record may show in a refusal: whatever the codebook lacks is recoded.
    levels = _levels(secret, codebook, outside="recode", key="data.source")
    arrays: dict[str, npt.NDArray[Any]] = {
        "codebook": np.frombuffer(json.dumps(codebook.to_mapping()).encode(), dtype=np.uint8),
        "background": _levels(background, codebook, outside="recode", key="data.background"),
    }
    for name, places in _rounds(len(levels), settings.rounds, context.lottery).items():
        split = split_population(
            len(places),
            rng=context.lottery.generator("membership", name),
            background_share=0.0,
        )
        arrays[f"{name} training"] = levels[places[split.training]]
        arrays[f"{name} control"] = levels[places[split.non_members]]
    small = [name for name, array in arrays.items() if not len(array)]
    if small:
        raise ConfigError("data.source", f"{len(people)} records leave none for {small[0]}")
    return arrays


def _rounds(
    n_records: int, shares: tuple[float, ...], lottery: Lottery
) -> dict[str, npt.NDArray[np.int64]]:
    ends = [round(share * n_records) for share in np.cumsum(shares)]
    sizes = tuple(np.diff([0, *ends[:-1], n_records]).tolist())
    return dict(zip(ROUNDS, lottery.partition(n_records, sizes, "rounds"), strict=True))


def _frame(
    source: str,
    settings: DataSettings,
    context: CreationContext,
    kinds: Mapping[str, str] | None,
) -> pd.DataFrame:
    frame: pd.DataFrame = context.load(source, "table", kinds=kinds)
    unknown = sorted(set(settings.drop) - set(map(str, frame.columns)))
    if unknown:
        raise ConfigError("data.drop", f"{source} has no column {unknown[0]!r}")
    return frame.drop(columns=list(settings.drop))


def _levels(
    frame: pd.DataFrame, codebook: Codebook, *, outside: Outside, key: str
) -> npt.NDArray[np.int32]:
    with blamed_on(key):
        return canonicalise(frame, codebook, outside=outside).levels


def _written_codebook(settings: DataSettings, context: CreationContext) -> Codebook | None:
    """Return the codebook that was written, or the source's own, or None."""
    source, reference = context.source(settings.source)
    with blamed_on("data.codebook"):
        if settings.codebook:
            return Codebook.from_mapping(_codebook_file(settings.codebook))
        if source.codebook is None:
            return None
        described = source.codebook(reference)
        return Codebook([_column(one) for one in described if one.name not in settings.drop])


def _inferred(background: pd.DataFrame, settings: DataSettings) -> Codebook:
    """Return what the public table looks like."""
    with blamed_on("data.codebook"):
        # A secret record may lack a value, or have one that no public record has.
        return infer_codebook(background, steps=settings.steps, nullable=True)


def _codebook_file(path: str) -> Any:
    try:
        return json.loads(Path(path).expanduser().read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError("data.codebook", f"{path} is no readable JSON file: {error}") from error


def _column(described: Any) -> Column:
    """Translate a column as data sources describe them."""
    if described.kind != "cardinal":
        return CategoryColumn(name=described.name, categories=described.values)
    return NumericColumn(
        name=described.name,
        kind="integer" if described.dtype == "int64" else "real",
        minimum=described.low,
        maximum=described.high,
        step=described.step,
    )


def commitment_of(nonce: bytes, training: CanonicalTable, non_members: CanonicalTable) -> str:
    """Commit to who is in and who is out.

    The digest is published before the first submission. Whoever is given the nonce and both
    tables later computes it again.

    Parameters
    ----------
    nonce
        At least 16 secret random bytes, without which nobody can try out guesses.
    training, non_members
        The secret members and non-members, in the order in which they are handed out.

    Returns
    -------
    str
        SHA-256, hexadecimal, of the nonce and, for each table, the number of its records and its
        level numbers row by row; all numbers are little-endian, of 8 and of 4 bytes.

    Raises
    ------
    ValueError
        If the nonce is too short.
    """
    if len(nonce) < 16:
        raise ValueError(f"the nonce has {len(nonce)} bytes; give at least 16")
    digest = hashlib.sha256(nonce)
    for table in (training, non_members):
        digest.update(len(table).to_bytes(8, "little"))
        digest.update(table.levels.astype("<i4").tobytes(order="C"))
    return digest.hexdigest()
