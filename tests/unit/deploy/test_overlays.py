"""The overlays for Compose change what they say and name only files that there are."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.cli.credentials import write_credentials

CHECKOUT = Path(__file__).resolve().parents[3]
OVERLAYS = sorted(path.name for path in (CHECKOUT / "deploy").glob("compose.*.yml"))
NEEDED = {"compose.opensearch-security.yml": ["compose.tls.yml"]}  # what an overlay builds on


def loaded(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((CHECKOUT / name).read_text())
    return found


def test_every_file_that_is_mounted_or_given_is_in_the_tree_or_made_by_init(tmp_path: Path) -> None:
    write_credentials(tmp_path, tls=True)
    for overlay in OVERLAYS:
        text = (CHECKOUT / "deploy" / overlay).read_text()
        for named in re.findall(r"(?<![\w/])\./deploy/([^\s:,}]+)", text):
            there = (
                tmp_path / named.removeprefix("secrets/")
                if named.startswith("secrets/")
                else CHECKOUT / "deploy" / named
            )
            assert there.exists(), f"{overlay}: {named}"


def test_with_tls_whoever_has_a_url_of_an_engine_has_the_encrypted_one_and_the_authority() -> None:
    base, overlay = loaded("docker-compose.yml"), loaded("deploy/compose.tls.yml")
    urls = {name for name in base["secrets"] if re.match(r"(postgres|nats)_url", name)}
    assert set(overlay["secrets"]) == {*urls, "ca"}
    having = {
        name
        for name, service in base["services"].items()
        if urls & {s if isinstance(s, str) else s["source"] for s in service.get("secrets", [])}
    }
    assert {name for name, service in overlay["services"].items() if service.get("secrets") == ["ca"]} == having


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_compose_takes_it_without_a_word(overlay: str, tmp_path: Path) -> None:
    if shutil.which("docker") is None:
        pytest.skip("needs Docker's command line with the plugin `compose`")
    shutil.copy(CHECKOUT / "docker-compose.yml", tmp_path)
    shutil.copytree(CHECKOUT / "deploy", tmp_path / "deploy", ignore=shutil.ignore_patterns("secrets"))
    files = ["docker-compose.yml", *(f"deploy/{name}" for name in (*NEEDED.get(overlay, []), overlay))]
    chosen = [word for file in files for word in ("--file", file)]
    profiles = [word for profile in ("full", "tools", "dashboards") for word in ("--profile", profile)]
    done = subprocess.run(
        ["docker", "compose", *chosen, *profiles, "config", "--quiet"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    if "is not a docker command" in done.stderr:
        pytest.skip("needs the plugin `compose` of Docker's command line")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
