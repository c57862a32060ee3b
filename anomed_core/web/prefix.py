"""Below which path a proxy shows the server, so that links, forms and Location lead back to it.

A proxy says it by ``X-Forwarded-Prefix: /anomed``, or its gateway by ``SCRIPT_NAME``. The path may
come with the prefix or without. Only a plain path counts: it is written into links.
"""

from __future__ import annotations

import re

import falcon

HEADER = "HTTP_X_FORWARDED_PREFIX"

_PLAIN = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*){1,8}")
_LONGEST = 128


class Prefix:
    """Takes the prefix from the header into ``SCRIPT_NAME`` and out of the path."""

    def process_request(self, req: falcon.Request, _resp: falcon.Response) -> None:
        """Set both; a header that names no plain path says nothing."""
        prefix = req.env.get(HEADER, "").rstrip("/")
        if not prefix or len(prefix) > _LONGEST or not _PLAIN.fullmatch(prefix):
            return
        req.env["SCRIPT_NAME"] = prefix
        if req.path == prefix or req.path.startswith(f"{prefix}/"):
            req.path = req.path.removeprefix(prefix) or "/"
