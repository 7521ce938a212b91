"""Takes results off current revisions, so that the deduplicator judges their articles again."""

from typing import Any

from sqlalchemy import ColumnElement, case, or_, update

from libs.adapters.postgres.event_rows import ARTICLE_NORMALIZED
from libs.adapters.postgres.tables import articles, revisions
from libs.contracts.pipeline import Lane
from libs.contracts.reasons import RevisionEnd


def judging_again(*which: ColumnElement[bool]) -> Any:
    """The update that opens current revisions again and answers ARTICLE_NORMALIZED of each.

    `which` speaks of `revisions` and `articles`. Left out are withdrawn articles, and revisions that are on their way
    to their story anyway. What becomes searchable again long after its capture is no delay of live news: a revision
    that had its end goes on in the lane `replay`.
    """
    a, r = articles.c, revisions.c
    return (
        update(revisions)
        .where(
            a.revision_id == r.revision_id,
            a.withdrawn_reason.is_(None),
            r.assigned_at.is_not(None),
            or_(r.end.is_(None), r.end == RevisionEnd.INDEXED),
            *which,
        )
        .values(
            assigned_at=None,
            attempt=r.attempt + 1,
            ended_at=None,
            end=None,
            lane=case((r.end.is_(None), r.lane), else_=Lane.REPLAY),
        )
        .returning(*ARTICLE_NORMALIZED)
    )
