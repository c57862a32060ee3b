"""What an OpenAPI document says about submissions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from anomed_core.model import Metric, Parameter, SubmissionKind
from anomed_core.service import HostedChallenge
from anomed_core.service.description import metric_as_json, schema_as_json
from anomed_core.web.openapi_jobs import PREFER, accepted
from anomed_core.web.openapi_parts import (
    IDEMPOTENCY_KEY,
    content_schema,
    operation_id,
    parameter_object,
    refusals,
)


def submission(hosted: HostedChallenge, base: str, path: str) -> dict[str, Any]:
    """Describe how to submit at a path.

    Parameters
    ----------
    hosted
        The challenge.
    base
        URL path below which its routes are.
    path
        One of the paths of its submission kinds; several that share it are one operation, with
        the parameter that tells them apart.

    Returns
    -------
    dict
        An OpenAPI operation.
    """
    kinds = hosted.kinds_at(path)
    answers = [(kind.name, _metrics(hosted.metrics[kind.name])) for kind in kinds]
    return {
        "operationId": operation_id(hosted, base, verb="post", path=path),
        **_heading(kinds),
        "parameters": [
            *map(parameter_object, _parameters(kinds)),
            IDEMPOTENCY_KEY,
            *_prefer(kinds),
        ],
        "requestBody": {"required": True, "content": _content(kinds)},
        "responses": {
            "201": {
                "description": "Scored and recorded.",
                "headers": {"Location": {"schema": {"type": "string"}}},
                "content": {"application/json": {"schema": _any_of(answers)}},
            },
            **({} if all(kind.cheap for kind in kinds) else {"202": accepted()}),
            **refusals(400, 401, 403, 408, 409, 411, 413, 422, 429, 503, 504, 507),
        },
    }


def _prefer(kinds: Sequence[SubmissionKind]) -> list[dict[str, Any]]:
    """Describe how to ask for a job, where one may be had for the asking."""
    return [] if all(kind.cheap or kind.long for kind in kinds) else [PREFER]


def _heading(kinds: Sequence[SubmissionKind]) -> dict[str, str]:
    if len(kinds) == 1:
        return {"summary": kinds[0].description}
    return {
        "summary": f"Submit one of {', '.join(kind.name for kind in kinds)}.",
        "description": "\n".join(f"* {kind.name}: {kind.description}" for kind in kinds),
    }


def _parameters(kinds: Sequence[SubmissionKind]) -> list[Parameter]:
    """Return what any of the kinds takes; what all of them require is required."""
    selector = _selector(kinds)
    names = dict.fromkeys(parameter.name for kind in kinds for parameter in kind.parameters)
    merged = [_merged(kinds, name) for name in names if selector is None or name != selector.name]
    return merged if selector is None else [*merged, selector]


def _selector(kinds: Sequence[SubmissionKind]) -> Parameter | None:
    choices = [kind.selector for kind in kinds if kind.selector is not None]
    if not choices:
        return None
    return Parameter(
        name=choices[0][0],
        required=False,
        choices=tuple(value for _, value in choices),
        description=f"What is submitted; {choices[0][1]}, if it is left out.",
    )


def _merged(kinds: Sequence[SubmissionKind], name: str) -> Parameter:
    declared = [
        parameter for kind in kinds for parameter in kind.parameters if parameter.name == name
    ]
    choices: tuple[str, ...] = ()
    if all(parameter.choices for parameter in declared):
        choices = tuple(dict.fromkeys(c for parameter in declared for c in parameter.choices))
    required = len(declared) == len(kinds) and all(parameter.required for parameter in declared)
    return attrs.evolve(declared[0], required=required, choices=choices)


def _content(kinds: Sequence[SubmissionKind]) -> dict[str, Any]:
    """Return the schemas of all kinds by media type."""
    by_type: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for kind in kinds:
        media_type, schema = _body(kind)
        by_type.setdefault(media_type, []).append((kind.name, schema))
    return {media_type: {"schema": _any_of(named)} for media_type, named in by_type.items()}


def _any_of(named: Sequence[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    """Return one schema for several kinds.

    ``oneOf`` would be wrong: every file is a binary string, and kinds may share their metrics.
    """
    if len(named) == 1:
        return named[0][1]
    return {"anyOf": [{"title": name, **schema} for name, schema in named]}


def _body(kind: SubmissionKind) -> tuple[str, dict[str, Any]]:
    """Return the media type and the schema of what is submitted."""
    schemas = {split.value: kind.schema_for(split) for split in kind.splits}
    first = next(iter(schemas.values()))
    described = {split: schema_as_json(schema) for split, schema in schemas.items()}
    return first.media_type, content_schema(first, described=described)


def _metrics(metrics: tuple[Metric, ...]) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    for metric in metrics:
        facts = metric_as_json(metric)
        properties[metric.name] = {
            "type": "number",
            "description": metric.definition,
            **({"minimum": facts["low"]} if facts["low"] is not None else {}),
            **({"maximum": facts["high"]} if facts["high"] is not None else {}),
        }
    return {
        "type": "object",
        "properties": properties,
        "required": [metric.name for metric in metrics],
        "additionalProperties": False,
    }
