"""What rankings ask about finals: columns of numbers out of the table of criteria.

Everything is answered from one index. Finals are told by the number of their newest version, so
that columns fit together; names come last, for those entries that are shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs
import sqlalchemy as sa

from anomed_core.ledger.chain import Row
from anomed_core.ledger.criteria import RankedMetric, parsed_ranked
from anomed_core.ledger.schema import criteria, scores
from anomed_core.model import Split

Rows = Sequence[tuple[Any, ...]]
_F = criteria.alias("final")
_A = criteria.alias("attack")
MOST_PARAMETERS = 500
"""Numbers of scores that are asked for at once."""

_MOST_FINALS = 100
"""Finals whose deciding attacks are asked for at once."""


@attrs.frozen(kw_only=True)
class Finals:
    """The finals of one submission kind, as one moment of the ledger.

    Attributes
    ----------
    connection
        In a transaction that sees one moment.
    challenge
        Identifier.
    kind
        Name of the submission kind.
    anchor
        A metric of which each final holds a criterion.
    anonymizers
        Only the finals about these; ``None`` for all.
    """

    connection: sa.Connection
    challenge: str
    kind: str
    anchor: str
    anonymizers: Sequence[str] | None = None

    def _all(self, query: sa.Select[Any]) -> Rows:
        """Return plain tuples, without the rows' wrapping: there may be a million."""
        text = query.compile(self.connection, compile_kwargs={"render_postcompile": True})
        cursor = self.connection.exec_driver_sql(str(text), _given(text)).cursor
        return cursor.fetchall()

    def entries(self) -> Rows:
        """Return number, first number, whether it is the house's, and the anchor of each final."""
        is_house = sa.case((_F.c.label == "", 0), else_=1)
        return self._all(
            sa.select(_F.c.score_id, _F.c.first_id, is_house, _F.c.value).where(*self._is_final())
        )

    def own(self, metric: str) -> Rows:
        """Return number and value of each final."""
        return self._all(sa.select(_F.c.score_id, _F.c.value).where(*self._is_final(metric)))

    def of_subject(self, source: RankedMetric) -> Rows:
        """Return number of each final, and a value of another score about the same subject."""
        same = ("challenge", "anonymizer", "deanonymizer")
        return self._all(
            sa.select(_F.c.score_id, _A.c.value)
            .select_from(_F.join(_A, sa.and_(*(_A.c[name] == _F.c[name] for name in same))))
            .where(
                *self._is_final(),
                _A.c.metric == source.metric,
                _A.c.kind == source.kind,
                _A.c.label == source.label,
            )
        )

    def attacked(self, sources: Sequence[RankedMetric], *, largest: bool) -> Rows:
        """Return number of each attacked final, n_attacks of the house, all, and the worst limit.

        Parameters
        ----------
        sources
            Which attacks count.
        largest
            Whether the largest limit is the worst.
        """
        worst = sa.func.max if largest else sa.func.min
        return self._all(self._counted(sources, worst(_A.c.value)))

    def worst(
        self, sources: Sequence[RankedMetric], factors: Mapping[int, float], *, largest: bool
    ) -> Rows:
        """Return number of each final with several attacks on it, and the worst corrected limit.

        Parameters
        ----------
        sources, largest
            See `attacked`.
        factors
            By how much a limit's distance from its estimate is scaled, by number of attacks.
        """
        counted = self._counted(sources, sa.func.min(_F.c.anonymizer).label("anonymizer"))
        final = (
            counted.add_columns(sa.func.min(_F.c.first_id).label("first_id"))
            .having(sa.func.count() > 1)
            .cte("counted")
            .prefix_with("MATERIALIZED")  # flattened into the rest, it would count once more
        )
        table = (
            sa.values(sa.column("n", sa.Integer), sa.column("factor", sa.Double), name="factors")
            .data([(n, float(factor)) for n, factor in factors.items()])
            .cte("factors")
        )
        of_house, of_all = table.alias("of_house"), table.alias("of_all")
        corrected = _corrected(of_house.c.factor, of_all.c.factor)
        worst = (
            sa.select((sa.func.max if largest else sa.func.min)(corrected))
            .where(self._attacks(final.c), *self._is_attack(sources))
            .correlate(final, of_house, of_all)
            .scalar_subquery()
        )
        return self._all(
            sa.select(final.c.score_id, worst).select_from(
                final.join(of_all, of_all.c.n == final.c.n).join(
                    of_house, of_house.c.n == final.c.n_house
                )
            )
        )

    def _counted(
        self, sources: Sequence[RankedMetric], *more: sa.ColumnElement[Any]
    ) -> sa.Select[Any]:
        # An anonymizer has one final, so what is taken of it is the same in all rows of its group.
        return (
            sa.select(
                sa.func.min(_F.c.score_id).label("score_id"),
                sa.func.sum(sa.case((_A.c.label == "", 0), else_=1)).label("n_house"),
                sa.func.count().label("n"),
                *more,
            )
            .select_from(_F.join(_A, self._attacks(_F.c)))
            .where(*self._is_final(), *self._is_attack(sources))
            .group_by(_F.c.anonymizer)
        )

    def _is_final(self, metric: str = "") -> list[sa.ColumnElement[bool]]:
        """Select finals of the kind, of participants and of the house, but no attacks on them."""
        labels = [
            ranked.label
            for ranked in parsed_ranked(self.connection, self.challenge)
            if ranked.kind == self.kind and ranked.metric == self.anchor
        ]
        about = [] if self.anonymizers is None else [_F.c.anonymizer.in_(self.anonymizers)]
        return [
            _F.c.challenge == self.challenge,
            _F.c.metric == (metric or self.anchor),
            _F.c.kind == self.kind,
            _F.c.label.in_(labels),
            *about,
        ]

    def _attacks(self, final: Any) -> sa.ColumnElement[bool]:
        """Select attacks on a final: the house's, and participants' that came after it."""
        return sa.and_(
            _A.c.challenge == self.challenge,
            _A.c.anonymizer == final.anonymizer,
            sa.or_(_A.c.label != "", _A.c.first_id > final.first_id),
        )

    def _is_attack(self, sources: Sequence[RankedMetric]) -> list[sa.ColumnElement[bool]]:
        """Select attacks by what does not count, which is mostly nothing."""
        metric = sources[0].metric
        counting = {(source.kind, source.label) for source in sources}
        others = [
            sa.not_(sa.and_(_A.c.kind == ranked.kind, _A.c.label == ranked.label))
            for ranked in parsed_ranked(self.connection, self.challenge)
            if ranked.metric == metric and (ranked.kind, ranked.label) not in counting
        ]
        return [_A.c.metric == metric, _A.c.value.is_not(None), *others]

    def worst_attacks(
        self,
        finals: Iterable[Row],
        sources: Sequence[RankedMetric],
        factors: Mapping[int, tuple[float, float]],
        *,
        largest: bool,
    ) -> dict[int, Row]:
        """Return the attack that decides about each final, the first of several, by its number.

        Parameters
        ----------
        finals
            Criteria of the finals, as `named` returns them.
        sources, largest
            See `worst`.
        factors
            By the number of the final, for the house's attacks and for participants'.
        """
        deciding: dict[int, Row] = {}
        wanted = list(finals)
        for start in range(0, len(wanted), _MOST_FINALS):
            query = self._deciding(
                wanted[start : start + _MOST_FINALS], sources, factors, largest=largest
            )
            deciding |= {row["final"]: row for row in self.connection.execute(query).mappings()}
        return deciding

    def _deciding(
        self,
        finals: Sequence[Row],
        sources: Sequence[RankedMetric],
        factors: Mapping[int, tuple[float, float]],
        *,
        largest: bool,
    ) -> sa.Select[Any]:
        columns = (
            sa.column("final", sa.BigInteger),
            sa.column("first_id", sa.BigInteger),
            sa.column("anonymizer", sa.Text),
            sa.column("of_house", sa.Double),
            sa.column("of_all", sa.Double),
        )
        rows = [
            (one["score_id"], one["first_id"], one["anonymizer"], *factors[one["score_id"]])
            for one in finals
        ]
        about = sa.values(*columns, name="about").data(rows).cte("about")
        corrected = _corrected(about.c.of_house, about.c.of_all)
        place = sa.func.row_number().over(
            partition_by=about.c.final,
            order_by=(corrected.desc() if largest else corrected, _A.c.score_id),
        )
        ordered = (
            sa.select(
                about.c.final, _A.c.score_id, _A.c.label, _A.c.deanonymizer, place.label("place")
            )
            .select_from(about.join(_A, self._attacks(about.c)))
            .where(*self._is_attack(sources))
            .subquery()
        )
        return sa.select(ordered).where(ordered.c.place == 1)

    def named(self, numbers: Iterable[int]) -> dict[int, Row]:
        """Return who the finals of these numbers are about, by number."""
        wanted = list(numbers)
        rows: dict[int, Row] = {}
        for start in range(0, len(wanted), MOST_PARAMETERS):
            some = wanted[start : start + MOST_PARAMETERS]
            query = sa.select(criteria).where(
                criteria.c.score_id.in_(some), criteria.c.metric == self.anchor
            )
            rows |= {row["score_id"]: row for row in self.connection.execute(query).mappings()}
        return rows

    def ever_about(self, anonymizers: Sequence[str]) -> list[int]:
        """Return the numbers of all finals about anonymizers, also of those that count no more."""
        query = sa.select(scores.c.id).where(
            scores.c.challenge == self.challenge,
            scores.c.anonymizer.in_(anonymizers),
            scores.c.split == Split.VALIDATION.value,
        )
        return list(self.connection.execute(query).scalars())

    def numbers_of(self, participant: str) -> list[int]:
        """Return the numbers of the finals in which somebody takes part under an id."""
        query = sa.select(_F.c.score_id).where(
            *self._is_final(),
            sa.or_(_F.c.anonymizer == participant, _F.c.deanonymizer == participant),
        )
        return list(self.connection.execute(query).scalars())

    def attacks_on(
        self, source: RankedMetric, targets: Iterable[int], *, with_parameters: bool = False
    ) -> Rows:
        """Return who attacked, the number of the final under attack, value, first number.

        Parameters
        ----------
        source
            Which attacks.
        targets
            Numbers of the finals that count.
        with_parameters
            Whether to return the parameters of the attack, too, as JSON text.
        """
        columns = [_A.c.deanonymizer, _F.c.score_id, _A.c.value, _A.c.first_id]
        tables = _F.join(_A, self._attacks(_F.c))
        if with_parameters:
            columns.append(scores.c.parameters)
            tables = tables.join(scores, scores.c.id == _A.c.score_id)
        return self._all(
            sa.select(*columns)
            .select_from(tables)
            .where(
                *self._is_final(),
                _F.c.score_id.in_(self._numbers(targets)),
                _A.c.metric == source.metric,
                _A.c.kind == source.kind,
                _A.c.label == "",
                _A.c.value.is_not(None),
            )
        )

    def _numbers(self, numbers: Iterable[int]) -> sa.Select[Any]:
        """Return a query for given numbers, of which there may be more than parameters."""
        text = json.dumps(list(numbers))
        if self.connection.dialect.name == "postgresql":
            each: Any = sa.func.json_array_elements_text(sa.cast(text, sa.JSON))
            return sa.select(sa.cast(each.column_valued("each"), sa.BigInteger))
        return sa.select(sa.func.json_each(text).table_valued("value").c.value)


def _corrected(
    of_house: sa.ColumnElement[Any], of_all: sa.ColumnElement[Any]
) -> sa.ColumnElement[float]:
    """Return an attack's limit, its distance from its estimate scaled by a factor."""
    estimate = sa.func.coalesce(_A.c.estimate, _A.c.value)
    factor = sa.case((_A.c.label == "", of_all), else_=of_house)
    corrected: sa.ColumnElement[float] = estimate + (_A.c.value - estimate) * factor
    return corrected


def _given(text: Any) -> Any:
    """Return the parameters of a compiled query as its driver takes them."""
    values = text.construct_params()
    return tuple(values[name] for name in text.positiontup) if text.positional else values
