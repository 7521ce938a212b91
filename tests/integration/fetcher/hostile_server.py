"""A web server on loopback that misbehaves on request: the path says how."""

import asyncio
import gzip
import zlib
from collections.abc import Awaitable, Callable
from contextlib import suppress

import brotli
import zstandard

Reply = Callable[[asyncio.StreamWriter, dict[str, str]], Awaitable[None]]

BOMB_BYTES = 128 * 1024 * 1024
HTML = b"<!doctype html><title>ok</title><p>Words.</p>"


def bomb(coding: str) -> bytes:
    """`BOMB_BYTES` zero bytes in a few hundred kilobytes or less."""
    brotlis = brotli.Compressor(quality=1)
    packers = {
        "gzip": zlib.compressobj(9, wbits=31),
        "deflate": zlib.compressobj(9),
        "raw": zlib.compressobj(9, wbits=-15),
        "zstd": zstandard.ZstdCompressor().compressobj(),
    }
    chunk = bytes(1024 * 1024)
    if coding == "br":
        return b"".join(brotlis.process(chunk) for _ in range(BOMB_BYTES // len(chunk))) + brotlis.finish()
    packer = packers[coding]
    return b"".join(packer.compress(chunk) for _ in range(BOMB_BYTES // len(chunk))) + packer.flush()


class HostileServer:
    """Serves `paths`: a bytes value is sent as it is, a callable does what it likes. Counts what was asked."""

    def __init__(self) -> None:
        self.paths: dict[str, bytes | Reply] = {}
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.plain_greeting = b""  # sent before anything was asked
        self._server: asyncio.Server | None = None
        self._handlers: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._handlers.add(asyncio.create_task(self._serve(reader, writer)))

        self._server = await asyncio.start_server(accept, "127.0.0.1", 0)

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for handler in self._handlers:
            handler.cancel()
        await asyncio.gather(*self._handlers, return_exceptions=True)
        await asyncio.sleep(0)  # lets the transports close

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                await self._reply(reader, writer)
        finally:
            writer.close()

    async def _reply(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(self.plain_greeting)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        path = head[0].split(" ")[1]
        headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in head[1:] if line)}
        self.asked.append(path)
        self.headers.append(headers)
        reply = self.paths.get(path.partition("?")[0], answer(b"", status="404 Not Found"))
        if isinstance(reply, bytes):
            writer.write(reply)
            await writer.drain()
        else:
            await reply(writer, headers)


def answer(body: bytes, *, status: str = "200 OK", length: int | None = None, **headers: str) -> bytes:
    """A response; keyword `content_type` becomes the header `content-type`. `length` may lie."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def redirect(to: str, status: str = "302 Found") -> bytes:
    return answer(b"", status=status, location=to)


def packed(data: bytes, coding: str = "gzip", status: str = "200 OK") -> bytes:
    return answer(data, status=status, content_encoding=coding)


async def endless_headers(writer: asyncio.StreamWriter, _: dict[str, str]) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X")
        await writer.drain()
        await asyncio.sleep(0.02)


async def endless_interim(writer: asyncio.StreamWriter, _: dict[str, str]) -> None:
    while True:
        writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.01)


async def silent(writer: asyncio.StreamWriter, _: dict[str, str]) -> None:
    await asyncio.sleep(3600)


async def dripping_body(writer: asyncio.StreamWriter, _: dict[str, str]) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.02)


async def flooding_body(writer: asyncio.StreamWriter, _: dict[str, str]) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(bytes(65536))
        await writer.drain()


def versioned(body: bytes, etag: str) -> Reply:
    """Answers 304 to whoever names `etag`."""

    async def reply(writer: asyncio.StreamWriter, headers: dict[str, str]) -> None:
        known = headers.get("if-none-match") == etag
        writer.write(answer(b"", status="304 Not Modified") if known else answer(body, etag=etag))
        await writer.drain()

    return reply


def gzipped(text: bytes) -> bytes:
    return packed(gzip.compress(text))
