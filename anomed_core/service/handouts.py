"""Who is handed how many records: what an organiser must know before the address is told."""

from __future__ import annotations

import attrs
import numpy as np

from anomed_core.model import ArraysSchema, DataProduct, DataRequest, Role, TableSchema
from anomed_core.service.hosting import HostedChallenge
from anomed_core.service.provision import provided


@attrs.frozen(kw_only=True)
class Handout:
    """Records that some roles get.

    Attributes
    ----------
    path
        Of the data product.
    n_records
        How many there are in each answer.
    readers
        Who gets them.
    """

    path: str
    n_records: int
    readers: frozenset[Role]

    @property
    def is_public(self) -> bool:
        """Whether everybody gets them, also without a token."""
        return Role.PUBLIC in self.readers

    def __str__(self) -> str:
        who = "everybody, also without a token" if self.is_public else _listed(self.readers)
        return f"{self.n_records} records at {self.path} for {who}"


def handouts(hosted: HostedChallenge) -> list[Handout]:
    """Return what a challenge hands out, as far as its products declare how many records."""
    counted = ((product, _n_records(product)) for product in hosted.products.values())
    return [
        Handout(path=product.path, n_records=n_records, readers=frozenset(product.audience))
        for product, n_records in counted
        if n_records
    ]


def gaps(hosted: HostedChallenge) -> list[str]:
    """Return what is handed out with NaN or infinity in it: whoever trains on it must know."""
    told = []
    for product in hosted.products.values():
        if not product.static or not isinstance(product.schema, ArraysSchema):
            continue
        for name, values in provided(hosted, product, DataRequest()).items():
            n_broken = n_broken_records(np.asarray(values))
            if n_broken:
                told.append(
                    f"{product.path}: {name} holds NaN or infinity in {n_broken} of {len(values)} "
                    "records; participants get them as they are"
                )
    return told


def n_broken_records(values: np.ndarray) -> int:
    """Return how many records hold a value that is not finite."""
    if values.ndim == 0 or values.dtype.kind not in "fc":
        return 0
    finite = np.isfinite(values).all(axis=tuple(range(1, values.ndim)))
    return int(len(values) - np.count_nonzero(finite))


def _n_records(product: DataProduct) -> int:
    schema = product.schema
    if isinstance(schema, TableSchema):
        return schema.min_rows if schema.min_rows == schema.max_rows else 0
    if isinstance(schema, ArraysSchema):
        lengths = [array.shape[0] for array in schema.arrays if array.shape]
        return max((length for length in lengths if length is not None), default=0)
    return 0


def _listed(roles: frozenset[Role]) -> str:
    return " and ".join(f"{role.value}s" for role in Role if role in roles)
