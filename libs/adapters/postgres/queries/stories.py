"""Stories as people see them: who retold what, led by its source."""

from collections.abc import AsyncIterator
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from libs.domain.revisions import article_key

Json = dict[str, Any]
MAX_REDIRECTS: Final = 100

_LIST: Final = text("""
SELECT s.story_id, s.size, a.article_id, a.position, a.segments, p.url, r.title, r.outlet, r.published,
    r.interviewee, counts.publishers, counts.outlets
FROM stories s
LEFT JOIN articles a ON a.article_id = s.lead_article_id
LEFT JOIN pages p ON p.page_id = a.page_id
LEFT JOIN revisions r ON r.revision_id = a.revision_id
LEFT JOIN LATERAL (
    SELECT count(DISTINCT mr.publisher) AS publishers, count(DISTINCT mr.outlet) AS outlets
    FROM articles m JOIN revisions mr ON mr.revision_id = m.revision_id
    WHERE m.story_id = s.story_id AND m.withdrawn_reason IS NULL) AS counts ON true
WHERE s.redirect_to IS NULL AND s.size >= :least
ORDER BY s.size DESC, s.story_id""")
_MEMBERS: Final = text("""
SELECT a.article_id, a.position, a.segments, p.url, a.lead, a.link_types, r.title, r.outlet, r.publisher, r.published,
    r.language, r.kind, r.words
FROM articles a JOIN pages p USING (page_id) JOIN revisions r ON r.revision_id = a.revision_id
WHERE a.story_id = :id AND a.withdrawn_reason IS NULL
ORDER BY a.lead DESC, r.published_at NULLS LAST, p.url, a.article_id""")
_QUOTED_IN: Final = text("""
SELECT a.article_id, a.position, a.segments, p.url, r.title, r.outlet, a.story_id
FROM articles a JOIN pages p USING (page_id) JOIN revisions r ON r.revision_id = a.revision_id
WHERE :id = ANY(a.quoted_stories) AND a.withdrawn_reason IS NULL ORDER BY p.url, a.article_id""")
_HISTORY: Final = text("""
SELECT change, other_story_id, article_ids, recorded_at FROM story_history WHERE story_id = :id ORDER BY history_id""")
_FIND: Final = text("""
SELECT story_id, size, redirect_to FROM stories WHERE starts_with(story_id, :id) ORDER BY story_id = :id DESC LIMIT 2""")


async def story_list(engine: AsyncEngine, *, least: int = 1) -> AsyncIterator[Json]:
    """Stories with at least `least` articles, the largest first."""
    async with engine.connect() as connection:
        for row in (await connection.execute(_LIST, {"least": least})).all():
            yield {
                "story_id": row.story_id,
                "size": row.size,
                "publishers": row.publishers,
                "outlets": row.outlets,
                "interviewee": row.interviewee,
                "lead": row.article_id
                and {
                    "key": article_key(row.url, row.article_id, row.position, row.segments),
                    "title": row.title,
                    "outlet": row.outlet,
                    "published": row.published,
                },
            }


async def story(engine: AsyncEngine, name: str) -> Json | None:
    """The story with this id, or to which this id was merged; the beginning of an id will do where it is unique."""
    async with engine.connect() as connection:
        found = (await connection.execute(_FIND, {"id": name})).all()
        if not found or (len(found) > 1 and found[0].story_id != name):
            return None
        asked: str = found[0].story_id
        row: Any = found[0]
        for _ in range(MAX_REDIRECTS):
            if row.redirect_to is None:
                break
            row = (await connection.execute(_FIND, {"id": row.redirect_to})).first()
            if row is None:
                return None
        bound = {"id": row.story_id}
        members = (await connection.execute(_MEMBERS, bound)).all()
        quoting = (await connection.execute(_QUOTED_IN, bound)).all()
        history = (await connection.execute(_HISTORY, bound)).all()
    return {
        "story_id": row.story_id,
        "asked": asked,
        "size": row.size,
        "publishers": sorted({member.publisher for member in members}),
        "members": [_member(member) for member in members],
        "quoted_in": [{**_named(q), "title": q.title, "outlet": q.outlet, "story_id": q.story_id} for q in quoting],
        "history": [
            {
                "change": h.change,
                "other_story_id": h.other_story_id,
                "articles": list(h.article_ids),
                "at": h.recorded_at.isoformat(),
            }
            for h in history
        ],
    }


def _named(row: Any) -> Json:
    return {"key": article_key(row.url, row.article_id, row.position, row.segments), "article_id": row.article_id}


def _member(row: Any) -> Json:
    names = ("title", "outlet", "publisher", "published", "language", "kind", "words", "lead")
    return {**_named(row), **{name: getattr(row, name) for name in names}, "link_types": list(row.link_types)}
