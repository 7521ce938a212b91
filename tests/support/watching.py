"""A Prometheus that watches a running stack by the rules of the repository, on a faster clock."""

import json
import re
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from support.promql import PROMETHEUS, prometheus

START_SECONDS = 60
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
# Numbers of seconds in the rules: whatever is compared with an age, or looked ahead.
SECONDS = re.compile(r"(?<![\w.])(60|300|600|1800|3600|7200|86400)(?![\w.])")
DURATION = re.compile(r"(?<=\[)(\d+)([smhd])(?=\])")


def faster(rules: str, factor: int) -> str:
    """Rules whose every time is `factor` times shorter: ranges, waits, ages."""

    def shorter(seconds: int) -> int:
        return max(1, round(seconds / factor))

    document = yaml.safe_load(rules)
    for rule in (rule for group in document["groups"] for rule in group["rules"]):
        numbers = SECONDS.sub(lambda m: str(shorter(int(m[0]))), rule["expr"])
        rule["expr"] = DURATION.sub(lambda m: f"{shorter(int(m[1]) * UNITS[m[2]])}s", numbers)
        if "for" in rule:
            rule["for"] = f"{shorter(int(rule['for'][:-1]) * UNITS[rule['for'][-1]])}s"
    return yaml.safe_dump(document, width=1000)


class Watcher:
    """Prometheus on loopback; targets are `host:port`."""

    def __init__(self, folder: Path, port: int, targets: Iterable[str], *, factor: int = 1) -> None:
        self._url = f"http://127.0.0.1:{port}"
        rules = folder / "rules"
        rules.mkdir(parents=True)
        for path in (PROMETHEUS / "rules").glob("*.yml"):
            (rules / path.name).write_text(faster(path.read_text(encoding="utf-8"), factor), encoding="utf-8")
        config = {
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(rules / "*.yml")],
            "scrape_configs": [{"job_name": "newsfold", "static_configs": [{"targets": list(targets)}]}],
        }
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
        words = [
            prometheus(),
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ]
        with (folder / "log").open("wb") as log:
            self._process = subprocess.Popen(words, stdout=log, stderr=log)
        self._wait_until_ready()

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=START_SECONDS)

    def query(self, expression: str) -> list[Mapping[str, Any]]:
        """What a query finds now: `{"metric": labels, "value": [time, number]}` each."""
        found = self._ask("query", {"query": expression})
        return list(found["result"])

    def firing(self, severity: str = "page") -> dict[str, list[Mapping[str, str]]]:
        """The alerts that fire, with the labels of each."""
        found: dict[str, list[Mapping[str, str]]] = {}
        for alert in self._ask("alerts", {})["alerts"]:
            if alert["state"] == "firing" and alert["labels"]["severity"] == severity:
                found.setdefault(alert["labels"]["alertname"], []).append(alert["labels"])
        return found

    def _ask(self, what: str, parameters: Mapping[str, str]) -> Any:
        url = f"{self._url}/api/v1/{what}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=30) as answer:
            return json.load(answer)["data"]

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            assert self._process.poll() is None, "Prometheus ended"
            try:
                urllib.request.urlopen(f"{self._url}/-/ready", timeout=5).close()
                return
            except OSError:
                assert time.monotonic() < deadline, "Prometheus does not get ready"
                time.sleep(0.1)
