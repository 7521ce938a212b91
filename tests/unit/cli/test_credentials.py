"""The secrets of a deployment: made once, closed, never written over; what follows from them follows."""

import os
import stat
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from libs.adapters.nats.permissions import permissions
from libs.adapters.postgres.grants import PREFIX, passwords, roles
from libs.runtime.login import login, public_key
from services.cli import credentials
from services.cli.commands.init import init
from services.cli.credentials import write_credentials
from services.cli.failures import CommandFailed


def _all(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): p.read_text() for p in folder.rglob("*") if p.is_file()}


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    first = write_credentials(tmp_path)
    before = _all(tmp_path)
    second = write_credentials(tmp_path)
    assert _all(tmp_path) == before
    assert set(before) == set(first.made)
    assert (second.made, second.renewed, second.unused) == ((), (), ())


def test_every_secret_is_another_one_each_time(tmp_path: Path) -> None:
    for name in ("one", "other"):
        write_credentials(tmp_path / name)
    one, other = _all(tmp_path / "one"), _all(tmp_path / "other")
    assert len(set(one.values())) == len(one)
    assert not set(one.values()) & set(other.values())
    assert len(one["postgres_password"]) == 40


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to the user of a container")
def test_root_gives_each_file_to_the_one_user_that_reads_it(tmp_path: Path) -> None:
    write_credentials(tmp_path)
    owners = {name: (tmp_path / name).stat() for name in _all(tmp_path)}
    assert {stat.S_IMODE(found.st_mode) for found in owners.values()} == {0o600}
    others = {"postgres_password": 999, "nats/nats_auth.conf": 0}
    assert {name: found.st_uid for name, found in owners.items()} == {
        name: others.get(name, 10001) for name in owners
    }  # fmt: skip


def test_elsewhere_the_folder_keeps_others_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials.os, "geteuid", lambda: 1000)
    write_credentials(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700
    assert {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in _all(tmp_path)} == {0o444}


def test_what_is_missing_is_added_and_what_follows_from_it_is_renewed(tmp_path: Path) -> None:
    write_credentials(tmp_path)
    before = _all(tmp_path)
    for name in ("nats_url_indexer", "postgres_url_indexer"):
        (tmp_path / name).unlink()
    written = write_credentials(tmp_path)
    after = _all(tmp_path)
    assert set(written.made) == {"nats_url_indexer", "postgres_url_indexer"}
    assert set(written.renewed) == {"postgres_roles", "nats/nats_auth.conf"}
    assert {name for name in after if after[name] != before[name]} == {*written.made, *written.renewed}


def test_the_broker_knows_exactly_the_keys_that_were_given_out(tmp_path: Path) -> None:
    write_credentials(tmp_path)
    configured = (tmp_path / "nats" / "nats_auth.conf").read_text()
    for user in permissions():
        url = (tmp_path / f"nats_url_{user}").read_text()
        seed = urlsplit(url).username or ""
        assert configured.count(f'"nkey": "{public_key(seed)}"') == 1
        assert seed not in configured
        assert login(url)["servers"] == "nats://nats:4222"


def test_provision_is_told_the_passwords_that_the_services_have(tmp_path: Path) -> None:
    write_credentials(tmp_path)
    told = passwords((tmp_path / "postgres_roles").read_text())
    for role in roles():
        url = urlsplit((tmp_path / f"postgres_url_{role}").read_text())
        assert (url.username, url.password) == (PREFIX + role, told[role])


@pytest.mark.parametrize(("name", "text", "said"), [("postgres_password", " \n", "is empty"), ("nats_url_cli", "nats://nats:4222", "holds no key")])  # fmt: skip
def test_a_broken_file_is_named_and_left_alone(tmp_path: Path, name: str, text: str, said: str) -> None:
    write_credentials(tmp_path)
    (tmp_path / name).chmod(0o600)
    (tmp_path / name).write_text(text)
    with pytest.raises(CommandFailed, match=rf"{name} {said}: remove it"):
        write_credentials(tmp_path)
    assert (tmp_path / name).read_text() == text


def test_what_an_older_release_left_is_named(tmp_path: Path) -> None:
    (tmp_path / "nats_password").write_text("old")
    assert write_credentials(tmp_path).unused == ("nats_password",)


def test_the_command_says_what_to_do_next_and_no_secret(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for expected in ("Then start:\n  docker compose up", "Nothing is missing:\n  docker compose up"):
        init(tmp_path)
        said = capsys.readouterr().out
        assert expected in said
        assert not [name for name, text in _all(tmp_path).items() if text in said]
