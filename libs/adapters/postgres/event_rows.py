"""The events that rows stand for: which columns each needs, and how it is made of them.

Everything that brings a record on its way (recording, redelivery, reconciling, replay) selects these columns or returns
them from its update, so an event of one record is the same whoever sends it.
"""

from typing import Any

from sqlalchemy import Row

from libs.adapters.postgres.tables import articles, captures, revisions, stories
from libs.contracts.events import ArticleNormalized, PageFetched, StoryAssigned, StoryChanged
from libs.contracts.pipeline import Lane

_C, _R, _A, _S = captures.c, revisions.c, articles.c, stories.c

PAGE_FETCHED = (_C.capture_id, _C.lane, _C.attempt, _C.trace_id)
ARTICLE_NORMALIZED = (_R.revision_id, _R.article_id, _R.lane, _R.attempt, _R.trace_id)
STORY_ASSIGNED = (_A.article_id, _A.story_id, _A.projection, _A.projection_attempt, _A.lane, _A.trace_id)
STORY_CHANGED = (_S.story_id, _S.redirect_to, _S.projection, _S.projection_attempt, _S.lane, _S.trace_id)


def page_fetched(row: Row[*tuple[Any, ...]]) -> PageFetched:
    """Of a row with the columns PAGE_FETCHED."""
    return PageFetched(lane=Lane(row.lane), attempt=row.attempt, trace_id=row.trace_id, capture_id=row.capture_id)


def article_normalized(row: Row[*tuple[Any, ...]]) -> ArticleNormalized:
    """Of a row with the columns ARTICLE_NORMALIZED."""
    return ArticleNormalized(
        lane=Lane(row.lane),
        attempt=row.attempt,
        trace_id=row.trace_id,
        revision_id=row.revision_id,
        article_id=row.article_id,
    )


def story_assigned(row: Row[*tuple[Any, ...]]) -> StoryAssigned:
    """Of a row with the columns STORY_ASSIGNED."""
    return StoryAssigned(
        lane=Lane(row.lane),
        attempt=row.projection_attempt,
        trace_id=row.trace_id,
        article_id=row.article_id,
        story_id=row.story_id,
        projection=row.projection,
    )


def story_changed(row: Row[*tuple[Any, ...]]) -> StoryChanged:
    """Of a row with the columns STORY_CHANGED."""
    return StoryChanged(
        lane=Lane(row.lane),
        attempt=row.projection_attempt,
        trace_id=row.trace_id,
        story_id=row.story_id,
        projection=row.projection,
        change="redirected" if row.redirect_to else "changed",
    )
