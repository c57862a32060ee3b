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

from anomed_core.ledger.criteria import RankedMetric, parsed_ranked
from anomed_core.ledger.schema import criteria, scores
from anomed_core.model import Split

Rows = Sequence[tuple[Any, ...]]
_F = criteria.alias("final")
_A = criteria.alias("attack")
_ESTIMATE = sa.func.coalesce(_A.c.estimate, _A.c.value)


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

    def attacks_about(self, numbers: Iterable[int], sources: Sequence[RankedMetric]) -> Rows:
        """Return the attacks on some finals.

        Parameters
        ----------
        numbers
            Of the finals.
        sources
            Which attacks count.

        Returns
        -------
        sequence of tuple
            Number of the final, number of the attack, the house's name of it, its deanonymizer,
            its limit and its estimate.
        """
        columns = (_A.c.score_id, _A.c.label, _A.c.deanonymizer, _A.c.value, _ESTIMATE)
        return self._all(
            sa.select(_F.c.score_id, *columns)
            .select_from(_F.join(_A, self._attacks(_F.c)))
            .where(
                *self._is_final(),
                _F.c.score_id.in_(numbers_in(self.connection, numbers)),
                *self._is_attack(sources),
            )
        )

    def named(self, numbers: Iterable[int]) -> dict[int, tuple[str, str]]:
        """Return the anonymizers and deanonymizers of the finals of these numbers, by number."""
        query = sa.select(_F.c.score_id, _F.c.anonymizer, _F.c.deanonymizer).where(
            _F.c.score_id.in_(numbers_in(self.connection, numbers)), _F.c.metric == self.anchor
        )
        return {number: (anonymizer, other) for number, anonymizer, other in self._all(query)}

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
                _F.c.score_id.in_(numbers_in(self.connection, targets)),
                _A.c.metric == source.metric,
                _A.c.kind == source.kind,
                _A.c.label == "",
                _A.c.value.is_not(None),
            )
        )


def numbers_in(connection: sa.Connection, numbers: Iterable[int]) -> sa.Select[Any]:
    """Return a query for given numbers, of which there may be more than parameters."""
    text = json.dumps(list(numbers))
    if connection.dialect.name == "postgresql":
        each: Any = sa.func.json_array_elements_text(sa.cast(text, sa.JSON))
        return sa.select(sa.cast(each.column_valued("each"), sa.BigInteger))
    return sa.select(sa.func.json_each(text).table_valued("value").c.value)


def _corrected(
    of_house: sa.ColumnElement[Any], of_all: sa.ColumnElement[Any]
) -> sa.ColumnElement[float]:
    """Return an attack's limit, its distance from its estimate scaled by a factor."""
    factor = sa.case((_A.c.label == "", of_all), else_=of_house)
    corrected: sa.ColumnElement[float] = _ESTIMATE + (_A.c.value - _ESTIMATE) * factor
    return corrected


def _given(text: Any) -> Any:
    """Return the parameters of a compiled query as its driver takes them."""
    values = text.construct_params()
    return tuple(values[name] for name in text.positiontup) if text.positional else values
