"""One request and its redirects, bounded in time, bytes and hops; every hop is judged before it is dialled.

In: a URL and, if known, the validators of an earlier answer. Out: `Fetched` with a body, or with status 304. All else
raises FetchFailed. Each request has a connection of its own: it is dialled to an address judged for it, and nothing
that a server sends after its answer can be taken for the next one.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpcore

from libs.adapters.http.addresses import AddressPolicy
from libs.adapters.http.decoding import ACCEPTED, decode
from libs.adapters.http.dialing import GuardedNetwork
from libs.adapters.http.failures import FetchFailed
from libs.adapters.http.targets import Target, read_target
from libs.contracts.reasons import Reason

REDIRECTS = frozenset({301, 302, 303, 307, 308})
GONE = frozenset({404, 410})
BUSY = frozenset({408, 425, 429})
NOT_MODIFIED = 304
PARTIAL = 206
HEADER_MAX_CHARACTERS = 1000
ACCEPT_PAGE = "text/html, application/xhtml+xml, text/plain;q=0.9, */*;q=0.5"

Permit = Callable[[Target], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """What one fetch may cost. The defaults are those of the operations study behind the design (H1 to H10)."""

    connect_seconds: float = 5.0
    first_byte_seconds: float = 10.0  # from the request sent to the last header received
    total_seconds: float = 30.0  # with all redirects
    wire_bytes: int = 5 * 1024 * 1024
    decoded_bytes: int = 20 * 1024 * 1024
    ratio: int = 100
    redirects: int = 5
    ports: frozenset[int] = frozenset({80, 443})


@dataclass(frozen=True, slots=True)
class Validators:
    """What an earlier answer said of its own version."""

    etag: str | None = None
    last_modified: str | None = None

    @property
    def known(self) -> bool:
        return bool(self.etag or self.last_modified)


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer: status 2xx with its decoded body, or 304 without."""

    asked_url: str
    final_url: str
    status: int
    content_type: str | None
    validators: Validators
    body: bytes
    wire_bytes: int

    @property
    def not_modified(self) -> bool:
        return self.status == NOT_MODIFIED


@dataclass(frozen=True, slots=True)
class HttpClient:
    """Asks strangers. `user_agent` names the product and how to reach its operator."""

    user_agent: str
    policy: AddressPolicy = field(default_factory=AddressPolicy)
    limits: HttpLimits = field(default_factory=HttpLimits)
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    _network: list[GuardedNetwork] = field(default_factory=list, repr=False)

    async def get(
        self,
        url: str,
        *,
        validators: Validators | None = None,
        accept: str = ACCEPT_PAGE,
        permit: Permit | None = None,
        cut_at_bytes: int | None = None,
    ) -> Fetched:
        """Fetch `url`. `permit` may refuse a hop by raising; `cut_at_bytes` takes the head of a longer body.

        Raises FetchFailed, and nothing else for whatever the server does.
        """
        try:
            async with asyncio.timeout(self.limits.total_seconds):
                return await self._follow(url, validators or Validators(), accept, permit, cut_at_bytes)
        except TimeoutError:
            raise FetchFailed(Reason.FETCH_TIMEOUT, f"not done in {self.limits.total_seconds:g} s") from None

    def read_target(self, url: str, base: str | None = None) -> Target:
        """Where `url` leads, by this client's ports. Raises FetchFailed."""
        return read_target(url, ports=self.limits.ports, base=base)

    async def _follow(
        self, url: str, validators: Validators, accept: str, permit: Permit | None, cut_at_bytes: int | None
    ) -> Fetched:
        target = self.read_target(url)
        seen = [target.url]
        try:
            while True:
                if permit is not None:
                    await permit(target)
                async with self._answer(target, self._headers(target, validators, accept)) as answer:
                    location = _location(answer)
                    if location is None:
                        return await self._read(url, target, answer, validators, cut_at_bytes)
                target = self._next(location, target, seen)
        except FetchFailed as failed:
            failed.url = target.url
            raise

    def _next(self, location: str, target: Target, seen: list[str]) -> Target:
        """The next hop, or the reason why there is none."""
        hop = self.read_target(location, base=target.url)
        if hop.url in seen:
            raise FetchFailed(Reason.FETCH_REDIRECT_LOOP, f"{hop.url} leads back to itself")
        if len(seen) > self.limits.redirects:
            raise FetchFailed(Reason.FETCH_TOO_MANY_REDIRECTS, f"more than {self.limits.redirects} redirects")
        seen.append(hop.url)
        return hop

    def _headers(self, target: Target, validators: Validators, accept: str) -> list[tuple[str, str]]:
        headers = [
            ("Host", target.authority),
            ("User-Agent", self.user_agent),
            ("Accept", accept),
            ("Accept-Encoding", ACCEPTED),
            ("Connection", "close"),
        ]
        for name, value in (("If-None-Match", validators.etag), ("If-Modified-Since", validators.last_modified)):
            if value and value.isascii():
                headers.append((name, value))
        return headers

    @asynccontextmanager
    async def _answer(self, target: Target, headers: list[tuple[str, str]]) -> AsyncIterator[httpcore.Response]:
        """The response once its headers are here; its body is still on the wire."""
        url = httpcore.URL(scheme=target.scheme, host=target.host, port=target.port, target=target.path)
        connection = httpcore.AsyncHTTPConnection(url.origin, self.tls, network_backend=self._guarded())
        try:
            yield await self._headers_in_time(connection, url, headers)
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise FetchFailed(Reason.FETCH_PROTOCOL, f"{target.host}: {error or type(error).__name__}") from error
        except httpcore.TimeoutException as error:
            raise FetchFailed(Reason.FETCH_TIMEOUT, f"{target.host} went silent") from error
        finally:
            await connection.aclose()

    async def _headers_in_time(
        self, connection: httpcore.AsyncHTTPConnection, url: httpcore.URL, headers: list[tuple[str, str]]
    ) -> httpcore.Response:
        limits = self.limits
        try:
            # name, connection and TLS first; the time for the headers begins when the request is on its way
            async with asyncio.timeout(2 * limits.connect_seconds) as deadline:

                async def trace(event: str, _: Any) -> None:
                    if event == "http11.send_request_headers.started":
                        deadline.reschedule(asyncio.get_running_loop().time() + limits.first_byte_seconds)

                waits = {"connect": limits.connect_seconds, "read": limits.total_seconds, "write": limits.total_seconds}
                return await connection.handle_async_request(
                    httpcore.Request("GET", url, headers=headers, extensions={"timeout": waits, "trace": trace})
                )
        except TimeoutError:
            if deadline.expired():
                raise FetchFailed(Reason.FETCH_TIMEOUT, "the headers did not arrive in time") from None
            raise

    async def _read(
        self, asked: str, target: Target, answer: httpcore.Response, validators: Validators, cut_at_bytes: int | None
    ) -> Fetched:
        refused = _refusal(answer, conditional=validators.known)
        if refused is not None:
            raise refused
        body, wire_bytes = b"", 0
        if answer.status != NOT_MODIFIED:
            wire, whole = await self._wire(answer, cut_at_bytes)
            wire_bytes = len(wire)
            body = await self._decoded(_header(answer, "content-encoding") or "", wire, cut_at_bytes, whole=whole)
        seen = Validators(_header(answer, "etag"), _header(answer, "last-modified"))
        return Fetched(asked, target.url, answer.status, _header(answer, "content-type"), seen, body, wire_bytes)

    async def _wire(self, answer: httpcore.Response, cut_at_bytes: int | None) -> tuple[bytes, bool]:
        """The body as sent, and whether that is all of it."""
        cap = self.limits.wire_bytes if cut_at_bytes is None else cut_at_bytes
        claimed = _header(answer, "content-length") or ""
        if cut_at_bytes is None and claimed.isdigit() and len(claimed) < 20 and int(claimed) > cap:
            raise FetchFailed(Reason.FETCH_TOO_LARGE, f"{claimed} bytes are announced, {cap} are read")
        wire = bytearray()
        async for chunk in answer.aiter_stream():
            wire += chunk
            if len(wire) > cap:
                if cut_at_bytes is None:
                    raise FetchFailed(Reason.FETCH_TOO_LARGE, f"more than {cap} bytes were sent")
                return bytes(wire[:cap]), False
        return bytes(wire), True

    async def _decoded(self, coding: str, wire: bytes, cut_at_bytes: int | None, *, whole: bool) -> bytes:
        if cut_at_bytes is not None:
            whole = False
        return await asyncio.to_thread(
            decode,
            coding,
            wire,
            max_bytes=cut_at_bytes or self.limits.decoded_bytes,
            max_ratio=self.limits.ratio,
            whole=whole,
        )

    def _guarded(self) -> GuardedNetwork:
        if not self._network:
            self._network.append(GuardedNetwork(self.policy))
        return self._network[0]


