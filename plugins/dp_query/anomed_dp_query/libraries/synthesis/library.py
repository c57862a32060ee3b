"""SmartNoise's synthesizers as one of the plugin's libraries, in an environment of its own.

They draw floats from numpy's generator, so they are experimental, and off unless they are named.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import pandas as pd

from anomed_dp_query.accounting import (
    DELTA_STEP,
    AmountError,
    Part,
    Policy,
    Price,
    Unit,
    charged,
    exact,
    rho_of_epsilon,
)
from anomed_dp_query.libraries.foreign import SYNTHESIS, called, missing_environment
from anomed_dp_query.libraries.library import QueryRefused, Released, RunFailed
from anomed_dp_query.libraries.sql.conditions import read_condition
from anomed_dp_query.libraries.sql.tokens import Words
from anomed_dp_query.libraries.synthesis.domain import decoded, encoded, size_of

if TYPE_CHECKING:
    from anomed_dp_query.metadata.model import TableMetadata

_KIND = "sn_synth_samples"
_PURE, _ROUGH = ("mwem",), ("mst", "aim")
_GANS = ("dpctgan", "patectgan", "pategan", "dpgan")
_MOST_COLUMNS = 20
_MOST_SAMPLES = 100_000
_MOST_CELLS = {"mwem": 1_000_000, "mst": 10**15, "aim": 10**15}


@attrs.frozen(kw_only=True)
class SynthQuestion:
    """A synthesizer, its columns and its budget.

    Attributes
    ----------
    synthesizer
        ``mwem``, ``mst`` or ``aim``.
    columns
        What is synthesized.
    epsilon, delta
        Its budget; no delta for ``mwem``.
    n_samples
        Rows of the answer.
    condition
        SQL of ours that the rows told fulfil; empty for all.
    """

    synthesizer: str
    columns: tuple[str, ...]
    epsilon: Decimal
    delta: Decimal
    n_samples: int
    condition: str = ""

    library = "smartnoise-synth"
    kind = _KIND


class SmartNoiseSynth:
    """Samples synthetic tables."""

    name = "smartnoise-synth"

    def missing(self) -> str | None:
        """Return why it cannot answer here; ``None`` if it can."""
        return missing_environment(SYNTHESIS)

    def read(self, body: Mapping[str, Any], table: TableMetadata) -> SynthQuestion:
        """Read ``synth_name`` with its columns, budget, ``nb_samples`` and ``condition``.

        Raises
        ------
        QueryRefused
            If something in it is not allowed.
        """
        name = _synthesizer(body.get("synth_name"))
        if body.get("return_model"):
            raise QueryRefused(
                f"{name} synthesizer cannot be returned, only samples. Please, change model or set "
                "`return_model=False`"
            )
        if body.get("synth_params"):
            raise QueryRefused("synth_params must be empty; the synthesizers run as they come")
        if body.get("constraints"):
            raise QueryRefused(
                "constraints must be empty; categories and bounds are the metadata's"
            )
        try:
            epsilon = exact(body.get("epsilon"), "epsilon")
            delta = Decimal(0)
            if name in _ROUGH:
                delta = exact(body.get("delta"), "delta", below=Decimal(1))
        except AmountError as error:
            raise QueryRefused(str(error)) from error
        columns = _columns(body.get("select_cols"), table)
        n_cells = math.prod(size_of(table.column(column)) for column in columns)
        if n_cells > _MOST_CELLS[name]:
            raise QueryRefused(
                f"{name} keeps all {n_cells} combinations of these columns, and "
                f"{_MOST_CELLS[name]} are allowed; select fewer columns"
            )
        return SynthQuestion(
            synthesizer=name,
            columns=columns,
            epsilon=epsilon,
            delta=delta,
            n_samples=_n_samples(body.get("nb_samples", 1)),
            condition=_condition(body.get("condition"), columns, table),
        )

    def price(self, question: SynthQuestion, table: TableMetadata, policy: Policy) -> Price:
        """Return what it costs: what was asked for, for each row that a person may have.

        Raises
        ------
        QueryRefused
            If no delta below 1 is left.
        """
        n_steps = table.max_contributions * (2 if policy.unit is Unit.CHANGE_ONE else 1)
        epsilon, delta = question.epsilon * n_steps, question.delta
        if delta > 0 and n_steps > 1:  # each step further weighs e to the epsilon more
            weights = sum((step * question.epsilon).exp() for step in range(n_steps))
            delta = charged(delta * weights, step=DELTA_STEP)
        if delta >= 1:
            raise QueryRefused("its delta would be 1 or more; ask for a smaller one")
        part = Part(
            what=f"{question.synthesizer} of {', '.join(question.columns)}",
            epsilon=epsilon,
            delta=delta,
            rho=rho_of_epsilon(epsilon),
            rho_delta=delta,
        )
        return Price(parts=(part,))

    def run(
        self, question: SynthQuestion, frame: pd.DataFrame, table: TableMetadata, policy: Policy
    ) -> Released:
        """Answer it: samples in pandas' tight form.

        Raises
        ------
        RunFailed
            Whatever goes wrong.
        """
        del policy
        try:
            columns = [table.column(name) for name in question.columns]
            codes = {one.name: encoded(one, frame[one.name]) for one in columns}
            samples = called(
                SYNTHESIS,
                "synthesize",
                {
                    "synthesizer": question.synthesizer,
                    "epsilon": float(question.epsilon),
                    "delta": float(question.delta),
                    "domain": {one.name: size_of(one) for one in columns},
                    "n_samples": question.n_samples,
                },
                tables={"table": pd.DataFrame(codes)},
            )
            rng = np.random.default_rng()
            told = {
                one.name: decoded(one, samples[one.name].to_numpy(dtype=np.int64), rng)
                for one in columns
            }
            rows = _fulfilling(question, [list(row) for row in zip(*told.values(), strict=True)])
        except Exception as error:
            raise RunFailed(f"smartnoise-synth: {error}") from error
        return Released(
            kind=_KIND,
            result={
                "df_samples": {
                    "index": list(range(len(rows))),
                    "columns": list(question.columns),
                    "data": rows,
                    "index_names": [None],
                    "column_names": [None],
                }
            },
        )


def _synthesizer(name: Any) -> str:
    if name == "pacsynth":
        raise QueryRefused(
            "pacsynth synthesizer not supported due to Rust panic. Please select another "
            "Synthesizer."
        )
    if name in _GANS:
        raise QueryRefused(
            f"{name} is not offered: its seed is fixed, so its noise is known; take one of "
            f"{', '.join(_PURE + _ROUGH)}"
        )
    if name not in _PURE + _ROUGH:
        raise QueryRefused(
            f"synth_name: there is no {str(name)[:40]!r}; take one of {', '.join(_PURE + _ROUGH)}"
        )
    return str(name)


def _columns(given: Any, table: TableMetadata) -> tuple[str, ...]:
    names = list(table.names) if given in (None, []) else given
    if not isinstance(names, list) or not 1 <= len(names) <= _MOST_COLUMNS:
        raise QueryRefused(f"select_cols must be a list of 1 to {_MOST_COLUMNS} columns")
    for name in names:
        if not isinstance(name, str) or name not in table:
            raise QueryRefused(f"select_cols: there is no column {str(name)[:60]!r}")
        if table.column(name).private_id:
            raise QueryRefused(f"select_cols: {name} names whose row it is; leave it out")
    if len(set(names)) < len(names):
        raise QueryRefused("select_cols name a column twice; name each once")
    return tuple(names)


def _n_samples(given: Any) -> int:
    if type(given) is not int or not 1 <= given <= _MOST_SAMPLES:
        raise QueryRefused(f"nb_samples must be from 1 to {_MOST_SAMPLES}, got {str(given)[:40]}")
    return given


def _condition(given: Any, columns: tuple[str, ...], table: TableMetadata) -> str:
    if given in (None, ""):
        return ""
    known = attrs.evolve(table, columns=[table.column(name) for name in columns], row_privacy=True)
    words = Words(given.replace("==", "=") if isinstance(given, str) else given)
    condition = read_condition(words, known)
    if words.next.kind != "end":
        raise QueryRefused(f"condition: nothing may follow, got {words.next.value[:40]!r}")
    return condition


def _fulfilling(question: SynthQuestion, rows: list[list[Any]]) -> list[list[Any]]:
    """Return the rows that fulfil the condition, which is SQL that was written here."""
    if not question.condition:
        return rows
    names = ", ".join('"{}"'.format(name.replace('"', '""')) for name in question.columns)
    marks = ", ".join("?" * (len(question.columns) + 1))
    with sqlite3.connect(":memory:") as database:
        database.execute(f"CREATE TABLE samples (place_of_row, {names})")
        database.executemany(
            f"INSERT INTO samples VALUES ({marks})",  # noqa: S608 - question marks alone
            [[place, *row] for place, row in enumerate(rows)],
        )
        found = database.execute(
            f"SELECT place_of_row FROM samples WHERE {question.condition} ORDER BY 1"  # noqa: S608
        ).fetchall()
    return [rows[place] for (place,) in found]
