"""The configuration of OpenSearch's security plugin has the right shape. The plugin itself is not run here."""

from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import yaml

from libs.adapters.opensearch.schema import ALIASES, IndexNames, groups_of

FOLDER = Path(__file__).resolve().parents[3] / "deploy" / "opensearch"
TYPES = {
    "action_groups": "actiongroups",
    "allowlist": "allowlist",
    "config": "config",
    "internal_users": "internalusers",
    "nodes_dn": "nodesdn",
    "roles": "roles",
    "roles_mapping": "rolesmapping",
    "tenants": "tenants",
}
MEANINGS = {"description", "cluster_permissions", "index_permissions"}


def loaded(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((FOLDER / "security" / f"{name}.yml").read_text())
    return found


def entries(name: str) -> dict[str, Any]:
    return {key: value for key, value in loaded(name).items() if key != "_meta"}


def reached(role: str, index: str) -> set[str]:
    """The actions that a role may do with an index."""
    return {
        action
        for permission in entries("roles")[role]["index_permissions"]
        if any(fnmatchcase(index, pattern) for pattern in permission["index_patterns"])
        for action in permission["allowed_actions"]
    }


def test_every_file_that_the_plugin_reads_says_what_it_is() -> None:
    assert {path.stem for path in (FOLDER / "security").glob("*.yml")} == set(TYPES)
    for name, kind in TYPES.items():
        assert loaded(name)["_meta"] == {"type": kind, "config_version": 2}


def test_every_role_is_well_formed_and_given_to_somebody() -> None:
    roles, mapped = entries("roles"), entries("roles_mapping")
    assert set(roles) == set(mapped)
    for name, role in roles.items():
        assert set(role) == MEANINGS, name
        assert all(action.startswith(("cluster:", "indices:")) for action in role["cluster_permissions"]), name
        for permission in role["index_permissions"]:
            assert set(permission) == {"index_patterns", "allowed_actions"}, name
            assert all(action.startswith("indices:") for action in permission["allowed_actions"]), name
            assert "*" not in permission["index_patterns"], name
        assert set(mapped[name]) == {"users"}, "no wildcard of hosts, no roles of another's directory"
        assert all(user.startswith("newsfold-") and "*" not in user for user in mapped[name]["users"]), name


@pytest.mark.parametrize("kind", ALIASES)
def test_the_indexer_and_the_admin_reach_every_index_of_ours(kind: str) -> None:
    names = IndexNames()
    for group in groups_of(kind):
        for index in (names.physical(kind, group, 1), names.write_alias(kind, group)):
            assert "indices:data/write/index" in reached("newsfold_indexer", index)
            assert reached("newsfold_admin", index) == {"indices:*"}


def test_only_the_admin_may_make_or_remove_an_index_and_only_ours() -> None:
    for role in entries("roles"):
        actions = {action for kind in ALIASES for action in reached(role, f"{kind}-en-000001")}
        rules = {action for action in actions if fnmatchcase("indices:admin/delete", action)}
        assert bool(rules) == (role == "newsfold_admin")
        assert reached(role, ".opendistro_security") == set()
        assert reached(role, "payroll") == set()


def test_readers_write_nothing_and_the_indexer_reads_nothing() -> None:
    for kind in ALIASES:
        assert not [action for action in reached("newsfold_reader", kind) if "/read/" not in action]
        assert not [action for action in reached("newsfold_indexer", kind) if "/write/" not in action]


def test_there_is_no_password_and_nobody_is_anonymous() -> None:
    assert entries("internal_users") == {}
    http = loaded("config")["config"]["dynamic"]["http"]
    assert http["anonymous_auth_enabled"] is False
    domains = loaded("config")["config"]["dynamic"]["authc"]
    assert [domain["http_authenticator"]["type"] for domain in domains.values()] == ["clientcert"]


def test_the_node_speaks_tls_only_and_refuses_the_demo_certificates() -> None:
    settings = yaml.safe_load((FOLDER / "opensearch.yml").read_text())
    assert settings["plugins.security.ssl.http.enabled"] is True
    assert settings["plugins.security.ssl.http.clientauth_mode"] == "REQUIRE"
    assert settings["plugins.security.allow_unsafe_democertificates"] is False
    assert settings["plugins.security.restapi.roles_enabled"] == []
    administrators = [name.split(",")[0].removeprefix("CN=") for name in settings["plugins.security.authcz.admin_dn"]]
    users = {user for role in entries("roles_mapping").values() for user in role["users"]}
    assert not users & set(administrators)
