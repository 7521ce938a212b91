"""An editor's decisions by the command, and what the newsroom sees of them."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.cli.conftest import OTHER, REWRITE, TRANSCRIPT, Newsfold

pytestmark = pytest.mark.engines
WHO = ("--reason", "as the desk saw it", "--by", "desk")


@pytest.fixture
def clean(newsfold: Newsfold) -> Iterator[None]:
    """What a test decides is taken back."""
    yield
    for made in reversed(newsfold.lines("story", "corrections")):
        if not made["erased"]:
            newsfold.lines("story", "revoke", str(made["correction_id"]), *WHO)
    _waited(newsfold)


def _waited(newsfold: Newsfold) -> None:
    waited = newsfold("wait", "--timeout-seconds", "60")
    assert waited.returncode == 0, waited.stderr


def _stories(newsfold: Newsfold) -> dict[str, str]:
    return {line["key"]: line["story_id"] for line in newsfold.lines("articles")}


def _refused(done: "subprocess.CompletedProcess[str]") -> str:
    assert (done.returncode, done.stdout) == (1, ""), done
    return done.stderr


@pytest.mark.slow
def test_merged_stories_are_one_in_stories_why_and_search_and_two_when_that_is_taken_back(newsfold: Newsfold) -> None:
    before = _stories(newsfold)
    (made,) = newsfold.lines("story", "merge", before[TRANSCRIPT][:12], OTHER, *WHO)
    assert (made["kind"], made["who"], made["why"]) == ("merge", "desk", "as the desk saw it")
    _waited(newsfold)

    (shown,) = newsfold.lines("story", "show", before[OTHER])
    assert {m["key"] for m in shown["members"]} == {TRANSCRIPT, REWRITE, OTHER}
    assert [c["correction_id"] for c in shown["corrections"]] == [made["correction_id"]]
    assert shown["history"][-1]["correction"]["who"] == "desk"
    (why,) = newsfold.lines("why", TRANSCRIPT, OTHER)
    assert why["same_story"]
    assert [r["rule"] for r in why["reasons"]][-1] == "merge"
    assert "desk: as the desk saw it" in why["reasons"][-1]["text"]
    (found,) = newsfold.lines("search", "library", "--stories")
    assert {hit["size"] for hit in found["hits"]} == {3}

    newsfold.lines("story", "revoke", str(made["correction_id"]), *WHO)
    assert _stories(newsfold) == before


def test_a_withdrawn_page_is_in_no_story_or_search_and_comes_back_when_that_is_taken_back(newsfold: Newsfold) -> None:
    before = _stories(newsfold)
    (first,) = newsfold.lines("withdraw", TRANSCRIPT, *WHO)
    _waited(newsfold)

    (old,) = newsfold.lines("story", "show", before[TRANSCRIPT])
    assert [m["key"] for m in old["members"]] == [REWRITE]
    (found,) = newsfold.lines("search", "marrowby", "--articles")
    assert [hit["key"] for hit in found["hits"]] == [REWRITE]
    assert "was withdrawn: as the desk saw it" in _refused(newsfold("article", TRANSCRIPT))
    assert newsfold("verify").returncode == 0
    (trace,) = newsfold.lines("trace", TRANSCRIPT)
    assert [(s["outcome"], s["detail"]) for s in trace["steps"]][-1] == ("withdrawn", "desk: as the desk saw it")
    (second,) = newsfold.lines("withdraw", REWRITE, *WHO)
    (gone,) = newsfold.lines("story", "show", before[TRANSCRIPT])
    assert (gone["withdrawn"], gone["members"]) == (True, [])

    for made in (second, first):
        newsfold.lines("story", "revoke", str(made["correction_id"]), *WHO)
    assert _stories(newsfold) == before
    _waited(newsfold)
    assert newsfold("verify").returncode == 0


def test_an_erased_page_leaves_no_word_and_no_byte_and_is_refused_when_it_is_taken_in_again(
    newsfold: Newsfold, tmp_path: Path
) -> None:
    url, word = "https://ledger.example/erased.html", "Quelzaphor"
    page = tmp_path / "ledger.example" / "erased.html"
    page.parent.mkdir()
    body = "".join(
        f"<p>{word} told the council about quay number {n} and what it will cost the town.</p>" for n in range(12)
    )
    page.write_text(
        f"<html><head><title>{word} on the quays</title></head><body><article><h1>{word} on the quays</h1>{body}"
    )

    def take_in() -> str:
        newsfold.lines("ingest", "mirror", str(tmp_path))
        _waited(newsfold)
        (trace,) = newsfold.lines("trace", url)
        last = trace["captures"][-1]
        return f"{last['end']} {last['reason']}"

    def blobs() -> int:
        return sum(1 for _ in (newsfold.data / "blobs").rglob("*.zst"))

    held = blobs()
    assert take_in() == "extracted None"
    assert len(newsfold.lines("search", word, "--articles")[0]["hits"]) == 1
    (made,) = newsfold.lines("withdraw", url, "--erase", *WHO)
    assert (made["kind"], made["erased"]) == ("withdraw", True)
    _waited(newsfold)
    assert newsfold.lines("search", word, "--articles")[0]["hits"] == []
    assert blobs() == held
    page.write_text(page.read_text() + "<p>More of it.</p>")
    assert take_in() == "rejected refused"
    assert blobs() == held
    assert newsfold("verify").returncode == 0
    assert "nothing is left to bring back" in _refused(newsfold("story", "revoke", str(made["correction_id"]), *WHO))


def test_what_makes_no_sense_is_refused_in_words(newsfold: Newsfold) -> None:
    assert "nothing is named" in _refused(newsfold("withdraw", "https://nowhere.example/", *WHO))
    assert "all the articles" in _refused(newsfold("story", "split", OTHER, *WHO))
    assert newsfold("story", "pin", TRANSCRIPT, "--reason", " ").returncode == 2


@pytest.mark.slow
@pytest.mark.usefixtures("clean")
def test_a_split_and_a_pin_are_told_where_people_look(newsfold: Newsfold) -> None:
    newsfold.lines("story", "pin", REWRITE, *WHO)
    (shown,) = newsfold.lines("story", "show", _stories(newsfold)[REWRITE])
    assert next(m["key"] for m in shown["members"] if m["lead"]) == REWRITE
    newsfold.lines("story", "split", REWRITE, *WHO)
    stories = _stories(newsfold)
    assert stories[REWRITE] != stories[TRANSCRIPT]
    (why,) = newsfold.lines("why", TRANSCRIPT, REWRITE)
    assert not why["same_story"]
    assert {"split", "pin"} <= {r["rule"] for r in why["reasons"]}
    assert newsfold("story", "show", stories[REWRITE]).stdout.count("by desk: as the desk saw it") == 2