def user_agent(version: str, contact: str) -> str:
    """Who is asking and how to complain: `Newsfold/0.1 (+https://…)`."""
    return f"Newsfold/{version} (+{contact})"


def open_ports(extra: Collection[int]) -> frozenset[int]:
    """80, 443 and what the operator opened."""
    return frozenset({80, 443, *extra})


def _location(answer: httpcore.Response) -> str | None:
    """Where a redirect leads. A redirect without a destination is an answer like any other."""
    return _header(answer, "location", limit=16384) if answer.status in REDIRECTS else None


def _refusal(answer: httpcore.Response, *, conditional: bool) -> FetchFailed | None:
    """Why an answer is not usable, None if it is."""
    status = answer.status
    if status == NOT_MODIFIED and conditional:
        return None
    if 200 <= status < 300 and status != PARTIAL:
        return None
    wait = retry_after(_header(answer, "retry-after"), now=datetime.now(UTC))
    said = f"the server answered {status}"
    if status in GONE:
        return FetchFailed(Reason.FETCH_GONE, said, status=status)
    if 400 <= status < 500:
        busy = status in BUSY
        return FetchFailed(
            Reason.FETCH_STATUS_4XX, said, status=status, transient=busy, retry_after_seconds=wait if busy else None
        )
    if 500 <= status < 600:
        return FetchFailed(Reason.FETCH_STATUS_5XX, said, status=status, retry_after_seconds=wait)
    return FetchFailed(Reason.FETCH_PROTOCOL, f"{said}, which was not asked for", status=status, transient=False)


def retry_after(value: str | None, *, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for, in either of its forms; None when it says nothing sensible."""
    if value is None:
        return None
    if value.strip().isdecimal() and len(value) < 12:
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max((at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds(), 0.0)


def _header(answer: httpcore.Response, name: str, *, limit: int = HEADER_MAX_CHARACTERS) -> str | None:
    """The first header of that name as printable text, None when absent, empty or longer than `limit`."""
    wanted = name.encode()
    for key, value in answer.headers:
        if key.lower() == wanted:
            text = "".join(c for c in _decoded(value) if c.isprintable()).strip()
            return text if text and len(text) <= limit else None
    return None


def _decoded(value: bytes) -> str:
    """Headers are ASCII by the standard, UTF-8 by custom, and anything in practice."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
