"""Compose gives each container its own secrets and no other, from files that `newsfold init` makes."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.cli.credentials import write_credentials

CHECKOUT = Path(__file__).resolve().parents[3]
COMPOSE: dict[str, Any] = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name for name, service in SERVICES.items() if str(service["image"]).startswith("newsfold:")}
# what is no service's own: the owner's, and what is needed to build
NOT_OF_A_SERVICE = {"postgres_password", "postgres_url", "postgres_roles", "build_ca"}


def secrets_of(service: dict[str, Any]) -> dict[str, str]:
    """Where a secret stands in the container -> which it is."""
    listed = [{"source": s, "target": s} if isinstance(s, str) else s for s in service.get("secrets", [])]
    return {secret["target"]: secret["source"] for secret in listed}


def test_every_secret_is_a_file_that_init_makes(tmp_path: Path) -> None:
    made = set(write_credentials(tmp_path).made)
    for name, secret in COMPOSE["secrets"].items():
        if name != "build_ca":
            assert secret == {"file": f"./deploy/secrets/{name}"}
            assert name in made


def test_every_secret_that_is_declared_is_used_and_the_other_way_round() -> None:
    used = {source for service in SERVICES.values() for source in secrets_of(service).values()}
    assert used == set(COMPOSE["secrets"]) - {"build_ca"}


@pytest.mark.parametrize("name", sorted(OURS - {"init", "provision", "admin"}))
def test_a_service_has_its_own_key_and_role_and_nothing_of_another(name: str) -> None:
    own = {"postgres_url": f"postgres_url_{name}", "nats_url": f"nats_url_{name}"}
    assert secrets_of(SERVICES[name]) == own
    assert SERVICES[name]["environment"] == SERVICES["fetcher"]["environment"]


def test_only_what_ends_by_itself_has_the_owners_password() -> None:
    holders = {name for name, service in SERVICES.items() if NOT_OF_A_SERVICE & set(secrets_of(service).values())}
    assert holders == {"provision", "admin", "postgres"}
    assert SERVICES["admin"]["profiles"] == ["tools"]  # a person runs it
    assert {SERVICES[name]["restart"] for name in ("provision", "admin")} == {"no"}


def test_init_stands_on_no_network_and_has_no_secret() -> None:
    init = SERVICES["init"]
    assert init["network_mode"] == "none"
    assert secrets_of(init) == {}
    assert init["cap_drop"] == ["ALL"]


def test_a_folder_of_secrets_that_is_missing_is_not_made_empty() -> None:
    [mount] = [v for v in SERVICES["nats"]["volumes"] if isinstance(v, dict) and "secrets" in v["source"]]
    assert mount["bind"] == {"create_host_path": False}
    assert mount["read_only"] is True


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_no_environment_holds_a_secret(name: str) -> None:
    environment = SERVICES[name].get("environment", {})
    named = {key: str(value) for key, value in environment.items() if re.search(r"PASS|SECRET|TOKEN|SEED", key)}
    assert all(key.endswith("_FILE") and value.startswith("/run/secrets/") for key, value in named.items())
    assert not [value for value in environment.values() if re.search(r"://[^/]*@", str(value))]


def test_only_what_must_reaches_out_and_what_is_published_is_published_on_loopback() -> None:
    outward = {name for name, service in SERVICES.items() if "egress" in service.get("networks", [])}
    published = {name for name, service in SERVICES.items() if "ports" in service}
    assert outward == {"fetcher", *published}
    assert all(port.startswith("127.0.0.1:") for name in published for port in SERVICES[name]["ports"])
    assert COMPOSE["networks"]["internal"] == {"internal": True}
    assert not published & {"nats", "postgres", "opensearch"}
