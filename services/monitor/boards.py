"""Grafana's dashboards as JSON, made of deploy/grafana/boards.toml.

`python -m services.monitor.boards` writes deploy/grafana/dashboards/; a test fails when the files differ.
"""

import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).resolve().parents[2] / "deploy" / "grafana"
COMMAND: Final = "python -m services.monitor.boards"
SCHEMA_VERSION: Final = 39  # of Grafana 11 and later, which upgrade what is older
SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
COLUMNS: Final = 24
SIZES: Final = {"stat": (6, 5), "lines": (12, 8)}  # width of COLUMNS, height
KINDS: Final = {"stat": "stat", "lines": "timeseries"}
OPTIONS: Final[Mapping[str, Any]] = {
    "stat": {"reduceOptions": {"calcs": ["lastNotNull"], "values": False, "fields": ""}, "colorMode": "value"},
    "lines": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi", "sort": "desc"}},
}

Json = dict[str, Any]


def boards() -> list[Json]:
    """The boards as they are written in the TOML file."""
    found: list[Json] = tomllib.loads((FOLDER / "boards.toml").read_text(encoding="utf-8"))["board"]
    return found


def dashboards() -> dict[str, str]:
    """File name -> JSON."""
    return {f"{board['file']}.json": json.dumps(_dashboard(board), indent=1) + "\n" for board in boards()}


def _dashboard(board: Mapping[str, Any]) -> Json:
    return {
        "uid": f"newsfold-{board['file']}",
        "title": f"Newsfold: {board['title']}",
        "description": board["about"],
        "tags": ["newsfold"],
        "editable": False,
        "schemaVersion": SCHEMA_VERSION,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "links": [{"type": "dashboards", "title": "Newsfold", "tags": ["newsfold"], "asDropdown": True}],
        "templating": {"list": [_source_variable()]},
        "panels": list(_panels(board["panel"])),
    }


def _source_variable() -> Json:
    return {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus"}


def _panels(panels: list[Json]) -> Iterator[Json]:
    """Left to right, a row as high as its highest panel."""
    x = y = row = 0
    for number, panel in enumerate(panels, 1):
        width, height = SIZES[panel["kind"]]
        if x + width > COLUMNS:
            x, y, row = 0, y + row, 0
        yield _panel(number, panel) | {"gridPos": {"x": x, "y": y, "w": width, "h": height}}
        x, row = x + width, max(row, height)


def _panel(number: int, panel: Mapping[str, Any]) -> Json:
    return {
        "id": number,
        "type": KINDS[panel["kind"]],
        "title": panel["title"],
        "description": panel["about"],
        "datasource": SOURCE,
        "fieldConfig": {
            "defaults": {"unit": panel["unit"], "min": 0, "thresholds": _thresholds(panel)},
            "overrides": [],
        },
        "options": OPTIONS[panel["kind"]],
        "targets": [_target(n, panel, legend, query) for n, (legend, query) in enumerate(panel["queries"].items())],
    }


def _target(number: int, panel: Mapping[str, Any], legend: str, query: str) -> Json:
    return {
        "refId": chr(ord("A") + number),
        "datasource": SOURCE,
        "expr": query.replace("[5m]", "[$__rate_interval]"),
        "legendFormat": legend,
        "instant": panel["kind"] == "stat",
        "range": panel["kind"] != "stat",
    }


def _thresholds(panel: Mapping[str, Any]) -> Json:
    if "red_below" in panel:
        steps = [("red", None), ("green", panel["red_below"])]
    elif "red" in panel:
        steps = [("green", None), ("red", panel["red"])]
    else:
        steps = [("green", None)]
    return {"mode": "absolute", "steps": [{"color": color, "value": value} for color, value in steps]}


def main() -> None:
    """Write the files."""
    for name, text in dashboards().items():
        (FOLDER / "dashboards" / name).write_text(text, encoding="utf-8")
        print(f"wrote {FOLDER / 'dashboards' / name}")


if __name__ == "__main__":
    main()
