"""Data provision: what the server hands out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from anomed_core.hookspecs._markers import hookspec

if TYPE_CHECKING:
    from anomed_core.model import Challenge, DataProduct, DataRequest


@hookspec
def anomed_data_products(challenge: Challenge) -> Iterable[DataProduct]:  # type: ignore[empty-body]
    """Declare what the server hands out.

    Called once per challenge and process, after creation; owner and extensions. Routes, OpenAPI,
    roles and dummy data are derived from the answer. Two products, or a product and a submission
    kind, on one path are an error naming both. If it raises, the server refuses to start.

    Returns
    -------
    iterable of DataProduct
        In the order in which they are listed.

    Examples
    --------
    >>> import numpy as np
    >>> from anomed_core import ArraySchema, ArraysSchema, DataProduct, Role, hookimpl
    >>> @hookimpl
    ... def anomed_data_products(challenge):
    ...     X = ArraySchema.of("X", np.zeros((100, 4)))
    ...     return [
    ...         DataProduct(
    ...             path="/data/anonymizer/training",
    ...             audience={Role.ANONYMIZER},
    ...             schema=ArraysSchema(arrays=[X]),
    ...         )
    ...     ]
    >>> anomed_data_products(None)[0].static
    True
    """


@hookspec(firstresult=True)
def anomed_provide_data(challenge: Challenge, product: DataProduct, request: DataRequest) -> Any:
    """Provide the content of a data product.

    Called once per static product (the bytes are kept), and once per request otherwise; declarer.
    Must be deterministic: all workers, restarts and replicas must serve the same. If it raises
    `SubmissionRejected`, the caller is told why (422); anything else is our fault. Products that
    were declared with their data need no answer.

    Parameters
    ----------
    challenge
        The challenge.
    product
        One of its declared products.
    request
        The validated query parameters; empty for static products.

    Returns
    -------
    mapping of str to ndarray, pyarrow.Table, pandas.DataFrame or JSON value
        As the product's schema says. A table may also be bytes, a parquet file: whoever provides
        the same table for many requests encodes it once, and keeps it in ``context.artifacts``.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from anomed_core import DataRequest, hookimpl
    >>> @hookimpl
    ... def anomed_provide_data(challenge, product, request):
    ...     return {"X": challenge.definition[f"{request.split} X"]}
    >>> challenge = SimpleNamespace(definition={"tuning X": [[1.0], [2.0]]})
    >>> request = DataRequest(parameters={"data_split": "tuning"})
    >>> anomed_provide_data(challenge, None, request)
    {'X': [[1.0], [2.0]]}
    """


@hookspec(firstresult=True)
def anomed_dummy_data(challenge: Challenge, product: DataProduct, seed: int) -> Any:
    """Make innocuous data of the same form as a product, for developing blindly.

    Called by ``anomed dummy``; declarer. Must not depend on the real rows. If it
    raises, there is no dummy data, and nothing else happens.

    Parameters
    ----------
    challenge
        The challenge.
    product
        One of its declared products.
    seed
        Equal seeds must give equal data.

    Returns
    -------
    as for ``anomed_provide_data``, or None
        ``None`` lets the core generate data from the declared schema.

    Examples
    --------
    >>> import numpy as np
    >>> from anomed_core import hookimpl
    >>> @hookimpl
    ... def anomed_dummy_data(challenge, product, seed):
    ...     return {"X": np.random.default_rng(seed).normal(size=(10, 4))}
    >>> anomed_dummy_data(None, None, 1)["X"].shape
    (10, 4)
    """
