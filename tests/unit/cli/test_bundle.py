"""What is sent to a helper holds no secret."""

import tarfile
from pathlib import Path

from services.cli.bundle import secrets_of, without_secrets, write
from services.cli.state import RunState


def test_secrets_are_found_in_variables_files_and_addresses(tmp_path: Path) -> None:
    file = tmp_path / "postgres_url"
    file.write_text("postgresql://fetcher:from%2Dfile@db:5432/newsfold\n")
    environment = {
        "NEWSFOLD_POSTGRES_URL_FILE": str(file),
        "NEWSFOLD_OPENSEARCH_URL": "https://admin:in-the-url@search:9200",
        "NEWSFOLD_S3_SECRET": "by-its-name",
        "NEWSFOLD_LOG_LEVEL": "debug",
    }
    state = RunState(1, 0.0, "ready", {"nats_url": "nats://SUAMSEED@127.0.0.1:4222"})

    found = secrets_of(environment, state)

    assert {"from%2Dfile", "from-file", "in-the-url", "by-its-name", "SUAMSEED"} <= found
    assert "debug" not in found


def test_every_secret_is_replaced_wherever_it_stands() -> None:
    text = 'log: password="by-its-name" at postgresql://someone:else@db/newsfold and nats://key@bus:4222; by-its-name.'

    shown = without_secrets(text, {"by-its-name"})

    assert "by-its-name" not in shown
    assert "someone" not in shown
    assert "else@" not in shown
    assert "key@" not in shown
    assert "@db/newsfold" in shown


def test_the_archive_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "support.tar.gz"

    write(path, {"about.json": "{}\n", "logs/fetcher-1.log": "a line\n"})

    assert path.stat().st_mode & 0o777 == 0o600
    with tarfile.open(path) as archive:
        assert sorted(archive.getnames()) == ["newsfold-support/about.json", "newsfold-support/logs/fetcher-1.log"]
