"""One try of one request. Nothing else in this package knows httpx.

It is imported with the first request, as it takes as long as all else together. Every way in which
a try ends is an `Answer` or a `Lost`; what follows from it is decided in `anomed_client.retries`.
"""

from __future__ import annotations

import os
import ssl
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote, urlsplit

from anomed_client.errors import UsageError
from anomed_client.options import Options

if TYPE_CHECKING:
    import httpx

_ERROR_BODY_BYTES = 64_000
_DRIP_S = 60.0
_CONNECTIONS = 4
_PIECE_BYTES = 2**18

Sent = Callable[[int], None]
How = Literal["unreachable", "tls", "broken", "stalled"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a server answered.

    Attributes
    ----------
    method, url
        What was asked, without user info.
    status
        HTTP status.
    headers
        With names in lower case.
    body
        Its bytes; of errors, the first 64 kB.
    """

    method: str = "GET"
    url: str = ""
    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


class Lost(Exception):  # noqa: N818 - not an error of callers, who never see it
    """A try that brought no answer.

    Attributes
    ----------
    how
        ``unreachable``: nothing was sent; ``tls``: the certificate or the proxy is wrong;
        ``broken``: the connection ended; ``stalled``: nothing came in time.
    reason
        What the library says, in one line.
    limit
        Which of `Options` passed, if one did.
    """

    def __init__(self, how: How, reason: str, *, limit: str = "") -> None:
        super().__init__(reason)
        self.how = how
        self.reason = reason
        self.limit = limit


@dataclass(frozen=True, kw_only=True, slots=True)
class Incoming:
    """An answer whose body has not been read."""

    head: Answer
    _response: httpx.Response

    @property
    def is_encoded(self) -> bool:
        """Whether something on the way compressed the body."""
        return self.head.headers.get("content-encoding", "identity") != "identity"

    def chunks(self) -> Iterator[bytes]:
        """Yield the body as it arrives.

        Raises
        ------
        Lost
            If it breaks off; all that came before was yielded.
        """
        # Without a chunk size: with one, httpx drops the unfinished chunk of a broken body.
        body = self._response.iter_bytes() if self.is_encoded else self._response.iter_raw()
        with _told_plainly():
            yield from body


class Connection:
    """Everything that is sent to one challenge server.

    Parameters
    ----------
    url
        Where; user info in it becomes the token.
    token
        Sent to this origin only.
    options
        Time-outs, proxy, certificates.

    Attributes
    ----------
    url
        Without user info and trailing slash.
    user
        Of the user info; empty without.
    token
        ``None`` for none; never shown.
    keeps_alive
        Whether connections are used again. A connection that is closed in the moment in which it
        is used looks as if a submission had been lost.
    """

    def __init__(self, url: str, *, token: str | None, options: Options) -> None:
        parsed = urlsplit(url.strip())
        host = parsed.netloc.rpartition("@")[2]
        if parsed.scheme not in {"http", "https"} or not host:
            # What stands in front of an @ may be a token, so the URL is not repeated.
            raise UsageError(
                "The address must begin with http:// or https:// and name a host, as "
                "http://127.0.0.1:8000 does."
            )
        self.user = unquote(parsed.username or "")
        self.token = token or unquote(parsed.password or "") or None
        self.origin = f"{parsed.scheme}://{host}"
        self.url = f"{self.origin}{parsed.path}".rstrip("/")
        self.options = options
        self.keeps_alive = True
        self._lock = threading.Lock()
        self._client: httpx.Client | None = None
        self._process = 0

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"

    def at(self, url: str) -> Connection:
        """Return a connection to another address of the same server, with the same token."""
        other = Connection(url, token=self.token, options=self.options)
        if other.origin != self.origin:
            other.token = None
        other.user = self.user
        return other

    def address(self, path: str) -> str:
        """Return the URL of a path below this address; whole URLs stay as they are."""
        return path if "://" in path else self.url + path

    def exchange(
        self,
        method: str,
        path: str,
        *,
        parameters: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        sent: Sent | None = None,
        answer_s: float | None = None,
    ) -> Answer:
        """Send a request once and read the answer.

        Raises
        ------
        Lost
            If none comes.
        """
        with self.incoming(
            method,
            path,
            parameters=parameters,
            headers=headers,
            body=body,
            sent=sent,
            answer_s=answer_s,
        ) as incoming:
            return whole(incoming)

    @contextmanager
    def incoming(
        self,
        method: str,
        path: str,
        *,
        parameters: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        sent: Sent | None = None,
        answer_s: float | None = None,
    ) -> Iterator[Incoming]:
        """Send a request once and leave the body of the answer to the caller.

        Parameters
        ----------
        method, path, parameters, headers
            What is asked; `path` is below this address, or a whole URL.
        body
            Sent with its length, never chunked.
        sent
            Called with the number of bytes sent so far.
        answer_s
            Longest time until the answer begins; `Options.stall_s`, if it is not given.

        Raises
        ------
        Lost
            If there is no answer.
        """
        import httpx

        url = self.address(path)
        timeout = httpx.Timeout(self.options.stall_s, connect=self.options.connect_s)
        if answer_s is not None:
            timeout = httpx.Timeout(
                self.options.stall_s, connect=self.options.connect_s, read=answer_s
            )
        client = self._ready()
        if body is not None:
            headers = {**(headers or {}), "Content-Length": str(len(body))}
        request = client.build_request(
            method,
            url,
            params=dict(parameters or {}) or None,
            headers=self._headers(url, headers),
            content=None if body is None else _pieces(body, sent),
            timeout=timeout,
        )
        with _told_plainly("stall_s" if answer_s is None else "answer_s"):
            response = client.send(request, stream=True, auth=None)
        head = Answer(
            method=method,
            url=url,
            status=response.status_code,
            headers={name.lower(): value for name, value in response.headers.items()},
        )
        try:
            yield Incoming(head=head, _response=response)
        finally:
            response.close()

    def close(self) -> None:
        """Close what is open; the next request opens it again."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None and self._process == os.getpid():
            client.close()

    def _headers(self, url: str, more: Mapping[str, str] | None) -> dict[str, str]:
        headers = {
            "User-Agent": f"anomed-client/{client_version()}",
            "Accept": "application/json, */*;q=0.5",
            "Accept-Encoding": "identity",
        }
        if self.token and (url == self.origin or url.startswith(f"{self.origin}/")):
            headers["Authorization"] = f"Bearer {self.token}"
        return headers | dict(more or {})

    def _ready(self) -> httpx.Client:
        with self._lock:
            if self._client is None or self._process != os.getpid():
                # Sockets that were open before a fork belong to the parent.
                self._client, self._process = self._opened(), os.getpid()
                weakref.finalize(self, _close, self._client, self._process)
            return self._client

    def _opened(self) -> httpx.Client:
        import httpx

        options = self.options
        kept = _CONNECTIONS if self.keeps_alive else 0
        settings: dict[str, Any] = {
            "follow_redirects": False,
            "limits": httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=kept),
        }
        if options.transport is not None:
            return httpx.Client(transport=options.transport, trust_env=False, **settings)  # type: ignore[arg-type]
        if options.proxy:
            settings["proxy"] = options.proxy
        return httpx.Client(
            verify=_trust(options),
            # The environment knows proxies and certificates; netrc must not replace our token,
            # which `auth=None` at each request sees to.
            trust_env=options.proxy is None,
            **settings,
        )


