"""Five real documents: three tell one interview, one another, one is an archive page of six articles."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from support.stack import Stack

CREDITS = ["Khamenei News", "Sputnik", "Tim Anderson FB", "Press TV", "Regional Rapport", "SANA"]
BYLINES = [["Tim Anderson"], [], [], [], ["Andrew Korybko"], []]
TITLE_STARTS = [
    "End of ISIS: a tremendous Axis",
    "Syria: US Choppers Transfer Daesh",
    "Baghdad Conference on Terrorism",
    "Syria urges UN to hold",
    "Afghanistan: Trump uses",
    "President al-Assad to Chinese Phoenix TV",
]


class Seeds:
    """The articles by the first three digits of their file's name; `002#N` for the archive page."""

    def __init__(self, stack: Stack, result: bytes) -> None:
        self.stack = stack
        self.all = {article["key"]: article for article in map(json.loads, result.splitlines())}
        pattern = re.compile(r"/(\d{3})_[0-9a-f]+\.txt(#\d)?$")
        self.articles: dict[str, Any] = {}
        for key, article in self.all.items():
            if key.startswith("file:") and (found := pattern.search(key)):
                self.articles[found[1] + (found[2] or "")] = article

    def why(self, one: str, other: str) -> Any:
        return self.stack.ask("why", self.articles[one]["key"], self.articles[other]["key"])

    def story(self, name: str) -> set[str]:
        """The names of all that are in the story of one; an article that is no seed shows by its key."""
        story_id = self.articles[name]["story_id"]
        mine = {a["key"]: n for n, a in self.articles.items()}
        members = [a["key"] for a in self.all.values() if a["story_id"] == story_id]
        return {mine.get(key, key) for key in members}


@pytest.fixture
def seeds(shared_dir: Path, taken_in: Stack, undisturbed: bytes) -> Seeds:
    assert shared_dir.is_dir()
    found = Seeds(taken_in, undisturbed)
    assert sorted(found.articles) == ["000", "001", *(f"002#{i}" for i in range(6)), "003", "004"]
    return found


def test_three_documents_are_one_story_led_by_the_transcript(seeds: Seeds) -> None:
    assert seeds.story("000") == {"000", "001", "004"}
    assert [name for name in ("000", "001", "004") if seeds.articles[name]["lead"]] == ["000"]


def test_another_interview_and_the_six_of_the_archive_page_stand_alone(seeds: Seeds) -> None:
    for name in ("003", *(f"002#{i}" for i in range(6))):
        assert seeds.story(name) == {name}


def test_the_transcript_has_its_questions_its_person_and_its_broadcasters(seeds: Seeds) -> None:
    article = seeds.articles["000"]
    assert (article["kind"], article["questions"]) == ("interview", 15)
    assert "Assad" in article["interviewee"]
    assert article["broadcasters"] == ["Russia 24", "NTV"]
    roles = [turn["role"] for turn in article["turns"]]
    assert roles.count("answer") >= 15  # thanks and greetings are turns, but no questions
    for turn in article["turns"]:
        assert article["body"][turn["start"] : turn["end"]].strip()


def test_the_transcript_ends_before_the_teaser(seeds: Seeds) -> None:
    body = seeds.articles["000"]["body"]
    assert "Check Also" not in body
    assert "Army air defenses" not in body
    assert body.rstrip().endswith("Thank you.")


def test_the_archive_page_gives_titles_bylines_and_credits(seeds: Seeds) -> None:
    articles = [seeds.articles[f"002#{i}"] for i in range(6)]
    assert [article["credit"] for article in articles] == CREDITS
    assert [article["bylines"] for article in articles] == BYLINES
    for article, start in zip(articles, TITLE_STARTS, strict=True):
        assert article["title"].startswith(start)
        assert "Source:" not in article["body"][:200]


def test_the_last_of_the_archive_page_is_an_interview_of_its_own(seeds: Seeds) -> None:
    article = seeds.articles["002#5"]
    assert (article["kind"], article["questions"]) == ("interview", 18)
    assert "Assad" in article["interviewee"]
    assert [name.casefold() for name in article["broadcasters"]] == ["phoenix tv"]


def test_readers_comments_are_kept_apart_from_the_text(seeds: Seeds) -> None:
    article = seeds.articles["003"]
    assert article["broadcasters"] == ["Europe 1", "TF1", "LCI"]
    comments = seeds.stack.ask("article", article["key"])["comments"]
    assert len(comments) == 24
    assert article["comments"] in (24, comments)
    assert all(comment["text"] for comment in comments)
    assert "Thumb" not in article["body"]
    assert not any(comment["text"] in article["body"] for comment in comments)


def test_why_shows_the_longest_run_of_a_copy(seeds: Seeds) -> None:
    found = seeds.why("000", "001")
    assert found["same_story"]
    assert found["verdict"] in ("copy", "rewrite")
    assert found["link"]["longest_run"] == 80
    assert found["reasons"]


def test_why_shows_a_rewrite_in_another_order_with_a_healed_spelling(seeds: Seeds) -> None:
    link = seeds.why("000", "004")["link"]
    assert link["longest_run"] == 56
    passages = sorted(link["passages"], key=lambda passage: passage["a"])
    assert [passage["b"] for passage in passages] != sorted(passage["b"] for passage in passages)

    one, other = seeds.articles["000"]["body"], seeds.articles["004"]["body"]
    healed = [p for p in passages if p["exact_words"] < p["words"]]
    texts = [(one[slice(*p["a"])], other[slice(*p["b"])]) for p in healed]
    assert any("Idleb" in mine and "Idlib" in theirs for mine, theirs in texts)


def test_the_other_interview_shares_no_link_with_the_story(seeds: Seeds) -> None:
    assert seeds.why("000", "003")["verdict"] == "none"
    assert {link["key"] for link in seeds.articles["003"]["links"]} == set()
