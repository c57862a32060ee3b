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
from anomed_core.ledger.grants import disqualified_ids
from anomed_core.ledger.schema import chain_heads, challenges, criteria, scores
from anomed_core.ledger.teams import shown_names
from anomed_core.model import Role, Split
from anomed_core.wire.digests import canonical_json

Rows = Sequence[tuple[Any, ...]]
Stamp = tuple[str, str, str]
"""Head of the chain of scores, ranked metrics, and what was decided about teams."""

_F = criteria.alias("final")
_A = criteria.alias("attack")
_MOST_PARAMETERS = 500
"""Numbers of scores that are asked for at once."""

_MOST_CHANGED = 100
"""Of more anonymizers, it would take about as long to ask for them as to ask for all."""


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

    def worst_attack(
        self,
        final: Row,
        sources: Sequence[RankedMetric],
        factors: tuple[float, float],
        *,
        largest: bool,
    ) -> Row | None:
        """Return the attack that decides about one final, the first of several.

        Parameters
        ----------
        final
            Criterion of the final, as `named` returns it.
        sources, largest
            See `worst`.
        factors
            For the house's attacks and for participants'.
        """
        corrected = _corrected(*(sa.literal(factor, sa.Double) for factor in factors))
        query = (
            sa.select(_A.c.score_id, _A.c.label, _A.c.deanonymizer)
            .where(
                _A.c.challenge == self.challenge,
                _A.c.anonymizer == final["anonymizer"],
                sa.or_(_A.c.label != "", _A.c.first_id > final["first_id"]),
                *self._is_attack(sources),
            )
            .order_by(corrected.desc() if largest else corrected, _A.c.score_id)
            .limit(1)
        )
        return self.connection.execute(query).mappings().first()

    def named(self, numbers: Iterable[int]) -> dict[int, Row]:
        """Return who the finals of these numbers are about, by number."""
        wanted = list(numbers)
        rows: dict[int, Row] = {}
        for start in range(0, len(wanted), _MOST_PARAMETERS):
            some = wanted[start : start + _MOST_PARAMETERS]
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


@attrs.frozen
class Moment:
    """The ledger as it is at one moment.

    Attributes
    ----------
    connection
        In a transaction that sees one moment.
    """

    connection: sa.Connection

    def finals(self, challenge: str, *, kind: str, anchor: str) -> Finals:
        """Return the finals of a submission kind; see `Finals`."""
        return Finals(connection=self.connection, challenge=challenge, kind=kind, anchor=anchor)

    def names(self, challenge: str) -> dict[str, str]:
        """Return under which names ids are shown; those that are missing, as they are."""
        return shown_names(self.connection, challenge)

    def disqualified(self, challenge: str) -> frozenset[tuple[Role, str]]:
        """Return roles and ids that belong to disqualified teams."""
        return disqualified_ids(self.connection, challenge)

    def changed(self, challenge: str, *, since: Stamp) -> list[str] | None:
        """Return the anonymizers about whom finals were scored since a moment.

        Parameters
        ----------
        challenge
            Identifier.
        since
            The stamp of that moment.

        Returns
        -------
        list of str or None
            Criteria of all others are what they were. ``None`` if that cannot be told: these are
            many, other metrics are ranked now, somebody was disqualified or reinstated, or the
            ledger was replaced by another one.
        """
        head, *others = since
        last = self.connection.execute(sa.select(scores.c.id).where(scores.c.hash == head)).scalar()
        if last is None or others != list(self.stamp(challenge)[1:]):
            return None
        new = sa.select(scores.c.anonymizer).where(
            scores.c.challenge == challenge,
            scores.c.split == Split.VALIDATION.value,
            scores.c.id > last,
        )
        about = list(self.connection.execute(new.distinct().limit(_MOST_CHANGED + 1)).scalars())
        return about if len(about) <= _MOST_CHANGED else None

    def stamp(self, challenge: str) -> Stamp:
        """Return what changes with each score, each decision, and when other metrics are ranked."""
        head = sa.select(chain_heads.c.hash).where(chain_heads.c.name == scores.name)
        ranked = sa.select(challenges.c.ranked).where(challenges.c.id == challenge)
        parts = (self.connection.execute(query).scalar() or "" for query in (head, ranked))
        decided = [sorted(self.names(challenge).items()), sorted(self.disqualified(challenge))]
        return (next(parts), next(parts), canonical_json(decided))
