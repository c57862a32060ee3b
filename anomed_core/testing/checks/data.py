"""Whether what is handed out is what was declared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from anomed_core.errors import RequestError, UsageError
from anomed_core.model import ArraysSchema, DataProduct, Role, TableSchema
from anomed_core.service import dummy_data, encoded
from anomed_core.service.decoding import decode
from anomed_core.service.provision import check_provided
from anomed_core.testing.answers import served_products
from anomed_core.testing.checks.failure import ConformanceError, fail_if_any
from anomed_core.testing.checks.needing import needs_products
from anomed_core.testing.client import ChallengeClient
from anomed_core.testing.plugin_under_test import PluginUnderTest
from anomed_core.testing.products import UNLIMITED


@needs_products
def products_as_declared(plugin_under_test: PluginUnderTest) -> None:
    """Serve every data product as its schema says."""
    client = plugin_under_test.open()
    problems = [
        f"GET {product.path} {dict(query) or ''}: {problem}"
        for product, query, answer in served_products(client)
        if (problem := _problem(product, answer.status, answer.body, answer.reason))
    ]
    fail_if_any(problems)


def _problem(product: DataProduct, status: int, body: bytes, reason: str) -> str:
    if status != 200:
        return f"answered with {status}: {reason}"
    return _misfit(product, body)


def _misfit(product: DataProduct, body: bytes) -> str:
    """Return how bytes differ from what a product declares; empty if they do not."""
    try:
        data = decode(body, product.schema, UNLIMITED)
    except (RequestError, ValueError) as error:
        return str(error)
    if isinstance(product.schema, TableSchema) and product.schema.columns:
        declared = [column.name for column in product.schema.columns]
        known = {*declared, *_index_of(data)}
        extra = [name for name in data.column_names if name not in known]
        if extra:
            return f"the table has the undeclared columns {', '.join(extra)}"
    return ""


def _index_of(table: Any) -> list[str]:
    """Return the columns that pandas restores as the index: they number rows, and describe none."""
    columns = (table.schema.pandas_metadata or {}).get("index_columns", [])
    return [name for name in columns if isinstance(name, str)]


@needs_products
def dummy_data_fits(plugin_under_test: PluginUnderTest) -> None:
    """Make dummy data of the declared form, from the seed alone and not from the real data."""
    client = plugin_under_test.open()
    real = {
        product.path: answer.body
        for product, _, answer in served_products(client)
        if answer.status == 200
    }
    problems = [
        f"dummy data of {product.path}: {problem}"
        for product in client.hosted.products.values()
        for problem in _dummy_problems(client, product, real.get(product.path, b""))
    ]
    fail_if_any(problems)


def _dummy_problems(client: ChallengeClient, product: DataProduct, real: bytes) -> Iterator[str]:
    try:
        first = _dummy(client, product, 1)
    except UsageError:  # a free document: nothing can be made from its schema
        return
    misfit = _misfit(product, first)
    if misfit:
        yield misfit
    if first != _dummy(client, product, 1):
        yield "equal seeds give different data; draw from numpy.random.default_rng(seed)"
    if first == real and len(real) > 300 and Role.PUBLIC not in product.audience:
        yield "they are the real data"


def _dummy(client: ChallengeClient, product: DataProduct, seed: int) -> bytes:
    data: Any = dummy_data(client.hosted, product, seed)
    if isinstance(product.schema, ArraysSchema):
        try:
            check_provided(data, product)
        except TypeError as error:
            raise ConformanceError(f"dummy data of {product.path}: {error}") from error
    return encoded(data, product.schema)
