"""What a challenge says about itself: ``/challenge.json``, derived from its declarations."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from anomed_core.config.settings import ServerSettings
from anomed_core.hookspecs import API
from anomed_core.model import (
    Account,
    ArraySchema,
    ArraysSchema,
    DataProduct,
    FormSchema,
    JSONSchema,
    Metric,
    Operation,
    Parameter,
    Phase,
    Split,
    SubmissionKind,
    TableSchema,
    TextSchema,
    amount_text,
)
from anomed_core.model.amounts import text_or_none
from anomed_core.model.payloads import ColumnSchema
from anomed_core.service.hosting import HostedChallenge
from anomed_core.service.seals import rule_of
from anomed_core.version import __version__

FEATURES = (
    "archive",
    "accounts",
    "attempts",
    "derived-tokens",
    "device-codes",
    "jobs",
    "operations",
    "own-attempts",
    "ranking",
    "scores",
    "selectors",
    "targets",
    "whoami",
)
"""What clients may ask for, where servers differ."""

MIN_CLIENT = "0.1.0"
"""Oldest release of anomed-client that speaks to this server."""


def describe(
    hosted: HostedChallenge, *, base: str, settings: ServerSettings | None = None
) -> dict[str, Any]:
    """Return a challenge's self-description as JSON values.

    Parameters
    ----------
    hosted
        The challenge.
    base
        URL path below which its routes are.
    settings
        Of the server, if one serves it: then its rules are told, too.

    Returns
    -------
    dict
        Title, description, products, submission kinds, operations, metrics, splits and digests;
        of a server, features, limits, quota and phases.
    """
    challenge = hosted.challenge
    rules = _rules(hosted, settings) if settings is not None else {}
    return {
        "id": challenge.id,
        "type": challenge.type,
        "title": challenge.title,
        "description": challenge.description,
        "base": base,
        "api": API,
        "core_version": __version__,
        "plugin": {
            "name": hosted.type.plugin_name,
            "version": hosted.type.info.version if hosted.type.info else "",
            "distribution": hosted.type.info.distribution if hosted.type.info else None,
            "takes": {point.name: point.distribution for point in hosted.taken},
        },
        "fingerprint": hosted.fingerprint,
        "products": [_product(product, base) for product in hosted.products.values()],
        "submissions": [
            _kind(kind, hosted, base)
            | ({"finals": rule_of(hosted, kind, auth=settings.auth).value} if settings else {})
            for kind in hosted.kinds
        ],
        "operations": [_operation(operation, hosted, base) for operation in hosted.operations],
        "accounts": [_account(account) for account in hosted.accounts.values()],
        "house_attacks": [
            {
                "name": attack.name,
                "kind": attack.kind,
                "description": attack.description,
                "metrics": [metric_as_json(metric) for metric in attack.metrics],
            }
            for attack in hosted.house_attacks
        ],
        **rules,
    }


def _rules(hosted: HostedChallenge, settings: ServerSettings) -> dict[str, Any]:
    quota = settings.quota
    return {
        "features": list(FEATURES),
        "min_client": MIN_CLIENT,
        "auth": settings.auth,
        "limits": {
            "body_bytes": settings.limits.body_bytes,
            "evaluation_timeout_s": settings.evaluation_timeout_s,
            "upload_timeout_s": settings.limits.upload_timeout_s,
        },
        "quota": (
            {"attempts": quota.tuning_attempts, "period_s": quota.period_s}
            if quota.tuning_attempts
            else None
        ),
        "phases": phases_as_json(hosted.phases),
    }


def phases_as_json(phases: Mapping[Split, Phase]) -> dict[str, dict[str, str | None]]:
    """Return phases as JSON values, in UTC; null for no bound."""
    return {
        split.value: {
            "opens": phase.opens.isoformat() if phase.opens else None,
            "closes": phase.closes.isoformat() if phase.closes else None,
        }
        for split, phase in phases.items()
    }


def _product(product: DataProduct, base: str) -> dict[str, Any]:
    return {
        "name": product.path.rpartition("/")[2],
        "path": base + product.path,
        "description": product.description,
        "audience": sorted(role.value for role in product.audience),
        "static": product.static,
        "requires_sealed": product.requires_sealed or None,
        "parameters": [_parameter(parameter) for parameter in product.parameters],
        "schema": schema_as_json(product.schema),
    }


def _kind(kind: SubmissionKind, hosted: HostedChallenge, base: str) -> dict[str, Any]:
    return {
        "name": kind.name,
        "extension": hosted.added.get(kind.name),
        "path": base + kind.path,
        "description": kind.description,
        "submitter": kind.submitter.value,
        "purpose": kind.purpose.value,
        "requires_sealed": kind.requires_sealed or None,
        "splits": {split.value: schema_as_json(kind.schema_for(split)) for split in kind.splits},
        "long": kind.long,
        "cheap": kind.cheap,
        "selector": dict([kind.selector]) if kind.selector else {},
        "default_split": kind.default_split.value if kind.default_split else None,
        "parameters": [_parameter(parameter) for parameter in kind.parameters],
        "metrics": [metric_as_json(metric) for metric in hosted.metrics[kind.name]],
    }


def _operation(operation: Operation, hosted: HostedChallenge, base: str) -> dict[str, Any]:
    request = schema_as_json(operation.request) if operation.request is not None else None
    return {
        "name": operation.name,
        "extension": hosted.added.get(operation.path),
        "path": base + operation.path,
        "method": operation.method,
        "description": operation.description,
        "audience": sorted(role.value for role in operation.audience),
        "parameters": [_parameter(parameter) for parameter in operation.query],
        "request": request,
        "answer": schema_as_json(operation.answer),
        "accounts": [account.name for account in operation.accounts],
        "price": _price(operation),
        "requires_sealed": operation.requires_sealed or None,
        "cheap": operation.cheap,
        "long": operation.long,
    }


def _price(operation: Operation) -> list[dict[str, str]] | None:
    """Return what each call costs; null if that depends on the call, or it is free."""
    if not isinstance(operation.price, tuple):
        return None
    return [
        {"account": line.account, "resource": line.resource, "amount": amount_text(line.amount)}
        for line in operation.price
    ]


def _account(account: Account) -> dict[str, Any]:
    return {
        "name": account.name,
        "description": account.description,
        "shared": account.shared,
        "period_s": account.period_s,
        "resources": [
            {
                "name": resource.name,
                "description": resource.description,
                "limit": text_or_none(resource.limit),
                "lapse": resource.lapse.value,
            }
            for resource in account.resources
        ],
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "required": parameter.required,
        "choices": list(parameter.choices),
        "description": parameter.description,
    }


def metric_as_json(metric: Metric) -> dict[str, Any]:
    """Return a metric's declaration as JSON values; an infinite bound is null."""
    return {
        "name": metric.name,
        "direction": metric.direction.value,
        "low": _finite(metric.bounds[0]),
        "high": _finite(metric.bounds[1]),
        "chance": metric.chance,
        "primary": metric.primary,
        "tie_breaker": metric.tie_breaker,
        "definition": metric.definition,
    }


