"""Serves `/metrics`, `/health/live` and `/health/ready` from a thread of its own.

Outside the event loop on purpose: a wedged loop must not be able to answer "I am well". Live means that the loop
ticked lately; ready means also that the service's consumers exist and no dependency is being waited for.
"""

import json
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

STALE_AFTER_SECONDS = 30


@dataclass
class Health:
    """What the service knows of itself. Written by the event loop, read by the server's thread."""

    service: str
    ticked: float = field(default_factory=time.monotonic)
    consumers_exist: bool = False
    waiting_for: set[str] = field(default_factory=set)
    paused: str | None = None  # why no new work is taken on; no fault of the service

    def tick(self) -> None:
        self.ticked = time.monotonic()

    @property
    def live(self) -> bool:
        return time.monotonic() - self.ticked < STALE_AFTER_SECONDS

    @property
    def ready(self) -> bool:
        return self.live and self.consumers_exist and not self.waiting_for

    def report(self) -> dict[str, object]:
        return {
            "service": self.service,
            "live": self.live,
            "ready": self.ready,
            "consumers_exist": self.consumers_exist,
            "waiting_for": sorted(self.waiting_for),
            "paused": self.paused,
        }


def serve(health: Health, registry: CollectorRegistry, *, host: str, port: int) -> ThreadingHTTPServer:
    """Start the server's daemon thread. Port 0 takes a free one; see `server_address` of what is returned."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/metrics":
                self._answer(HTTPStatus.OK, CONTENT_TYPE_LATEST, generate_latest(registry))
            elif self.path in ("/health/live", "/health/ready"):
                well = health.live if self.path.endswith("live") else health.ready
                status = HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE
                self._answer(status, "application/json", json.dumps(health.report()).encode())
            else:
                self._answer(HTTPStatus.NOT_FOUND, "text/plain", b"/metrics, /health/live, /health/ready\n")

        def _answer(self, status: HTTPStatus, content_type: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Probes every few seconds are no news."""

    server = ThreadingHTTPServer((host, port), Handler)
    Thread(target=server.serve_forever, name="health", daemon=True).start()
    return server
