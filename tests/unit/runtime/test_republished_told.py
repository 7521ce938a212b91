"""What the log says of events that the reconciler sent again."""

from libs.contracts.events import PageFetched, StoryAssigned
from libs.contracts.pipeline import Lane
from services.reconciler.stage import SHOWN_IDS, told


def test_the_log_names_why_how_many_and_which_as_far_as_shown() -> None:
    pages = [PageFetched(lane=Lane.LIVE, trace_id=f"{n:032x}", capture_id=f"{n:032x}", attempt=1) for n in range(30)]
    placed = StoryAssigned(lane=Lane.LIVE, trace_id="a" * 32, article_id="b" * 32, story_id="c" * 32, projection=2)

    line = told([*pages, placed])

    assert line["count"] == 31
    assert line["events"] == {"page.fetched": 30, "story.assigned": 1}
    assert line["reason"]
    assert len(line["messages"]) == SHOWN_IDS
    assert line["messages"][0] == f"page.fetched {'0' * 32}.1"
