"""OpenDP as one of the plugin's libraries: pipelines of clients up to 0.4, plans of those since."""

from __future__ import annotations

import importlib.util
import json
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import attrs

from anomed_dp_query.accounting import (
    DELTA_STEP,
    AmountError,
    Part,
    Policy,
    Price,
    charged,
    exact,
    rho_of_epsilon,
)
from anomed_dp_query.libraries.library import QueryRefused, Released, RunFailed
from anomed_dp_query.metadata.model import TableMetadata

if TYPE_CHECKING:
    import pandas as pd

    from anomed_dp_query.libraries.opendp.pipelines import Pipeline
    from anomed_dp_query.libraries.opendp.plans import Plan, Shares

_LARGEST = Decimal("1e9")


@attrs.frozen(kw_only=True)
class OpenDPQuestion:
    """A pipeline or a plan, and its budget.

    Attributes
    ----------
    content
        What is asked.
    delta
        At which a rho is told as an epsilon; ``None`` for none.
    epsilon, rho
        Budget of a plan: one of them.
    """

    content: Pipeline | Plan
    is_plan: bool
    delta: Decimal | None = None
    epsilon: Decimal | None = None
    rho: Decimal | None = None
    library: str = "opendp"

    @property
    def kind(self) -> str:
        """What Lomas calls its result."""
        return "opendp_polars" if self.is_plan else "opendp"


class OpenDP:
    """Answers pipelines and plans with OpenDP's measurements."""

    name = "opendp"

    def missing(self) -> str | None:
        """Return why it cannot answer here; ``None`` if it can."""
        if all(importlib.util.find_spec(module) for module in ("opendp", "msgpack")):
            return None
        return "opendp is not installed here; the organiser may install anomed-dp-query anew"

    def read(self, body: Mapping[str, Any], table: TableMetadata) -> OpenDPQuestion:
        """Read ``opendp_json`` with ``fixed_delta``, or with ``epsilon``, ``rho`` and ``delta``.

        Raises
        ------
        QueryRefused
            If something in it is not allowed.
        """
        document = body.get("opendp_json")
        try:
            if isinstance(document, str) and document.lstrip()[:1] == "{":
                return self._pipeline(body, table)
            return self._plan(body, table)
        except AmountError as error:
            raise QueryRefused(str(error)) from error

    def _pipeline(self, body: Mapping[str, Any], table: TableMetadata) -> OpenDPQuestion:
        from anomed_dp_query.libraries.opendp.pipelines import read_pipeline

        pipeline = read_pipeline(body["opendp_json"], table)
        fixed = body.get("fixed_delta", body.get("delta"))
        delta = None if fixed is None else exact(fixed, "fixed_delta", below=Decimal(1))
        if pipeline.is_gaussian and delta is None:
            raise QueryRefused(
                "fixed_delta must be set for smooth max divergence and zero concentrated "
                "divergence."
            )
        return OpenDPQuestion(content=pipeline, is_plan=False, delta=delta)

    def _plan(self, body: Mapping[str, Any], table: TableMetadata) -> OpenDPQuestion:
        from anomed_dp_query.libraries.opendp.plans import read_plan

        epsilon, rho, delta = (body.get(name) for name in ("epsilon", "rho", "delta"))
        if (epsilon is None) == (rho is None):
            raise QueryRefused(
                "a plan needs epsilon or rho, and not both; give one of them to get_context"
            )
        if rho is not None and delta is None:
            raise QueryRefused(
                "rho needs a delta, at which it is told as an epsilon; give one, such as 1e-6"
            )
        if epsilon is not None and not _positive(delta):
            delta = None
        return OpenDPQuestion(
            content=read_plan(body.get("opendp_json"), table),
            is_plan=True,
            epsilon=None if epsilon is None else exact(epsilon, "epsilon"),
            rho=None if rho is None else exact(rho, "rho"),
            delta=None if delta is None else exact(delta, "delta", below=Decimal(1)),
        )

    def price(self, question: OpenDPQuestion, table: TableMetadata, policy: Policy) -> Price:
        """Return what it costs: a plan what it says, a pipeline what OpenDP's map says.

        Raises
        ------
        QueryRefused
            If that is nothing, or more than anybody has.
        """
        if question.is_plan:
            return self._shares(question, table, policy).price(policy)
        from anomed_dp_query.libraries.opendp.pipelines import build

        built = build(question.content, table)  # type: ignore[arg-type]
        distance = policy.distance(table.max_contributions)
        loss = built.loss(distance)
        if not math.isfinite(loss) or not Decimal("1e-12") <= Decimal(loss) <= _LARGEST:
            raise QueryRefused(
                f"it would cost {loss:g}, and prices are from 1e-12 to {_LARGEST:g}; choose "
                "another scale"
            )
        return Price(parts=(self._part(question, built, loss, distance),))

    def _part(self, question: OpenDPQuestion, built: Any, loss: float, distance: int) -> Part:
        what = f"{question.content.steps[-1].name} on {question.content.column}"  # type: ignore[union-attr]
        if not built.is_gaussian:
            epsilon = charged(loss)
            return Part(what=what, epsilon=epsilon, rho=rho_of_epsilon(epsilon))
        delta = question.delta or Decimal(0)
        epsilon = charged(built.epsilon(distance, delta=_below(delta)))
        return Part(
            what=what,
            epsilon=max(epsilon, Decimal("1e-12")),
            delta=charged(delta, step=DELTA_STEP),
            rho=charged(loss),
        )

    def run(
        self, question: OpenDPQuestion, frame: pd.DataFrame, table: TableMetadata, policy: Policy
    ) -> Released:
        """Answer it: a number or a list, or the text of a list of rows for a plan.

        Raises
        ------
        RunFailed
            Whatever goes wrong.
        """
        try:
            return Released(
                kind=question.kind, result={"value": self._value(question, frame, table, policy)}
            )
        except Exception as error:
            raise RunFailed(f"opendp: {error}") from error

    def _value(
        self, question: OpenDPQuestion, frame: pd.DataFrame, table: TableMetadata, policy: Policy
    ) -> Any:
        if question.is_plan:
            from anomed_dp_query.libraries.opendp.plans import run_plan

            shares = self._shares(question, table, policy)
            rows = run_plan(question.content, frame, table, policy, shares=shares)  # type: ignore[arg-type]
            return json.dumps(rows, default=str, allow_nan=False)
        from anomed_dp_query.libraries.opendp.pipelines import build
        from anomed_dp_query.libraries.opendp.pipelines.building import text_of

        pipeline: Pipeline = question.content  # type: ignore[assignment]
        text = text_of(frame, pipeline, len(table.names))
        return build(pipeline, table).release(text)

    def _shares(self, question: OpenDPQuestion, table: TableMetadata, policy: Policy) -> Shares:
        from anomed_dp_query.libraries.opendp.plans import shares_of

        return shares_of(
            question.content,  # type: ignore[arg-type]
            table,
            policy,
            epsilon=question.epsilon,
            rho=question.rho,
            delta=question.delta,
        )


def _positive(delta: Any) -> bool:
    return delta is not None and delta != 0


def _below(value: Decimal) -> float:
    number = float(value)
    return number if Decimal(number) <= value else math.nextafter(number, 0.0)
