"""An editor's decisions by the command, and what the newsroom sees of them."""

import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.cli.conftest import OTHER, REWRITE, TRANSCRIPT, Newsfold

pytestmark = pytest.mark.engines
WHO = ("--reason", "as the desk saw it", "--by", "desk")


@pytest.fixture(autouse=True)
def clean(newsfold: Newsfold) -> Iterator[None]:
    """What a test decides is taken back."""
    yield
    for made in reversed(newsfold.lines("story", "corrections")):
        newsfold.lines("story", "revoke", str(made["correction_id"]), *WHO)
    waited = newsfold("wait", "--timeout-seconds", "60")
    assert waited.returncode == 0, waited.stderr


def _stories(newsfold: Newsfold) -> dict[str, str]:
    return {line["key"]: line["story_id"] for line in newsfold.lines("articles")}


def _refused(done: "subprocess.CompletedProcess[str]") -> str:
    assert (done.returncode, done.stdout) == (1, ""), done
    return done.stderr


def _shown(newsfold: Newsfold, url: str) -> Any:
    (shown,) = newsfold.lines("story", "show", _stories(newsfold)[url])
    return shown


def test_merged_stories_are_one_in_stories_why_and_search_and_two_when_that_is_taken_back(newsfold: Newsfold) -> None:
    before = _stories(newsfold)
    (made,) = newsfold.lines("story", "merge", before[TRANSCRIPT][:12], OTHER, *WHO)
    assert (made["kind"], made["who"], made["why"]) == ("merge", "desk", "as the desk saw it")
    assert newsfold("wait", "--timeout-seconds", "60").returncode == 0

    assert len({_stories(newsfold)[url] for url in (TRANSCRIPT, REWRITE, OTHER)}) == 1
    (why,) = newsfold.lines("why", TRANSCRIPT, OTHER)
    assert why["same_story"]
    assert [r["rule"] for r in why["reasons"]][-1] == "merge"
    assert "desk: as the desk saw it" in why["reasons"][-1]["text"]
    shown = _shown(newsfold, OTHER)
    assert [c["correction_id"] for c in shown["corrections"]] == [made["correction_id"]]
    assert shown["history"][-1]["correction"]["who"] == "desk"
    (old,) = newsfold.lines("story", "show", before[OTHER])
    assert old["story_id"] == shown["story_id"]
    (found,) = newsfold.lines("search", "library", "--stories")
    assert {hit["size"] for hit in found["hits"]} == {3}
    assert newsfold.lines("rebuild", "stories") == [{"changed": 0, "restored": 0}]
    assert "one story already" in _refused(newsfold("story", "merge", TRANSCRIPT, OTHER, *WHO))

    newsfold.lines("story", "revoke", str(made["correction_id"]), *WHO)
    assert _stories(newsfold) == before


def test_a_withdrawn_page_is_in_no_list_story_or_search_and_comes_back_when_that_is_taken_back(
    newsfold: Newsfold,
) -> None:
    before = _stories(newsfold)
    newsfold.lines("withdraw", TRANSCRIPT, *WHO)
    assert newsfold("wait", "--timeout-seconds", "60").returncode == 0

    assert TRANSCRIPT not in _stories(newsfold)
    (old,) = newsfold.lines("story", "show", before[TRANSCRIPT])
    assert [m["key"] for m in old["members"]] == [REWRITE]
    (found,) = newsfold.lines("search", "marrowby", "--articles")
    assert [hit["key"] for hit in found["hits"]] == [REWRITE]
    assert "was withdrawn: as the desk saw it" in _refused(newsfold("why", TRANSCRIPT, REWRITE))
    assert "was withdrawn before" in _refused(newsfold("withdraw", TRANSCRIPT, *WHO))
    assert newsfold("verify").returncode == 0
    (trace,) = newsfold.lines("trace", TRANSCRIPT)
    assert [(s["outcome"], s["detail"]) for s in trace["steps"]][-1] == ("withdrawn", "desk: as the desk saw it")

    newsfold.lines("withdraw", REWRITE, *WHO)
    (gone,) = newsfold.lines("story", "show", before[TRANSCRIPT])
    assert (gone["withdrawn"], gone["members"]) == (True, [])

    for one in reversed(newsfold.lines("story", "corrections")):
        newsfold.lines("story", "revoke", str(one["correction_id"]), *WHO)
    assert newsfold("wait", "--timeout-seconds", "60").returncode == 0
    assert _stories(newsfold) == before
    assert newsfold("verify").returncode == 0


def test_what_makes_no_sense_is_refused_in_words(newsfold: Newsfold) -> None:
    assert "nothing is named" in _refused(newsfold("withdraw", "https://nowhere.example/", *WHO))
    assert "nothing is named" in _refused(newsfold("story", "merge", "f" * 32, TRANSCRIPT, *WHO))
    assert "no correction 999" in _refused(newsfold("story", "revoke", "999", *WHO))
    assert "all the articles" in _refused(newsfold("story", "split", OTHER, *WHO))
    assert newsfold("story", "pin", TRANSCRIPT).returncode == 2
    assert newsfold("story", "pin", TRANSCRIPT, "--reason", " ").returncode == 2


def test_a_split_and_a_pin_are_told_where_people_look(newsfold: Newsfold) -> None:
    newsfold.lines("story", "pin", REWRITE, *WHO)
    assert next(m["key"] for m in _shown(newsfold, REWRITE)["members"] if m["lead"]) == REWRITE
    newsfold.lines("story", "split", REWRITE, *WHO)
    assert _stories(newsfold)[REWRITE] != _stories(newsfold)[TRANSCRIPT]
    (why,) = newsfold.lines("why", TRANSCRIPT, REWRITE)
    assert not why["same_story"]
    assert {"split", "pin"} <= {r["rule"] for r in why["reasons"]}
    assert newsfold("story", "show", _stories(newsfold)[REWRITE]).stdout.count("by desk: as the desk saw it") == 2
