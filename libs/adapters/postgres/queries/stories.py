"""Stories as people see them: who retold what, led by its source."""

from collections.abc import AsyncIterator
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from libs.adapters.postgres.queries.corrections import corrections_naming
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
SELECT a.article_id, a.position, a.segments, p.url, p.gone_at, a.lead, a.link_types, r.title, r.outlet, r.publisher, r.published,
    r.language, r.kind, r.words
FROM articles a JOIN pages p USING (page_id) JOIN revisions r ON r.revision_id = a.revision_id
WHERE a.story_id = :id AND a.withdrawn_reason IS NULL
ORDER BY a.lead DESC, r.published_at NULLS LAST, p.url, a.article_id""")
_QUOTED_IN: Final = text("""
SELECT a.article_id, a.position, a.segments, p.url, r.title, r.outlet, a.story_id
FROM articles a JOIN pages p USING (page_id) JOIN revisions r ON r.revision_id = a.revision_id
WHERE :id = ANY(a.quoted_stories) AND a.withdrawn_reason IS NULL ORDER BY p.url, a.article_id""")
_HISTORY: Final = text("""
SELECT change, other_story_id, article_ids, h.recorded_at, correction_id, who, why
FROM story_history h LEFT JOIN corrections USING (correction_id) WHERE story_id = :id ORDER BY history_id""")
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


async def find_story(connection: AsyncConnection, name: str) -> tuple[str, str] | None:
    """The id that `name` begins, where it is unique, and the id of the story to which it leads now."""
    found = (await connection.execute(_FIND, {"id": name})).all()
    if not found or (len(found) > 1 and found[0].story_id != name):
        return None
    row: Any = found[0]
    for _ in range(MAX_REDIRECTS):
        if row.redirect_to is None:
            break
        row = (await connection.execute(_FIND, {"id": row.redirect_to})).first()
        if row is None:
            return None
    return found[0].story_id, row.story_id


async def story(engine: AsyncEngine, name: str) -> Json | None:
    """The story with this id, or to which this id was merged; the beginning of an id will do where it is unique.

    One whose articles were all withdrawn answers so: `withdrawn`.
    """
    async with engine.connect() as connection:
        found = await find_story(connection, name)
        if found is None:
            return None
        asked, story_id = found
        bound = {"id": story_id}
        members = (await connection.execute(_MEMBERS, bound)).all()
        quoting = (await connection.execute(_QUOTED_IN, bound)).all()
        history = (await connection.execute(_HISTORY, bound)).all()
        decisions = await corrections_naming(connection, [member.article_id for member in members])
    return {
        "story_id": story_id,
        "asked": asked,
        "size": len(members),
        "withdrawn": not members,
        "publishers": sorted({member.publisher for member in members}),
        "members": [_member(member) for member in members],
        "quoted_in": [{**_named(q), "title": q.title, "outlet": q.outlet, "story_id": q.story_id} for q in quoting],
        "corrections": decisions,
        "history": [
            {
                "change": h.change,
                "other_story_id": h.other_story_id,
                "articles": list(h.article_ids),
                "at": h.recorded_at.isoformat(),
                "correction": h.correction_id and {"correction_id": h.correction_id, "who": h.who, "why": h.why},
            }
            for h in history
        ],
    }


def _named(row: Any) -> Json:
    return {"key": article_key(row.url, row.article_id, row.position, row.segments), "article_id": row.article_id}


def _member(row: Any) -> Json:
    names = ("title", "outlet", "publisher", "published", "language", "kind", "words", "lead")
    gone = row.gone_at and row.gone_at.isoformat()
    return {
        **_named(row),
        **{name: getattr(row, name) for name in names},
        "link_types": list(row.link_types),
        "gone_at": gone,
    }
