"""Opens connections: resolve once, refuse unless every answer is allowed, dial the very address that was judged.

Validating first and fetching later would resolve twice, and the second answer may be another (DNS rebinding).
"""
# ruff: noqa: ASYNC109 - the `timeout` parameters are httpcore's

import asyncio
import socket
import ssl
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import Any

import httpcore

from libs.adapters.http.addresses import Address, AddressPolicy
from libs.adapters.http.failures import FetchFailed
from libs.contracts.reasons import Reason

RESOLVER_THREADS = 16  # of its own, so that dead name servers cannot starve other threads
TRIED_ADDRESSES = 4


class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """The network as httpcore sees it, for one process."""

    def __init__(self, policy: AddressPolicy) -> None:
        self._policy = policy
        self._plain = httpcore.AnyIOBackend()
        self._resolver = ThreadPoolExecutor(RESOLVER_THREADS, thread_name_prefix="dns")

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to one of `host`'s addresses within `timeout` seconds in all. Raises FetchFailed."""
        ends_at = time.monotonic() + (timeout or 60.0)
        try:
            async with asyncio.timeout(timeout):
                addresses = await self._resolve(host, port)
        except TimeoutError:
            raise FetchFailed(Reason.FETCH_DNS, f"no answer for {host} in time") from None
        self._judge(host, addresses)
        tried = addresses[:TRIED_ADDRESSES]
        for left, address in zip(range(len(tried), 0, -1), tried, strict=True):
            share = max(ends_at - time.monotonic(), 0.1) / left
            try:
                stream = await self._plain.connect_tcp(str(address), port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout, OSError) as error:
                failed = error
            else:
                return _Stream(stream)
        if isinstance(failed, httpcore.ConnectTimeout):
            raise FetchFailed(Reason.FETCH_TIMEOUT, f"{host} port {port} did not accept in time") from failed
        raise FetchFailed(Reason.FETCH_CONNECT, f"{host} port {port}: {failed or 'no connection'}") from failed

    async def connect_unix_socket(self, path: str, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        """Never: nothing that a URL names is a socket file."""
        raise FetchFailed(Reason.FETCH_ADDRESS_DENIED, f"{path} is no address of the Internet")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def close(self) -> None:
        self._resolver.shutdown(wait=False, cancel_futures=True)

    async def _resolve(self, host: str, port: int) -> Sequence[Address]:
        try:
            literal = ip_address(host)
        except ValueError:
            pass
        else:
            return [literal]
        loop = asyncio.get_running_loop()
        try:
            answers = await loop.run_in_executor(
                self._resolver, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            )
        except (OSError, UnicodeError) as error:
            raise FetchFailed(Reason.FETCH_DNS, f"{host}: {error}") from error
        return list(dict.fromkeys(ip_address(str(answer[4][0]).partition("%")[0]) for answer in answers))

    def _judge(self, host: str, addresses: Sequence[Address]) -> None:
        """Every answer must be allowed; a name without a dot belongs to the local network and must be opened."""
        if not addresses:
            raise FetchFailed(Reason.FETCH_DNS, f"{host} has no address")
        is_local_name = "." not in host and ":" not in host
        allows = self._policy.is_opened if is_local_name else self._policy.allows
        denied = next((a for a in addresses if not allows(a)), None)
        if denied is not None:
            raise FetchFailed(
                Reason.FETCH_ADDRESS_DENIED,
                f"{host} is at {denied}, which is not public; NEWSFOLD_FETCHER_ALLOW_NETWORKS can open it",
            )


class _Stream(httpcore.AsyncNetworkStream):
    """A connection whose TLS failures are told from others."""

    def __init__(self, plain: httpcore.AsyncNetworkStream) -> None:
        self._plain = plain

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        try:
            return await self._plain.start_tls(ssl_context, server_hostname, timeout)
        except httpcore.ConnectTimeout:
            raise FetchFailed(Reason.FETCH_TIMEOUT, f"{server_hostname}: TLS took too long") from None
        except (httpcore.ConnectError, OSError) as error:
            raise FetchFailed(Reason.FETCH_TLS, f"{server_hostname}: {error}") from error

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._plain.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._plain.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._plain.aclose()

    def get_extra_info(self, info: str) -> Any:
        return self._plain.get_extra_info(info)
