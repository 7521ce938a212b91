"""Writes where articles stand: their story, lead and quoted stories, and the stories that follow from that.

Raises one projection number for each article and story that changed, writes the stories' history, and keeps redirects:
the id of a story that lost all members leads to the story of the article that gave it its id, and where that article
was withdrawn, to the story of the first of those that were in it. When all were, it leads nowhere.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.domain.stories.records import Cause, Placing, Touched

Before = Mapping[str, Row[Any]]


async def place(
    connection: AsyncConnection,
    placings: Sequence[Placing],
    renewed: Collection[str],
    leads: Mapping[str, str],
    cause: Cause,
    successors: Mapping[str, str] = MappingProxyType({}),
) -> Touched:
    """See `services.deduplicator.ports.Book.place`. Rows are locked and written in the order of ids."""
    wanted = {p.article_id: p for p in sorted(placings, key=lambda p: p.article_id)}
    before = {r.article_id: r for r in await connection.execute(_BEFORE, {"ids": list(wanted)})}
    moved = [p for p in wanted.values() if p.article_id in renewed or _as_row(p) != _row(before[p.article_id])]
    await _write_articles(connection, moved, cause)
    affected = {p.story_id for p in moved if p.story_id} | _left(before, wanted)
    await _write_stories(connection, affected, leads, successors, moved, before, cause)
    return Touched(tuple(p.article_id for p in moved), tuple(sorted(affected)))


def _as_row(p: Placing) -> tuple[Any, ...]:
    return p.story_id, p.lead, p.quoted_stories, p.link_types


def _row(row: Row[Any]) -> tuple[Any, ...]:
    return row.story_id, row.lead, tuple(row.quoted_stories), tuple(row.link_types)


def _left(before: Before, wanted: Mapping[str, Placing]) -> set[str]:
    """Stories that an article has left."""
    return {r.story_id for i, r in before.items() if r.story_id and r.story_id != wanted[i].story_id}


async def _write_articles(connection: AsyncConnection, moved: Sequence[Placing], cause: Cause) -> None:
    if moved:
        rows = {
            "ids": [p.article_id for p in moved],
            "stories": [p.story_id for p in moved],
            "leads": [p.lead for p in moved],
            "quoted": [" ".join(p.quoted_stories) for p in moved],
            "types": [" ".join(p.link_types) for p in moved],
        }
        await connection.execute(_ARTICLES, {**rows, "lane": cause.lane, "trace": cause.trace_id})


async def _write_stories(
    connection: AsyncConnection,
    affected: Collection[str],
    leads: Mapping[str, str],
    successors: Mapping[str, str],
    moved: Sequence[Placing],
    before: Before,
    cause: Cause,
) -> None:
    """Bring the affected stories' rows up to date."""
    if not affected:
        return
    ids = {"ids": sorted(affected)}
    known = {r.story_id: r for r in await connection.execute(_STORIES, ids)}
    sizes = {r.story_id: r.size for r in await connection.execute(_SIZES, ids)}
    heirs = {r.founding_id: r.story_id for r in await connection.execute(_HEIRS, ids)}
    rows = []
    for story_id in sorted(affected):
        size = sizes.get(story_id, 0)
        lead = leads.get(story_id, known[story_id].lead_article_id if story_id in known else None)
        heir = None if size else heirs.get(story_id) or successors.get(story_id)
        left = "emptied" if heir is None else "merged" if story_id in heirs else "renamed"
        rows.append(
            {
                "id": story_id,
                "lead": lead if size else None,
                "size": size,
                "heir": heir,
                "left": "left" if size else left,
            }
        )
    columns = {name: [row[name] for row in rows] for name in ("id", "lead", "size", "heir")}
    await connection.execute(_WRITE_STORIES, {**columns, "lane": cause.lane, "trace": cause.trace_id})
    await connection.execute(
        _REDIRECTS, {"articles": sorted(p.article_id for p in moved), "affected": sorted(affected)}
    )
    await _write_history(connection, rows, known, moved, before, cause)


