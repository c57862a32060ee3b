"""Digests, conditions and ranges: what lets a caller check, spare and continue a download."""

from __future__ import annotations

import base64

import falcon


def is_known(req: falcon.Request, resp: falcon.Response, *, digest: str) -> bool:
    """Say what is sent, and whether the caller has it already.

    Parameters
    ----------
    req, resp
        The request, and the answer whose headers are set: a strong ETag, and ``Repr-Digest`` (RFC
        9530), which stays right where a proxy weakens the ETag.
    digest
        SHA-256 of the whole, hexadecimal.

    Returns
    -------
    bool
        Whether the answer is 304.
    """
    etag = falcon.ETag(digest)
    resp.etag = etag
    resp.set_header("Accept-Ranges", "bytes")
    encoded = base64.b64encode(bytes.fromhex(digest)).decode()
    resp.set_header("Repr-Digest", f"sha-256=:{encoded}:")
    if any(tag in ("*", etag) for tag in req.if_none_match or ()):
        resp.status = falcon.HTTP_304
        return True
    return False


def chosen_range(
    req: falcon.Request, resp: falcon.Response, *, digest: str, size: int
) -> tuple[int, int]:
    """Return first byte and length of what is to be sent; set the status of a part.

    Parameters
    ----------
    req, resp
        The request, and the answer.
    digest
        SHA-256 of the whole, hexadecimal.
    size
        Of the whole, in bytes.

    Raises
    ------
    HTTPRangeNotSatisfiable
        If the range lies outside.
    """
    asked = _asked(req)
    if asked is None:
        return 0, size
    condition = req.get_header("If-Range")
    if condition is not None and condition != falcon.ETag(digest).dumps():
        return 0, size
    first, last = asked
    if first < 0:
        first, last = max(0, size + first), size - 1
    if last < 0 or last >= size:
        last = size - 1
    if first >= size or first > last:
        raise falcon.HTTPRangeNotSatisfiable(size)
    resp.status = falcon.HTTP_206
    resp.content_range = (first, last, size)
    return first, last - first + 1


def _asked(req: falcon.Request) -> tuple[int, int] | None:
    """Return the one range that is asked for; what is none, or several, is ignored as is usual."""
    try:
        return req.range if req.range_unit == "bytes" else None
    except falcon.HTTPInvalidHeader:
        return None
