"""Every panel asks for what there is, says what it shows, and what is measured is shown somewhere."""

import json
import re
import subprocess
from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from support.promql import known_series, problems, promtool, recorded, rules, selectors

from services.monitor.boards import COMMAND, FOLDER, boards, dashboards

# Those of Grafana that a query of ours can have: none would be a number without meaning.
UNITS = {"s", "short", "bytes", "Bps", "ops", "cpm", "percentunit"}
WANTED = {"newsroom", "pipeline", "freshness", "sources", "bus", "index", "postgresql", "quarantine", "services"}
PANELS = {f"{board['file']}: {panel['title']}": panel for board in boards() for panel in board["panel"]}


def queries(panel: Mapping[str, Any]) -> list[str]:
    return list(panel["queries"].values())


def labels_left(query: str) -> set[str]:
    """Labels of any series or grouping of a query: what its legend may name."""
    named = {label for selector in selectors(query) for label in known_series().get(selector.name, ())}
    own = {label for name in recorded_asked(query) for label in recorded_labels(name)}
    return named | own | {label for group in re.findall(r"by \(([^)]*)\)", query) for label in re.split(r",\s*", group)}


def recorded_asked(query: str) -> set[str]:
    return {selector.name for selector in selectors(query)} & recorded()


def recorded_labels(name: str) -> set[str]:
    found = [rule for rule in rules() if rule.get("record") == name]
    grouped = {label for rule in found for label in re.findall(r"by \((\w+)\)", rule["expr"])}
    below = {label for rule in found for one in recorded_asked(rule["expr"]) for label in recorded_labels(one)}
    return grouped | below | {label for rule in found for label in rule.get("labels", {})}


def test_the_files_are_those_of_the_boards() -> None:
    found = {path.name: path.read_text(encoding="utf-8") for path in (FOLDER / "dashboards").iterdir()}
    assert found == dashboards(), f"run `{COMMAND}`"
    assert {board["file"] for board in boards()} == WANTED


@pytest.mark.parametrize("panel", PANELS.values(), ids=list(PANELS))
def test_a_panel_asks_for_series_that_there_are(panel: Mapping[str, Any]) -> None:
    for query in queries(panel):
        assert problems(query) == []


@pytest.mark.parametrize("panel", PANELS.values(), ids=list(PANELS))
def test_a_panel_says_what_it_shows_and_in_which_unit(panel: Mapping[str, Any]) -> None:
    assert panel["about"].endswith(".")
    assert panel["unit"] in UNITS
    for legend, query in panel["queries"].items():
        assert legend.strip()
        assert set(re.findall(r"\{\{(\w+)\}\}", legend)) <= labels_left(query)


def test_titles_tell_panels_apart() -> None:
    assert len(PANELS) == sum(len(board["panel"]) for board in boards())


def test_what_is_measured_is_shown_or_judged() -> None:
    asked = {selector.name for panel in PANELS.values() for query in queries(panel) for selector in selectors(query)}
    asked |= {selector.name for rule in rules() for selector in selectors(rule["expr"])}
    bare = {re.sub(r"_(bucket|count|sum)$", "", name) for name in asked}
    wanted = {re.sub(r"_(bucket|count|sum)$", "", name) for name in known_series()}
    assert wanted - bare == set()


def test_panels_of_a_row_do_not_cover_one_another() -> None:
    for text in dashboards().values():
        taken: set[tuple[int, int]] = set()
        for panel in json.loads(text)["panels"]:
            at = panel["gridPos"]
            cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
            assert not cells & taken
            assert at["x"] + at["w"] <= 24
            taken |= cells


def test_every_query_is_promql_to_prometheus_too(tmp_path: Any) -> None:
    listed = [query for panel in PANELS.values() for query in queries(panel)]
    group = {"name": "panels", "rules": [{"record": f"panel:{n}", "expr": query} for n, query in enumerate(listed)]}
    file = tmp_path / "panels.yml"
    file.write_text(yaml.safe_dump({"groups": [group]}), encoding="utf-8")
    done = subprocess.run([promtool(), "check", "rules", str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_grafana_is_given_the_folder_and_the_source() -> None:
    provisioning = FOLDER / "provisioning"
    source = yaml.safe_load((provisioning / "datasources" / "prometheus.yml").read_text(encoding="utf-8"))
    provider = yaml.safe_load((provisioning / "dashboards" / "newsfold.yml").read_text(encoding="utf-8"))
    compose = yaml.safe_load((FOLDER.parents[1] / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    [mounted] = [v.split(":") for v in compose["grafana"]["volumes"] if v.startswith("./deploy/grafana/dashboards")]
    assert provider["providers"][0]["options"]["path"] == mounted[1]
    assert source["datasources"][0]["url"] == "http://prometheus:9090"
    home = compose["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home.removeprefix(f"{mounted[1]}/") in dashboards()
