"""A stand-in for a service: says that it is ready on its port, and ends as its argument asks.

`python toy_service.py JOURNAL MODE [SECONDS]` appends its failpoint to JOURNAL at each start. Modes: `serve`, `end`
(after SECONDS), `unready`, `stubborn` (ignores SIGTERM), `parent` (with a child of its own whose id is journalled).
"""

import os
import signal
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path


class Handler(BaseHTTPRequestHandler):
    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def main() -> None:
    journal, mode = sys.argv[1], sys.argv[2]
    with Path(journal).open("a") as file:
        file.write(f"{os.getpid()} {os.environ.get('NEWSFOLD_FAILPOINT', '-')} {os.environ.get('NEWSFOLD_NATS_URL')}\n")
    print(f"toy in mode {mode}", file=sys.stderr, flush=True)
    if mode == "end":
        time.sleep(float(sys.argv[3]))
        sys.exit(7)
    if mode == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    else:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if mode == "parent":
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        with Path(journal).open("a") as file:
            file.write(f"{child.pid} child -\n")
    Handler.status = 503 if mode == "unready" else 200
    HTTPServer(("127.0.0.1", int(os.environ["NEWSFOLD_METRICS_PORT"])), Handler).serve_forever()


if __name__ == "__main__":
    main()
