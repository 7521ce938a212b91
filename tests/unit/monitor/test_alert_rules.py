"""Alert rules ask for what there is, say what to do, and are tested: firing, not firing, without their series."""

import re
import subprocess
from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from support.promql import CHECKOUT, PROMETHEUS, known_series, problems, program, promtool, rules, selectors

from libs.runtime.metrics import DELAY_SECONDS
from services.__main__ import SERVICES
from services.monitor.objectives import COMMAND, FILE, OBJECTIVES
from services.monitor.objectives import rules as objective_rules

ALERTS = {rule["alert"]: rule for rule in rules() if "alert" in rule}
SEVERITIES = {"page", "ticket", "none"}
CASES = ("fires", "does not fire", "without series")
TEST_FILES = sorted((PROMETHEUS / "tests").glob("*.test.yml"))


def headings() -> set[str]:
    page = (CHECKOUT / "docs" / "runbook.md").read_text(encoding="utf-8")
    return {match.lower().replace(" ", "-") for match in re.findall(r"^#{1,6} +(.+)$", page, re.MULTILINE)}


def run(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=PROMETHEUS)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


# --- what is asked for


def test_the_lint_finds_what_is_not_there() -> None:
    assert problems("sum(newsfold_unheard_of_total)") == ["no metric newsfold_unheard_of_total"]
    assert problems('rate(newsfold_published_total{stge="fetcher"}[5m])') == [
        "newsfold_published_total has no label stge"
    ]
    assert problems('newsfold_engine_up{engine="nast"} == 0') == ["newsfold_engine_up: engine is never nast"]
    assert problems('newsfold_consumer_pending{consumer=~"x.+"}') == [
        "newsfold_consumer_pending: consumer is never x.+"
    ]
    assert problems('sum by (le) (rate(newsfold_fetch_seconds_bucket{kind="page"}[5m]))') == []
    with pytest.raises(ValueError, match="parenthesis"):
        problems("sum(")


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.get("alert") or rule["record"])
def test_a_rule_asks_for_series_that_there_are(rule: Mapping[str, Any]) -> None:
    assert problems(rule["expr"]) == []


def test_every_recorded_series_is_used() -> None:
    asked = {selector.name for rule in rules() for selector in selectors(rule["expr"])}
    boards = "".join(path.read_text(encoding="utf-8") for path in (CHECKOUT / "deploy" / "grafana").rglob("*.json"))
    unused = {rule["record"] for rule in rules() if "record" in rule and rule["record"] not in asked}
    assert {name for name in unused if name not in boards} == set()


def test_objectives_are_those_of_the_code_and_lie_on_a_bucket() -> None:
    assert FILE.read_text(encoding="utf-8") == objective_rules(), f"run `{COMMAND}`"
    assert {objective.seconds for objective in OBJECTIVES} <= set(DELAY_SECONDS)


def test_every_service_is_missed_and_scraped() -> None:
    missed = ALERTS["ServiceMissing"]["expr"]
    assert {name for name in SERVICES if f'service="{name}"' in missed} == set(SERVICES)
    config = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text(encoding="utf-8"))
    [ours] = [job for job in config["scrape_configs"] if job["job_name"] == "newsfold"]
    assert set(ours["dns_sd_configs"][0]["names"]) == set(SERVICES)


# --- what is said


@pytest.mark.parametrize("alert", ALERTS.values(), ids=list(ALERTS))
def test_an_alert_says_how_bad_it_is_and_what_to_do(alert: Mapping[str, Any]) -> None:
    said = alert["annotations"]
    assert set(said) == {"summary", "impact", "first_command", "runbook_url"}
    assert all(text.strip() for text in said.values())
    assert alert["labels"]["severity"] in SEVERITIES
    page, _, anchor = said["runbook_url"].partition("#")
    assert (page, anchor) == ("docs/runbook.md", alert["alert"].lower())
    assert anchor in headings()


def test_the_runbook_has_no_alert_that_is_none() -> None:
    page = (CHECKOUT / "docs" / "runbook.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^### (\w+)$", page, re.MULTILINE)) == set(ALERTS)


def commands() -> list[str]:
    """All commands of ours that alerts and the runbook name: the words after `cli` or `newsfold`."""
    told = [alert["annotations"]["first_command"] for alert in ALERTS.values()]
    told.append((CHECKOUT / "docs" / "runbook.md").read_text(encoding="utf-8"))
    found = {match for text in told for match in re.findall(r"(?:--no-deps cli|`newsfold) ([a-z ]+)", text)}
    return sorted({" ".join(words.split()) for words in found})


@pytest.mark.parametrize("words", commands())
def test_the_command_of_an_alert_is_there(words: str) -> None:
    import typer.main

    from services.cli.main import app

    group: Any = typer.main.get_command(app)
    for word in words.split():
        if not hasattr(group, "commands"):
            break  # an argument
        assert word in group.commands, words
        group = group.commands[word]


def test_services_named_in_commands_are_those_of_compose() -> None:
    services = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    firsts = [alert["annotations"]["first_command"] for alert in ALERTS.values()]
    named = {match for first in firsts for match in re.findall(r"docker compose logs --since 15m ([a-z]+)", first)}
    named |= {match for first in firsts for match in re.findall(r"docker compose exec ([a-z]+)", first)}
    assert {"fetcher", "postgres", "opensearch"} <= named <= set(services)


# --- what is tested


def test_every_alert_has_its_three_cases() -> None:
    names = [test["name"] for path in TEST_FILES for test in yaml.safe_load(path.read_text(encoding="utf-8"))["tests"]]
    assert len(names) == len(set(names))
    wanted = {f"{alert} {case}" for alert in ALERTS if alert != "Watchdog" for case in CASES}
    assert set(names) == wanted | {"Watchdog fires"}


def test_cases_use_series_that_there_are() -> None:
    series = [
        given["series"]
        for path in TEST_FILES
        for test in yaml.safe_load(path.read_text(encoding="utf-8"))["tests"]
        for given in test["input_series"]
    ]
    assert {problem for one in series for problem in problems(one)} == set()
    assert {selectors(one)[0].name for one in series} <= set(known_series())


@pytest.mark.parametrize("path", TEST_FILES, ids=lambda path: path.name.split(".")[0])
def test_the_cases_come_out(path: Any) -> None:
    run(promtool(), "test", "rules", str(path))


def test_prometheus_reads_its_configuration_and_rules() -> None:
    told = run(promtool(), "check", "config", "--lint=all", "--lint-fatal", "prometheus.yml")
    assert "rule files found" in told


def test_alertmanager_reads_its_configuration() -> None:
    run(program("amtool", of="Alertmanager"), "check-config", "alertmanager.yml")


def test_receivers_are_there_and_pages_have_their_own() -> None:
    config = yaml.safe_load((PROMETHEUS / "alertmanager.yml").read_text(encoding="utf-8"))
    named = {receiver["name"] for receiver in config["receivers"]}
    assert {config["route"]["receiver"], *(route["receiver"] for route in config["route"]["routes"])} == named
    for rule in config["inhibit_rules"]:
        for matcher in (*rule["source_matchers"], *rule["target_matchers"]):
            [names] = re.findall(r'alertname =~ "(.+)"', matcher)
            assert all(any(re.fullmatch(name, alert) for alert in ALERTS) for name in names.split("|"))
