"""One event of each kind."""

from libs.contracts.events import ArticleIndexed, ArticleNormalized, Event, PageFetched, StoryAssigned, StoryChanged
from libs.contracts.pipeline import Lane

TRACE = "0" * 32
SAMPLES: tuple[Event, ...] = (
    PageFetched(lane=Lane.LIVE, trace_id=TRACE, capture_id="c1"),
    ArticleNormalized(lane=Lane.BACKFILL, attempt=2, trace_id=TRACE, revision_id="r1", article_id="a1"),
    StoryAssigned(lane=Lane.REPLAY, trace_id=TRACE, article_id="a1", story_id="s1", projection=7),
    StoryChanged(lane=Lane.LIVE, attempt=1, trace_id=TRACE, story_id="s1", projection=3, change="redirected"),
    ArticleIndexed(lane=Lane.LIVE, trace_id=TRACE, article_id="a1", projection=7),
)
