"""Stores how pages present and file their articles: of each the state of the newest capture that showed it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.adapters.postgres.revisions import Place, Row
from libs.adapters.postgres.tables import filings
from libs.domain.documents import ExtractedArticle

_SHOWN = ("image", "section", "tags", "paywall")
_NOTHING: tuple[object, ...] = (None, None, [], None)


def filing_row(place: Place, article_id: str, article: ExtractedArticle) -> Row:
    """The row of an article's filing."""
    captured_at, sha256 = place.order
    filing = article.filing
    return {
        "article_id": article_id,
        "captured_at": captured_at,
        "sha256": sha256,
        "image": filing.image,
        "section": filing.section,
        "tags": list(filing.tags),
        "paywall": filing.paywall,
    }


async def record_filings(
    connection: AsyncConnection, place: Place, ids: Sequence[str], found: Sequence[ExtractedArticle]
) -> set[str]:
    """Store what a capture says, unless a newer one has spoken; answers the articles whose filing now reads otherwise."""
    rows = [
        filing_row(place, key, article) for key, article in sorted(zip(ids, found, strict=True), key=lambda x: x[0])
    ]
    f = filings.c
    query = filings.select().where(f.article_id.in_(sorted(ids)))
    before = {row.article_id: _shown(row._mapping) for row in await connection.execute(query)}
    make = insert(filings).values(rows)
    newer = tuple_(f.captured_at, f.sha256) <= tuple_(make.excluded.captured_at, make.excluded.sha256)
    update = {name: make.excluded[name] for name in ("captured_at", "sha256", *_SHOWN)}
    statement = make.on_conflict_do_update(index_elements=["article_id"], set_=update, where=newer)
    after = {row.article_id: _shown(row._mapping) for row in await connection.execute(statement.returning(*f))}
    return {key for key, shown in after.items() if before.get(key, _NOTHING) != shown}


def _shown(row: Any) -> tuple[Any, ...]:
    return tuple(row[name] for name in _SHOWN)
