"""Data products over HTTP: static ones are sent by the kernel, others made for the request."""

from __future__ import annotations

import contextlib
from typing import BinaryIO, cast

import falcon

from anomed_core.model import DataProduct
from anomed_core.service import HostedChallenge, requested_product, static_product
from anomed_core.service.acting import with_own_id
from anomed_core.service.provision import requested
from anomed_core.service.server import Server
from anomed_core.state import Artifact
from anomed_core.web.query import read_query
from anomed_core.web.ranges import chosen_range, is_known
from anomed_core.wire.digests import digest_bytes


class StaticProductResource:
    """A product that everybody gets the same bytes of."""

    def __init__(self, hosted: HostedChallenge, product: DataProduct, server: Server) -> None:
        self._hosted = hosted
        self._product = product
        self._server = server
        self._artifact: Artifact | None = None

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Send the file, or the part of it that was asked for."""
        artifact = self._asked_for(req, resp)
        if artifact is None:
            return
        start, length = chosen_range(req, resp, digest=artifact.digest, size=artifact.size_bytes)
        file = self._opened(artifact)
        if start:
            file.seek(start)
        resp.set_stream(cast("BinaryIO", _Part(file, length)), length)

    def on_head(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Send the headers of `on_get`."""
        artifact = self._asked_for(req, resp)
        if artifact is not None:
            resp.content_length = artifact.size_bytes

    def _asked_for(self, req: falcon.Request, resp: falcon.Response) -> Artifact | None:
        """Return the file and set its headers; ``None`` if the caller has it already."""
        self._check(req)
        artifact = self._built()
        resp.set_header("Cache-Control", "private, no-cache")
        if is_known(req, resp, digest=artifact.digest):
            return None
        resp.content_type = self._product.schema.media_type
        return artifact

    def _check(self, req: falcon.Request) -> None:
        query = read_query(req, self._product.parameters)
        self._server.authorizer.may_read(self._hosted, self._product, req.context.identity, query)

    def _opened(self, artifact: Artifact) -> BinaryIO:
        while True:
            with contextlib.suppress(FileNotFoundError):  # a copy that made room just now
                return artifact.path.open("rb")
            artifact = self._built()

    def _built(self) -> Artifact:
        # Whoever clears the folder costs the time to build it again, and no answer.
        if self._artifact is None or not self._artifact.path.exists():
            self._artifact = static_product(
                self._hosted, self._product, self._server.state.artifacts
            )
        return self._artifact


class _Part:
    """The next bytes of an open file: sent by the kernel where it can, and never more of them."""

    def __init__(self, file: BinaryIO, size_bytes: int) -> None:
        self._file = file
        self._remaining = size_bytes
        self.fileno = file.fileno
        self.close = file.close

    def read(self, size: int = -1) -> bytes:
        """Read as a file does."""
        most = self._remaining if size < 0 else min(size, self._remaining)
        chunk = self._file.read(most)
        self._remaining -= len(chunk)
        return chunk


class RequestedProductResource:
    """A product that depends on the request."""

    def __init__(self, hosted: HostedChallenge, product: DataProduct, server: Server) -> None:
        self._hosted = hosted
        self._product = product
        self._server = server

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Send what the owner provides for these parameters."""
        identity = req.context.identity
        given = read_query(req, self._product.parameters)
        query = with_own_id(given, identity, self._hosted, self._product.audience)
        self._server.authorizer.may_read(self._hosted, self._product, identity, query)
        kept = self._server.submissions.kept
        request = requested(self._hosted, self._product, query, kept=kept)
        content = requested_product(self._hosted, self._product, request)
        resp.set_header("Cache-Control", "private, no-store")
        digest = digest_bytes(content)
        if is_known(req, resp, digest=digest):
            return
        resp.content_type = self._product.schema.media_type
        start, length = chosen_range(req, resp, digest=digest, size=len(content))
        resp.data = content[start : start + length]

    on_head = on_get
