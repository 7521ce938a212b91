"""A backup that is taken while news comes in gives, in empty engines, what the first ones gave in the end."""

import json
from pathlib import Path

import pytest
from support.fixtures import Documents, Stacks
from support.stack import CommandError

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


def test_what_is_no_backup_is_refused_with_a_hint(stacks: Stacks, tmp_path: Path) -> None:
    stack = stacks.current or stacks.fresh()
    (tmp_path / "20260101T000000Z").mkdir()
    with pytest.raises(CommandError, match="no finished backup"):
        stack.command("restore", str(tmp_path))
