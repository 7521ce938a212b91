"""A backup that is taken while news comes in gives, in empty engines, what the first ones gave in the end."""

import json
from pathlib import Path

import psycopg
import pytest
from support.fixtures import Documents, Stacks
from support.stack import CommandError, Stack

HALF = 60  # captures, of 120 and more


def test_a_backup_under_load_restored_elsewhere_ends_in_the_same_result(
    stacks: Stacks, documents: Documents, undisturbed: bytes, tmp_path: Path
) -> None:
    first = stacks.fresh()
    first.up()
    documents.take_in(first)
    first.until_progress("normalizer", HALF)
    taken = json.loads(first.command("backup", str(tmp_path), "--json"))
    assert first.progress().of("deduplicator") > 0
    first.wait()
    tried = json.loads(first.command("drill", taken["backup"], "--json"))
    assert (tried["rows"], tried["blobs"], tried["problems"]) == (taken["rows"], taken["blobs"], [])
    assert _databases_of_drills(first) == []

    second = stacks.fresh()
    second.up()
    restored = json.loads(second.command("restore", taken["backup"], "--json"))
    assert restored["rows"] == taken["rows"]
    assert restored["blobs"] == taken["blobs"] >= HALF
    assert restored["missing_blobs"] == []
    second.wait()
    assert second.result() == undisturbed
    second.verify()

    with pytest.raises(CommandError, match="not empty"):
        second.command("restore", taken["backup"])
    again = json.loads(second.command("backup", str(tmp_path), "--json"))
    assert again["backup"] != taken["backup"]


def test_a_backup_that_was_damaged_fails_its_drill(stacks: Stacks, taken_in: Stack, tmp_path: Path) -> None:
    taken = json.loads(taken_in.command("backup", str(tmp_path), "--json"))
    blobs = sorted(path for path in (tmp_path / "blobs").rglob("*") if path.is_file())
    blobs[0].unlink()
    blobs[1].write_bytes(blobs[2].read_bytes())
    tried = json.loads(taken_in.command("drill", taken["backup"], "--json", code=1))
    assert len(tried["missing_blobs"]) == 2
    table = Path(taken["backup"]) / "revisions.copy.zst"
    table.write_bytes(table.read_bytes()[:-1])
    with pytest.raises(CommandError, match="is not what was written"):
        taken_in.command("drill", taken["backup"])
    assert _databases_of_drills(taken_in) == []


def _databases_of_drills(stack: Stack) -> list[str]:
    with psycopg.connect(stack.environment["NEWSFOLD_POSTGRES_URL"]) as connection:
        rows = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'newsfold_drill_%'").fetchall()
    return [str(row[0]) for row in rows]


def test_what_is_no_backup_is_refused_with_a_hint(stacks: Stacks, tmp_path: Path) -> None:
    stack = stacks.current or stacks.fresh()
    (tmp_path / "20260101T000000Z").mkdir()
    with pytest.raises(CommandError, match="no finished backup"):
        stack.command("restore", str(tmp_path))
