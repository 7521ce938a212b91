"""Removes what articles said, everywhere in PostgreSQL, and refuses their pages from then on.

What stays is the account: that a page was captured, when, how it ended, and who erased it why. Rows of revisions and
turns stay without words, for the sums of the ledger and for what the search index must forget.
"""

from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.adapters.postgres.tables import articles, captures, known_urls, metadata, pages, quotes, revisions, turns
from libs.domain.documents import ArticleKind, ExtractedArticle, Turn
from libs.domain.revisions import content_hash
from libs.domain.sources import url_key

# What hangs on an article and is nothing without it, such as comments: the tables that go with an article's row.
_HANGING: Final = tuple(
    (table, key.parent)
    for table in metadata.sorted_tables
    for key in table.foreign_keys
    if key.column is articles.c.article_id and key.ondelete == "CASCADE"
)
_TEXTS: Final = text("""
WITH unused AS (
    SELECT text_id FROM texts WHERE text_id = ANY(CAST(:texts AS text[])) AND NOT live
        AND NOT EXISTS (SELECT 1 FROM carriers WHERE carriers.text_id = texts.text_id)
), unlinked AS (
    DELETE FROM links USING unused WHERE links.a = unused.text_id OR links.b = unused.text_id
), unheard AS (
    DELETE FROM voices USING unused WHERE voices.text_id = unused.text_id
), unjudged AS (
    DELETE FROM verdicts USING unused WHERE verdicts.a = unused.text_id OR verdicts.b = unused.text_id)
DELETE FROM texts USING unused WHERE texts.text_id = unused.text_id""")
_BYTES: Final = text("""
UPDATE captures SET sha256 = NULL, bytes = NULL, etag = NULL, last_modified = NULL
FROM (SELECT capture_id, sha256 FROM captures
      WHERE page_id = ANY(CAST(:pages AS text[])) AND sha256 IS NOT NULL AND "end" IS NOT NULL) AS old
WHERE captures.capture_id = old.capture_id RETURNING old.sha256""")
# Bytes that another capture holds stay: the same were received elsewhere.
_PENDING: Final = text("""
UPDATE corrections SET erased = true, blobs = ARRAY(
    SELECT DISTINCT sha256 FROM unnest(blobs || CAST(:sha256s AS text[])) AS mine (sha256)
    WHERE NOT EXISTS (SELECT 1 FROM captures WHERE captures.sha256 = mine.sha256) ORDER BY 1)
WHERE correction_id = :number RETURNING blobs""")


async def whole_pages(connection: AsyncConnection, article_ids: Collection[str]) -> set[str]:
    """All articles of the pages of these. The pages' rows are locked before any article's, as the normalizer does."""
    of_these = select(articles.c.page_id).where(articles.c.article_id.in_(sorted(article_ids)))
    locked = select(pages.c.page_id).where(pages.c.page_id.in_(of_these)).order_by(pages.c.page_id).with_for_update()
    found = list(await connection.scalars(locked))
    return set(await connection.scalars(select(articles.c.article_id).where(articles.c.page_id.in_(found))))


async def erase(
    connection: AsyncConnection, number: int, article_ids: Collection[str], text_ids: Collection[str]
) -> tuple[str, ...]:
    """See `services.deduplicator.ports.Edits.erase`; the pages are locked."""
    of_these = select(articles.c.page_id).where(articles.c.article_id.in_(sorted(article_ids))).distinct()
    page_ids = sorted(await connection.scalars(of_these))
    await _refuse(connection, page_ids)
    for table, column in _HANGING:
        await connection.execute(delete(table).where(column.in_(sorted(article_ids))))
    await _silence(connection, article_ids)
    await connection.execute(_TEXTS, {"texts": sorted(text_ids)})
    sha256s = sorted(set(await connection.scalars(_BYTES, {"pages": page_ids})))
    pending = await connection.scalar(_PENDING, {"number": number, "sha256s": sha256s})
    return tuple(pending or ())


async def bytes_removed(connection: AsyncConnection, number: int) -> None:
    """Note that the bytes of an erasing are gone from the blob store."""
    query = text("UPDATE corrections SET blobs = '{}' WHERE correction_id = :number")
    await connection.execute(query, {"number": number})


async def _refuse(connection: AsyncConnection, page_ids: Sequence[str]) -> None:
    """Nothing of the pages is recorded again, and no address by which they came is asked again."""
    now = text("coalesce(refused_at, now())")
    await connection.execute(
        update(pages).where(pages.c.page_id.in_(page_ids)).values(refused_at=now, declared_original=None)
    )
    c = captures.c
    asked = select(c.asked_url, c.final_url).where(c.page_id.in_(page_ids))
    urls = set(await connection.scalars(select(pages.c.url).where(pages.c.page_id.in_(page_ids))))
    urls |= {url for row in await connection.execute(asked) for url in row}
    refused = {"refused": True, "etag": None, "last_modified": None, "sha256": None}
    rows = [{"url_key": url_key(url), "url": url, **refused} for url in sorted(urls)]
    adding = insert(known_urls).on_conflict_do_update(index_elements=["url_key"], set_=refused)
    await connection.execute(adding, rows)


async def _silence(connection: AsyncConnection, article_ids: Collection[str]) -> None:
    """Take the words out of all states of the articles, and make their hashes those of what is left."""
    r = revisions.c
    states = (await connection.execute(select(revisions).where(r.article_id.in_(sorted(article_ids))))).all()
    keys = [state.revision_id for state in states]
    await connection.execute(delete(quotes).where(quotes.c.revision_id.in_(keys)))
    await connection.execute(update(turns).where(turns.c.revision_id.in_(keys)).values(speaker=None, start=0, end=0))
    spoken: dict[str, list[Turn]] = {key: [] for key in keys}
    for turn in await connection.execute(select(turns).where(turns.c.revision_id.in_(keys)).order_by(turns.c.n)):
        spoken[turn.revision_id].append(Turn(turn.role, None, "", 0, 0))
    for state in states:
        left = {"content_hash": content_hash(_left(state, spoken[state.revision_id]))}
        await connection.execute(
            update(revisions).where(r.revision_id == state.revision_id).values(**_WORDLESS, **left)
        )


_WORDLESS: Final[dict[str, Any]] = {
    "title": "",
    "bylines": [],
    "credit": None,
    "interviewee": None,
    "broadcasters": [],
    "interviewers": [],
    "aired": None,
    "questions": 0,
    "words": 0,
    "body": "",
}


def _left(state: Any, spoken: Sequence[Turn]) -> ExtractedArticle:
    """What a state says without its words."""
    return ExtractedArticle(
        title="",
        body="",
        language=state.language,
        published=state.published,
        kind=ArticleKind(state.kind),
        turns=tuple(spoken),
    )
