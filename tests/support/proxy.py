"""A wire that can be cut, slowed or silenced: a TCP proxy on loopback between the services and an engine."""

import asyncio
import socket
from contextlib import suppress
from urllib.parse import urlsplit

from support.loops import LoopThread

CHUNK_BYTES = 16 * 1024


class Proxy:
    """Forwards connections to the host and port of `target`, a URL. `start` and `stop` run in the thread of `loop`."""

    def __init__(self, loop: LoopThread, target: str) -> None:
        self._loop, self._target = loop, urlsplit(target)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._cut = self._silent = False
        self.delay_seconds = 0.0  # of everything, in each direction
        self.bytes_per_second: int | None = None  # of each connection, in each direction
        self.connections = 0  # that were made so far

    @property
    def url(self) -> str:
        """`target` with the proxy's own port."""
        assert self._server is not None
        host = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        credentials, at, _ = self._target.netloc.rpartition("@")
        return self._target._replace(netloc=f"{credentials}{at}{host}").geturl()

    def start(self) -> None:
        self._server = self._loop.run(self._listen())

    def stop(self) -> None:
        self._loop.run(self._end(for_good=True))

    def cut(self) -> None:
        """Reset what is connected, and everything that connects from now on."""
        self._cut = True
        self._loop.run(self._end())

    def silence(self) -> None:
        """Swallow what the engine answers; what it is told still reaches it."""
        self._silent = True

    def mend(self) -> None:
        """As if nothing had been, but for connections that were silenced: a hole in their bytes cannot be mended."""
        if self._silent:
            self._loop.run(self._end())
        self._cut = self._silent = False
        self.delay_seconds, self.bytes_per_second = 0.0, None

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._connected, "127.0.0.1", 0)

    async def _end(self, *, for_good: bool = False) -> None:
        if for_good and self._server is not None:
            self._server.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        writers = [writer]
        try:
            if not self._cut:
                answers, engine = await asyncio.open_connection(self._target.hostname, self._target.port)
                writers.append(engine)
                pumps = [_Pump(self, reader, engine), _Pump(self, answers, writer, answering=True)]
                await asyncio.wait(
                    [asyncio.create_task(pump.run()) for pump in pumps], return_when=asyncio.FIRST_COMPLETED
                )
        except OSError:
            pass  # the engine is not there
        finally:
            for one in writers:
                _reset(one)

    @property
    def silent(self) -> bool:
        return self._silent


class _Pump:
    """One direction of a connection: what is read now is written after the delay, no faster than the rate."""

    def __init__(
        self, proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answering: bool = False
    ) -> None:
        self._proxy, self._reader, self._writer, self._answering = proxy, reader, writer, answering
        self._waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(maxsize=256)

    async def run(self) -> None:
        writing = asyncio.create_task(self._write())
        try:
            with suppress(OSError):
                await self._read()
                await writing
        finally:
            writing.cancel()

    async def _read(self) -> None:
        now = asyncio.get_running_loop().time
        while data := await self._reader.read(CHUNK_BYTES):
            await self._waiting.put((now() + self._proxy.delay_seconds, data))
        await self._waiting.put((now(), b""))

    async def _write(self) -> None:
        now = asyncio.get_running_loop().time
        while True:
            due, data = await self._waiting.get()
            if not data:
                return
            await asyncio.sleep(due - now())
            if self._answering and self._proxy.silent:
                continue
            if self._proxy.bytes_per_second is not None:
                await asyncio.sleep(len(data) / self._proxy.bytes_per_second)
            self._writer.write(data)
            await self._writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close at once, as a network that fails does."""
    with suppress(OSError):
        sock = writer.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    writer.transport.abort()
