"""What the reporting commands answer on a few pages that were taken in."""

import tarfile
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.integration.cli.conftest import NO_ARTICLE, OTHER, REWRITE, TRANSCRIPT, Newsfold

pytestmark = pytest.mark.engines


def test_articles_are_listed_by_key_with_their_stories(newsfold: Newsfold) -> None:
    found = newsfold.lines("articles")

    assert [a["key"] for a in found] == [TRANSCRIPT, REWRITE, OTHER]
    transcript, rewrite, other = found
    assert transcript["story_id"] == rewrite["story_id"] != other["story_id"]
    assert (transcript["lead"], rewrite["lead"], other["lead"]) == (True, False, True)
    assert (transcript["questions"], transcript["kind"], rewrite["comments"]) == (4, "interview", 1)


def test_passages_stand_where_they_say(newsfold: Newsfold) -> None:
    bodies = {a["key"]: a["body"] for a in newsfold.lines("articles", "--full")}
    (found,) = newsfold.lines("why", REWRITE, TRANSCRIPT)

    assert found["same_story"]
    assert found["link"]["direction"] == "from"
    assert len(found["link"]["passages"]) == 3
    for passage in found["link"]["passages"]:
        start, end = passage["a"]
        assert bodies[REWRITE][start:end] == passage["text"]
        ours, theirs = (words.lower().split() for words in (passage["text"], bodies[TRANSCRIPT][slice(*passage["b"])]))
        assert (ours[0].strip("“”.,"), ours[-1].strip("“”.,")) == (theirs[0].strip(".,"), theirs[-1].strip(".,"))


def test_why_says_what_is_missing_for_a_link(newsfold: Newsfold) -> None:
    (found,) = newsfold.lines("why", TRANSCRIPT, OTHER)

    assert (found["verdict"], found["link"], found["same_story"]) == ("none", None, False)
    assert {reason["rule"] for reason in found["reasons"]} == {"shared_run", "interview"}


def test_a_story_is_shown_by_the_beginning_of_its_id(newsfold: Newsfold) -> None:
    (largest, *_) = newsfold.lines("story", "list", "--least", "2")
    (shown,) = newsfold.lines("story", "show", largest["story_id"][:12])

    assert [(m["key"], m["lead"]) for m in shown["members"]] == [(TRANSCRIPT, True), (REWRITE, False)]


def test_a_page_that_is_no_article_is_traced_to_its_reason(newsfold: Newsfold) -> None:
    (found,) = newsfold.lines("trace", NO_ARTICLE)

    assert [(c["end"], c["reason"]) for c in found["captures"]] == [("rejected", "not_article")]
    assert [step["stage"] for step in found["steps"]] == ["fetcher", "normalizer"]


def test_an_article_is_traced_through_every_stage(newsfold: Newsfold) -> None:
    (found,) = newsfold.lines("trace", REWRITE)

    stages = [step["stage"] for step in found["steps"]]
    assert [stages.index(s) for s in ("fetcher", "normalizer", "deduplicator", "indexer")] == sorted(
        stages.index(s) for s in ("fetcher", "normalizer", "deduplicator", "indexer")
    )


def test_search_and_quotation_find_the_story(newsfold: Newsfold) -> None:
    (found,) = newsfold.lines("search", "marrowby hatch", "--stories")
    carriers = newsfold.lines("quote", "a timetable that leaves eleven minutes for an inspection that takes forty")

    assert [hit["lead"]["key"] for hit in found["hits"]] == [TRANSCRIPT]
    assert [carrier["key"] for carrier in carriers] == [TRANSCRIPT, REWRITE]


def test_nonsense_is_in_quarantine_with_its_bytes_and_cannot_be_replayed(newsfold: Newsfold) -> None:
    (entry,) = newsfold.lines("quarantine", "list")
    (shown,) = newsfold.lines("quarantine", "show", entry["quarantine_id"][:12])
    (replayed,) = newsfold.lines("quarantine", "replay", "--all")

    assert (shown["reason"], shown["payload_text"]) == ("message_malformed", '{"no": "event"}')
    assert replayed == {"replayed": [], "impossible": [entry["quarantine_id"]]}


def test_what_is_in_quarantine_fails_a_strict_wait_only(newsfold: Newsfold) -> None:
    (easy,) = newsfold.lines("wait")
    (strict,) = newsfold.lines("wait", "--strict", code=1)

    assert easy["done"]
    assert strict["done"]
    assert [entry["reason"] for entry in strict["quarantined"]] == ["message_malformed"]


def test_an_unknown_name_is_a_failure_with_advice(newsfold: Newsfold) -> None:
    for words in (
        ("article", "https://nowhere.example/"),
        ("trace", "https://nowhere.example/"),
        ("story", "show", "f" * 32),
    ):
        done = newsfold(*words)
        assert (done.returncode, done.stdout) == (1, "")
        assert "https://nowhere.example/" in done.stderr or "newsfold story list" in done.stderr


def test_taking_the_same_files_in_again_changes_nothing(newsfold: Newsfold) -> None:
    from tests.integration.cli.conftest import PAGES

    before = newsfold("articles", "--full", "--json").stdout
    newsfold("ingest", "mirror", str(PAGES), "--order-seed", "3")
    newsfold("wait")

    assert newsfold("articles", "--full", "--json").stdout == before
    assert newsfold("verify").returncode == 0


def test_a_support_bundle_has_what_a_helper_asks_for_and_no_password(newsfold: Newsfold, tmp_path: Path) -> None:
    path = tmp_path / "support.tar.gz"
    (told,) = newsfold.lines("support-bundle", str(path))
    password = urlsplit(newsfold.state().urls["postgres_url"]).password
    assert password
    with tarfile.open(path) as archive:
        texts = {name: archive.extractfile(name).read().decode() for name in archive.getnames()}  # type: ignore[union-attr]
    assert {f"newsfold-support/{name}" for name in told["files"]} == texts.keys()
    assert {"newsfold-support/status.json", "newsfold-support/metrics/normalizer-1.txt"} <= texts.keys()
    assert "newsfold_messages_total" in texts["newsfold-support/metrics/normalizer-1.txt"]
    assert "not_had" not in texts["newsfold-support/status.json"]
    assert [name for name, text in texts.items() if password in text] == []
