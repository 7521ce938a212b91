"""Work that is done again by the same rules changes nothing, also when it is killed half-way and begun anew."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from support.stack import Stack

HALF = 40  # captures, of 120 and more


@pytest.mark.slow
def test_a_replay_that_is_killed_half_way_and_begun_again_changes_nothing(taken_in: Stack, undisturbed: bytes) -> None:
    began = datetime.now(UTC).isoformat(timespec="seconds")
    counted = taken_in.ask("replay", "--dry-run")["chosen"]
    assert counted["captures"] >= counted["pages"] > HALF
    hosts = {
        str(urlsplit(article["url"]).hostname) for article in taken_in.lines("articles") if "://" in article["url"]
    }
    with taken_in.paused("normalizer"):
        first = taken_in.ask("replay", "--host", min(hosts), "--per-second", "0")
        assert first["sent"] == {"page.fetched": first["chosen"]["captures"]}
        taken_in.kill("normalizer")
    again = taken_in.ask("replay", "--read-before", began, "--per-second", "200")
    assert again["sent"]["page.fetched"] >= HALF
    taken_in.until(lambda: taken_in.progress().unfinished < counted["captures"] - HALF, "half of the replay")
    taken_in.kill("normalizer")
    taken_in.wait()
    assert taken_in.result() == undisturbed
    taken_in.verify()


@pytest.mark.slow
@pytest.mark.parametrize(("stage", "event"), [("deduplicator", "article.normalized"), ("indexer", "story.assigned")])
def test_stories_found_and_indexed_again_are_the_same(
    taken_in: Stack, undisturbed: bytes, stage: str, event: str
) -> None:
    sent = taken_in.ask("replay", "--stage", stage, "--per-second", "0")
    assert sent["sent"][event] == sent["chosen"]["articles"] > HALF
    taken_in.wait()
    assert taken_in.result() == undisturbed
    taken_in.verify()