async def _write_history(
    connection: AsyncConnection,
    rows: Sequence[Mapping[str, Any]],
    known: Mapping[str, Row[Any]],
    moved: Sequence[Placing],
    before: Before,
    cause: Cause,
) -> None:
    joined, left = defaultdict(list), defaultdict(list)
    for p in moved:
        old = before[p.article_id].story_id
        if old != p.story_id:
            if p.story_id is not None:
                joined[p.story_id].append(p.article_id)
            if old is not None:
                left[old].append(p.article_id)
    history = []
    for row in rows:
        story_id = row["id"]
        if story_id not in known:
            history.append((story_id, "created", None, joined[story_id]))
        elif joined[story_id]:
            history.append((story_id, "joined", None, joined[story_id]))
        if left[story_id]:
            history.append((story_id, row["left"], row["heir"], left[story_id]))
        if story_id in known and row["size"] and known[story_id].lead_article_id not in (None, row["lead"]):
            history.append((story_id, "lead", None, [row["lead"]]))
    if history:
        stories, changes, others, articles = zip(*history, strict=True)
        columns = {"stories": list(stories), "changes": list(changes), "others": list(others)}
        lists = [" ".join(ids) for ids in articles]
        why = {"cause": cause.revision_id, "correction": cause.correction}
        await connection.execute(_HISTORY, {**columns, "articles": lists, **why})


_BEFORE = text(
    "SELECT article_id, story_id, lead, quoted_stories, link_types FROM articles"
    " WHERE article_id = ANY(CAST(:ids AS text[])) ORDER BY article_id FOR UPDATE"
)
# Lists go in as one string each: ids and types hold no spaces, and arrays of arrays would have to be rectangular.
_ARTICLES = text("""
UPDATE articles SET story_id = new.story_id, lead = new.lead, quoted_stories = string_to_array(new.quoted, ' '),
    link_types = string_to_array(new.types, ' '), projection = projection + 1, lane = :lane, trace_id = :trace
FROM unnest(CAST(:ids AS text[]), CAST(:stories AS text[]), CAST(:leads AS boolean[]), CAST(:quoted AS text[]),
            CAST(:types AS text[])) AS new (article_id, story_id, lead, quoted, types)
WHERE articles.article_id = new.article_id""")
_STORIES = text(
    "SELECT story_id, lead_article_id, size, redirect_to FROM stories WHERE story_id = ANY(CAST(:ids AS text[]))"
    " ORDER BY story_id FOR UPDATE"
)
_SIZES = text(
    "SELECT story_id, count(*)::int AS size FROM articles WHERE story_id = ANY(CAST(:ids AS text[]))"
    " AND withdrawn_reason IS NULL GROUP BY story_id"
)
_HEIRS = text(
    "SELECT founding_id, a.story_id FROM carriers JOIN articles a USING (article_id)"
    " WHERE founding_id = ANY(CAST(:ids AS text[])) AND a.story_id IS NOT NULL"
    " AND a.withdrawn_reason IS NULL"
)
_WRITE_STORIES = text("""
INSERT INTO stories (story_id, lead_article_id, size, redirect_to, lane, trace_id)
SELECT new.*, :lane, :trace
FROM unnest(CAST(:id AS text[]), CAST(:lead AS text[]), CAST(:size AS int[]), CAST(:heir AS text[])) AS new
ON CONFLICT (story_id) DO UPDATE SET lead_article_id = excluded.lead_article_id, size = excluded.size,
    redirect_to = excluded.redirect_to, lane = excluded.lane, trace_id = excluded.trace_id,
    projection = stories.projection + 1""")
# Older ids whose first article moved on lead to where it is now.
_REDIRECTS = text(
    "UPDATE stories SET redirect_to = a.story_id FROM carriers JOIN articles a USING (article_id)"
    " WHERE stories.story_id = founding_id AND article_id = ANY(CAST(:articles AS text[])) AND stories.size = 0"
    " AND stories.story_id <> ALL(CAST(:affected AS text[])) AND stories.redirect_to IS DISTINCT FROM a.story_id"
)
_HISTORY = text("""
INSERT INTO story_history (story_id, change, other_story_id, article_ids, cause_revision_id, correction_id)
SELECT story_id, change, other_id, string_to_array(articles, ' '), :cause, CAST(:correction AS bigint)
FROM unnest(CAST(:stories AS text[]), CAST(:changes AS text[]), CAST(:others AS text[]), CAST(:articles AS text[]))
    WITH ORDINALITY AS new (story_id, change, other_id, articles, n) ORDER BY n""")
