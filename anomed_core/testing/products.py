"""What somebody who attacks is given: the products that their role may read, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from anomed_core.model import DataProduct, DataRequest, Role
from anomed_core.service.decoding import decode
from anomed_core.testing.client import AnswerError, ChallengeClient, filled_in
from anomed_core.wire import Limits

UNLIMITED = Limits(
    body_bytes=2**40,
    unpacked_bytes=2**40,
    unpacked_ratio=2**40,
    table_rows=2**40,
    text_bytes=2**40,
)
"""For what our own server sends."""


class Products(Mapping[str, Any]):
    """Data products by path, as a participant of one role gets them.

    Each is asked for when it is looked up, with the parameters of the request: arrays come by name,
    a table as a ``pandas.DataFrame``, anything else as a JSON value.

    Parameters
    ----------
    client
        The served challenge.
    role
        Who asks.
    request
        The request of the submission that is to be made.
    """

    def __init__(self, client: ChallengeClient, role: Role, request: DataRequest) -> None:
        self.request = request
        self._client = client
        self._readable = {
            path: product
            for path, product in client.hosted.products.items()
            if product.audience & {role, Role.PUBLIC}
        }

    def __getitem__(self, path: str) -> Any:
        """Ask for a product.

        Raises
        ------
        KeyError
            If there is none that this role may read.
        AnswerError
            If it is refused.
        """
        if path not in self._readable:
            raise KeyError(f"{path}; attackers may read {', '.join(self._readable) or 'nothing'}")
        product = self._readable[path]
        query = filled_in(product.parameters, self.request.parameters)
        answer = self._client.get(path, **query)
        if answer.status != 200:
            raise AnswerError(f"GET {path}", answer)
        return _plain(answer.body, product)

    def __iter__(self) -> Iterator[str]:
        return iter(self._readable)

    def __len__(self) -> int:
        return len(self._readable)


def _plain(body: bytes, product: DataProduct) -> Any:
    content = decode(body, product.schema, UNLIMITED)
    return content.to_pandas() if hasattr(content, "to_pandas") else content
