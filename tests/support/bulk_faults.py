"""OpenSearch behind a proxy that can answer bulk requests badly: refuse some items, refuse all, or lose the answer.

Everything else is forwarded as it is. A fault is a function: it gets the items of one bulk request and gives for each
the answer that the client shall see instead of the engine's, or None.
"""

import http.client
import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

JSON = {"Content-Type": "application/json"}
HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "keep-alive"}


@dataclass(frozen=True, slots=True)
class Item:
    """One operation of a bulk request, with the lines that it was sent in."""

    action: str  # `index`, `delete`
    id: str
    index: str
    version: int
    lines: bytes


@dataclass(frozen=True, slots=True)
class Instead:
    """What the client is told of an item. `stored`: the engine got it all the same."""

    status: int
    kind: str
    stored: bool = False

    def answer(self, item: Item) -> dict[str, Any]:
        error = {"type": self.kind, "reason": "made by a test"}
        return {item.action: {"_index": item.index, "_id": item.id, "status": self.status, "error": error}}


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that has gone is none: wires are cut here."""


ItemFault = Callable[[Sequence[Item]], Sequence[Instead | None]]


class BulkFaults:
    """Listens at `url`. `items`, `refuse_all` and `lose_answers` may be set and unset while it runs."""

    def __init__(self, target: str) -> None:
        self._target = urlsplit(target)
        self.items: ItemFault | None = None
        self.refuse_all = False  # 429 to the whole request
        self.lose_answers = False  # what was stored is not told
        self.told_otherwise = 0  # items
        self.refused = self.lost = 0  # requests
        self.sent_again = 0  # items that came though they had been told to be stored
        self._stored: set[tuple[str, str, int]] = set()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def mend(self) -> None:
        self.items, self.refuse_all, self.lose_answers = None, False, False

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        faults = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                told = (
                    faults._bulk(self, body) if self.path.split("?")[0].endswith("/_bulk") else faults._ask(self, body)
                )
                if told is None:
                    self.close_connection = True
                    return
                status, headers, answer = told
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(answer)

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _serve  # noqa: N815 - the names that the server calls

            def log_message(self, *_: object) -> None:
                """Nothing to say."""

        return Handler

    def _ask(self, request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, dict[str, str], bytes]:
        """What the engine itself answers."""
        connection = http.client.HTTPConnection(self._target.hostname or "", self._target.port, timeout=120)
        try:
            headers = {n: v for n, v in request.headers.items() if n.lower() not in {*HOP_BY_HOP, "host"}}
            connection.request(request.command, request.path, body or None, headers)
            answer = connection.getresponse()
            kept = {n: v for n, v in answer.getheaders() if n.lower() not in HOP_BY_HOP}
            return answer.status, kept, answer.read()
        finally:
            connection.close()

    def _bulk(self, request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, dict[str, str], bytes] | None:
        items = _items(body)
        self._count_again(items)
        if self.refuse_all:
            self.refused += 1
            return 429, JSON, b'{"error": {"type": "rejected_execution_exception"}, "status": 429}'
        instead = self.items(items) if self.items is not None else [None] * len(items)
        forwarded = [item for item, other in zip(items, instead, strict=True) if other is None or other.stored]
        answers: list[dict[str, Any]] = []
        if forwarded:
            status, headers, answer = self._ask(request, b"".join(item.lines for item in forwarded))
            if status != 200:
                return status, headers, answer
            answers = json.loads(answer)["items"]
        if self.lose_answers:
            self.lost += 1
            return None
        given = iter(answers)
        told = []
        for item, other in zip(items, instead, strict=True):
            own = next(given) if other is None or other.stored else {}
            told.append(own if other is None else other.answer(item))
        self._remember(items, told)
        self.told_otherwise += sum(other is not None for other in instead)
        return (
            200,
            JSON,
            json.dumps({"took": 1, "errors": True, "items": told}).encode(),
        )

    def _count_again(self, items: Sequence[Item]) -> None:
        with self._lock:
            self.sent_again += sum((item.index, item.id, item.version) in self._stored for item in items)

    def _remember(self, items: Sequence[Item], told: Sequence[dict[str, Any]]) -> None:
        with self._lock:
            for item, answer in zip(items, told, strict=True):
                if next(iter(answer.values()))["status"] < 300:
                    self._stored.add((item.index, item.id, item.version))


def _items(body: bytes) -> list[Item]:
    lines = body.splitlines(keepends=True)
    found, at = [], 0
    while at < len(lines):
        [(action, header)] = json.loads(lines[at]).items()
        length = 1 if action == "delete" else 2
        taken = b"".join(lines[at : at + length])
        found.append(Item(action, header["_id"], header["_index"], int(header["version"]), taken))
        at += length
    return found