def _finite(bound: float) -> float | None:
    return bound if math.isfinite(bound) else None


def schema_as_json(schema: Any) -> dict[str, Any]:
    """Return a payload schema as JSON values."""
    if isinstance(schema, ArraysSchema):
        return {"format": "npz", "arrays": [_array(array) for array in schema.arrays]}
    if isinstance(schema, TableSchema):
        return {
            "format": "parquet",
            "columns": [_column(column) for column in schema.columns] or None,
            "min_rows": schema.min_rows,
            "max_rows": schema.max_rows,
        }
    if isinstance(schema, FormSchema):
        return {
            "format": "multipart",
            "parts": [
                {
                    "name": part.name,
                    "required": part.required,
                    "description": part.description,
                    "schema": schema_as_json(part.schema),
                }
                for part in schema.parts
            ],
        }
    if isinstance(schema, JSONSchema):
        return {"format": "json", "schema": dict(schema.schema)}
    if isinstance(schema, TextSchema):
        return {"format": "text", "choices": list(schema.choices), "max_length": schema.max_length}
    raise TypeError(f"there is no description of {type(schema).__name__}")


def _array(array: ArraySchema) -> dict[str, Any]:
    return {
        "name": array.name,
        "kinds": list(array.kinds),
        "dtype": array.dtype,
        "shape": list(array.shape),
        "required": array.required,
        "finite": array.finite,
        "low": array.low,
        "high": array.high,
        "description": array.description,
        "unit": array.unit,
    }


def _column(column: ColumnSchema) -> dict[str, Any]:
    return {
        "name": column.name,
        "kinds": list(column.kinds),
        "nullable": column.nullable,
        "low": column.low,
        "high": column.high,
        "step": column.step,
        "categories": list(column.categories),
        "required": column.required,
        "description": column.description,
        "unit": column.unit,
    }