def _close(client: httpx.Client, process: int) -> None:
    """Close what nobody closed, unless it belongs to the parent of a fork."""
    if process == os.getpid():
        client.close()


def whole(incoming: Incoming) -> Answer:
    """Read an answer to its end; of refusals and failures, no more than people would read.

    Raises
    ------
    Lost
        If it breaks off, or drips.
    """
    most = None if incoming.head.status < 300 else _ERROR_BODY_BYTES
    deadline = time.monotonic() + _DRIP_S
    body = bytearray()
    for chunk in incoming.chunks():
        body += chunk
        if most is not None and len(body) >= most:
            break
        if time.monotonic() > deadline:
            raise Lost("stalled", f"the answer did not end within {_DRIP_S:g} s")
    head = incoming.head
    return Answer(
        method=head.method,
        url=head.url,
        status=head.status,
        headers=head.headers,
        body=bytes(body[:most]),
    )


def _pieces(body: bytes, sent: Sent | None) -> Iterator[bytes]:
    view = memoryview(body)
    for start in range(0, len(body), _PIECE_BYTES):
        yield bytes(view[start : start + _PIECE_BYTES])
        if sent is not None:
            sent(min(len(body), start + _PIECE_BYTES))


def client_version() -> str:
    """Return the version of this package; ``0`` where it is not installed."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("anomed-client")
    except PackageNotFoundError:
        return "0"


def _trust(options: Options) -> ssl.SSLContext | bool:
    if options.ca_bundle is None:
        return True
    return ssl.create_default_context(cafile=str(options.ca_bundle))


@contextmanager
def _told_plainly(read_limit: str = "stall_s") -> Iterator[None]:
    """Turn httpx's exceptions into `Lost`; `read_limit` names the option for slow answers."""
    import httpx

    try:
        yield
    except httpx.TimeoutException as error:
        raise _timed_out(error, read_limit) from None
    except httpx.ProxyError as error:
        raise Lost("tls", f"the proxy refuses: {_line(error)}") from None
    except httpx.ConnectError as error:
        how: How = "tls" if _is_about_tls(error) else "unreachable"
        raise Lost(how, _line(error)) from None
    except (httpx.RemoteProtocolError, httpx.NetworkError, httpx.DecodingError) as error:
        raise Lost("broken", _line(error)) from None
    except (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL) as error:
        raise UsageError(f"The request cannot be sent: {_line(error)}") from None


def _timed_out(error: httpx.TimeoutException, read_limit: str) -> Lost:
    import httpx

    if isinstance(error, (httpx.ConnectTimeout, httpx.PoolTimeout)):
        return Lost("unreachable", "no connection in time", limit="connect_s")
    if isinstance(error, httpx.WriteTimeout):
        return Lost("stalled", "the server stopped reading", limit="stall_s")
    return Lost("stalled", "nothing came in time", limit=read_limit)


def _is_about_tls(error: BaseException) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
