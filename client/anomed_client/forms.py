"""Multipart forms as the published clients write them: parts without file names and types."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping


def encode_form(parts: Mapping[str, bytes]) -> tuple[bytes, str]:
    r"""Return a form's body and its content type.

    The boundary follows from the parts, so that equal forms have equal bytes.

    Parameters
    ----------
    parts
        Content by name, in this order.

    Returns
    -------
    body : bytes
    content_type : str

    Examples
    --------
    >>> body, content_type = encode_form({"scheme": b"same"})
    >>> body.split(b"\r\n")[1:4]
    [b'Content-Disposition: form-data; name="scheme"', b'', b'same']
    """
    boundary = _boundary(parts)
    chunks = []
    for name, content in parts.items():
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(name)}"\r\n\r\n'
        chunks += [head.encode(), content, b"\r\n"]
    body = b"".join([*chunks, f"--{boundary}--\r\n".encode()])
    return body, f"multipart/form-data; boundary={boundary}"


def _boundary(parts: Mapping[str, bytes]) -> str:
    hashed = hashlib.sha256(b"".join(parts.values()))
    while True:
        boundary = f"anomed-{hashed.hexdigest()[:32]}"
        if not any(boundary.encode() in content for content in parts.values()):
            return boundary
        hashed.update(b"again")


def _quoted(name: str) -> str:
    return name.replace("\\", "\\\\").replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
