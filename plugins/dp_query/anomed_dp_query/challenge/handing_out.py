"""What a contest hands out: rules, practice, the hidden workload, transcripts, people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from anomed_core import (
    ANONYMIZER,
    DATA_SPLIT,
    DEANONYMIZER,
    ColumnSchema,
    DataProduct,
    DataRequest,
    Exchange,
    JSONSchema,
    Split,
    TableSchema,
)
from anomed_dp_query.challenge.contest import (
    ACCOUNT,
    ATTRIBUTE,
    MEMBERSHIP,
    RECONSTRUCTION,
    Contest,
)
from anomed_dp_query.challenge.data import Dataset
from anomed_dp_query.challenge.metrics import tier_name
from anomed_dp_query.counting import CountingQuestion, askable
from anomed_dp_query.metadata import Column, Kind

TRANSCRIPT = "/data/deanonymizer/transcript"

_KINDS = {
    Kind.STRING: ("str",),
    Kind.BOOLEAN: ("bool",),
    Kind.INTEGER: ("int",),
    Kind.FLOAT: ("float",),
    Kind.DATETIME: ("date-time",),
}

_PEOPLE = {
    "/data/deanonymizer/targets": (MEMBERSHIP, "Members and others, to be told apart."),
    "/data/deanonymizer/attribute-targets": (
        ATTRIBUTE,
        "Other members and others, without the secret column, to be guessed.",
    ),
    "/data/deanonymizer/named-people": (
        RECONSTRUCTION,
        "Yet other people, all of them in a table, without the secret column.",
    ),
}


def contest_products(contest: Contest) -> list[DataProduct]:
    """Declare what is handed out to play with."""
    n_targets = contest.settings.targets
    return [
        DataProduct(
            path="/data/contest",
            audience="public",
            schema=JSONSchema(),
            data=lambda _: _rules(contest),
            description="Tiers and their budgets, sizes, and what attackers are to find out.",
        ),
        DataProduct(
            path="/data/practice",
            audience="public",
            schema=_schema(contest.metadata.columns, len(contest.background)),
            data=lambda _: _arrow(contest.practice),
            description="The practice table, of the same population: all may see it.",
        ),
        DataProduct(
            path="/data/practice-workload",
            audience="public",
            schema=JSONSchema(),
            data=lambda _: _questions(contest.workload[Split.TUNING]),
            description="Questions about the practice table, for tuning.",
        ),
        DataProduct(
            path="/data/anonymizer/workload",
            schema=JSONSchema(),
            parameters=(ANONYMIZER,),
            static=False,
            requires_sealed=ACCOUNT,
            data=lambda _: _questions(contest.workload[Split.VALIDATION]),
            description="Questions about the private tables, for those who ask no more.",
        ),
        DataProduct(
            path=TRANSCRIPT,
            schema=JSONSchema(),
            parameters=(ANONYMIZER, DEANONYMIZER, DATA_SPLIT),
            with_target=True,
            with_transcript=True,
            data=lambda request: transcript_document(contest, request),
            description="What an analyst has asked, was answered and has paid, in order.",
        ),
        *(
            DataProduct(
                path=path,
                schema=_schema(
                    _told(contest, task), n_targets if task == RECONSTRUCTION else 2 * n_targets
                ),
                parameters=(DATA_SPLIT,),
                data=lambda request, task=task: people_table(contest, task, request),
                description=description,
            )
            for path, (task, description) in _PEOPLE.items()
        ),
    ]


def exchanges_about(
    contest: Contest, split: Split, transcript: Iterable[Exchange]
) -> list[Exchange]:
    """Return what was asked about the tables of a split, in whatever protocol."""
    names = {dataset.name for dataset in contest.tables(split)}
    return [
        one
        for one in transcript
        if isinstance(one.request, Mapping)
        and names & {one.request.get("dataset"), one.request.get("dataset_name")}
    ]


def transcript_document(contest: Contest, request: DataRequest) -> list[dict[str, Any]]:
    """Return what an analyst has asked and was answered, without times."""
    split = request.split or Split.VALIDATION
    return [
        {
            "operation": one.operation,
            "request": one.request,
            "answer": one.answer,
            "price": [
                {"account": line.account, "resource": line.resource, "amount": f"{line.amount:f}"}
                for line in one.lines
            ],
            "outcome": one.outcome,
        }
        for one in exchanges_about(contest, split, request.transcript)
    ]


def people_table(contest: Contest, task: str, request: DataRequest) -> pa.Table:
    """Return whom a task is about, without what is to be found out."""
    rows = contest.people(task, request.split or Split.VALIDATION).rows
    names = [column.name for column in _told(contest, task)]
    return pa.Table.from_pandas(rows[names], preserve_index=False).replace_schema_metadata()


def _told(contest: Contest, task: str) -> list[Column]:
    """Return the columns that attackers know of the people of a task."""
    secret = "" if task == MEMBERSHIP else contest.settings.secret
    return [column for column in contest.metadata.columns if column.name != secret]


def _arrow(dataset: Dataset) -> pa.Table:
    return dataset.arrow.replace_schema_metadata()


def _schema(columns: Iterable[Column], n_rows: int) -> TableSchema:
    return TableSchema(
        columns=[_column(column) for column in columns], min_rows=n_rows, max_rows=n_rows
    )


def _column(column: Column) -> ColumnSchema:
    keys = column.categories if column.exhaustive and column.kind is Kind.STRING else None
    return ColumnSchema(
        name=column.name,
        kinds=_KINDS[column.kind],
        nullable=column.nullable,
        low=column.lower if column.kind.is_number else None,
        high=column.upper if column.kind.is_number else None,
        categories=tuple(map(str, keys)) if keys else (),
    )


def _questions(questions: Iterable[CountingQuestion]) -> list[dict[str, Any]]:
    return [one.document() for one in questions]


def _rules(contest: Contest) -> dict[str, Any]:
    settings = contest.settings
    return {
        "practice": {"dataset": contest.practice.name, "rows": len(contest.background)},
        "tiers": [
            {
                "epsilon": tier_name(epsilon),
                "delta": f"{settings.delta:f}",
                "dataset": dataset.name,
            }
            for epsilon, dataset in contest.tiers.items()
        ],
        "account": ACCOUNT,
        "n_questions": settings.n_questions,
        "n_conditions": list(settings.n_conditions),
        "columns": list(settings.columns or askable(contest.metadata)),
        "targets": settings.targets,
        "secret": settings.secret,
        "secret_values": list(contest.secret_values),
        "secret_value": settings.secret_value,
    }
