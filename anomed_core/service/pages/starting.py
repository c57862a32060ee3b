"""Lines to copy: a first submission by the library, by curl, and by a form."""

from __future__ import annotations

import json
import shlex
from urllib.parse import urlencode

from anomed_core.model import ArraysSchema, DataProduct, Role, Split, SubmissionKind, TableSchema
from anomed_core.report import Code, Section
from anomed_core.service.acting import OWN_ID
from anomed_core.service.pages.visit import Visit


def starting(visit: Visit) -> list[object]:
    """Return how to send a first submission, with the visitor's own address and name."""
    kind = _first_kind(visit)
    if kind is None:
        return ["Nothing is handed in here."]
    return [
        "A submission that is refused costs no attempt.",
        Section(title="Python", parts=[Code(_python(visit, kind))]),
        Section(title="curl", parts=[Code(_curl(visit, kind))]),
    ]


def _first_kind(visit: Visit) -> SubmissionKind | None:
    """Return the kind that the visitor begins with: one of its own role, the anonymizer's else."""
    roles = [grant.role for grant in visit.players] or [Role.ANONYMIZER, Role.DEANONYMIZER]
    kinds = [kind for role in roles for kind in visit.hosted.kinds if kind.submitter is role]
    return next(iter([*kinds, *visit.hosted.kinds]), None)


def _own_id(visit: Visit, kind: SubmissionKind) -> str:
    """Return the visitor's id of a kind's role, or words that stand for it."""
    mine = (grant.holder for grant in visit.players if grant.role is kind.submitter)
    return next(mine, f"your-{kind.submitter.value}-id")


def _python(visit: Visit, kind: SubmissionKind) -> str:
    address = json.dumps(f"{visit.origin}{visit.at('')}".rstrip("/"))
    own = json.dumps(_own_id(visit, kind))
    credentials = f"name={own}" if visit.is_open else 'token="…"'
    lines = [
        "from anomed_client import connect",
        "",
        f"challenge = connect({address}, {credentials})",
        "print(challenge.describe())",
    ]
    player = "challenge"
    if kind.submitter is Role.DEANONYMIZER and kind.names_target:
        player = "attack"
        lines.append('attack = challenge.attack("whom you attack")')
    split = Split.TUNING if Split.TUNING in kind.splits else Split.VALIDATION
    product = _first_product(visit, kind)
    if product is not None:
        lines.append(f"data = {player}.{reading_of(product)}")
    named = f', kind="{kind.name}"' if _is_ambiguous(visit, kind) else ""
    return "\n".join([*lines, f'print({player}.submit(mine, split="{split.value}"{named}))'])


def _first_product(visit: Visit, kind: SubmissionKind) -> DataProduct | None:
    """Return what is handed out to whoever submits a kind; the first one that is no question."""
    mine = [one for one in visit.hosted.products.values() if kind.submitter in one.audience]
    return next((one for one in mine if one.static), next(iter(mine), None))


def reading_of(product: DataProduct) -> str:
    """Return the call of the library that reads a product."""
    name = json.dumps(product.path.removeprefix("/data/").strip("/"))
    kinds = {ArraysSchema: "arrays", TableSchema: "table"}
    return f"{kinds.get(type(product.schema), 'document')}({name})"


def _is_ambiguous(visit: Visit, kind: SubmissionKind) -> bool:
    return sum(one.submitter is kind.submitter for one in visit.hosted.kinds) > 1


def _curl(visit: Visit, kind: SubmissionKind) -> str:
    own = _own_id(visit, kind)
    split = Split.TUNING if Split.TUNING in kind.splits else Split.VALIDATION
    query = {OWN_ID[kind.submitter]: own}
    if kind.submitter is Role.DEANONYMIZER:
        query = {OWN_ID[Role.ANONYMIZER]: "whom-you-attack", **query}
    query |= {"data_split": split.value, **dict([kind.selector] if kind.selector else [])}
    schema = kind.schema_for(split)
    name = "mine.json"
    if isinstance(schema, ArraysSchema):
        name = "mine.npz"
    elif isinstance(schema, TableSchema):
        name = "mine.parquet"
    credentials = "" if visit.is_open else f"-u {shlex.quote(own)}:$TOKEN "
    address = f"{visit.origin}{visit.at(kind.path)}?{urlencode(query)}"
    return f"curl {credentials}--data-binary @{name} \\\n  {shlex.quote(address)}"
