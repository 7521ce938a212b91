"""Editors' corrections as people see them, and the names by which they are asked for."""

from collections.abc import AsyncIterator, Collection, Mapping
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from libs.domain.revisions import article_key
from libs.domain.stories.grades import Reason

Json = dict[str, Any]

_MADE = """
SELECT correction_id, kind, who, why, recorded_at, revoked_at, revoked_by, revoked_why, erased FROM corrections
WHERE {which} ORDER BY correction_id"""
_ALL: Final = text(_MADE.format(which="true"))
_STANDING: Final = text(_MADE.format(which="revoked_at IS NULL"))
_ONE: Final = text(_MADE.format(which="correction_id = :number"))
_NAMING: Final = text(
    _MADE.format(
        which="""revoked_at IS NULL AND correction_id IN (
    SELECT correction_id FROM correction_articles WHERE article_id = ANY(CAST(:ids AS text[])))"""
    )
)
_ARTICLES: Final = text("""
SELECT correction_id, apart, article_id, position, segments, url FROM correction_articles
JOIN articles USING (article_id) JOIN pages USING (page_id) WHERE correction_id = ANY(CAST(:numbers AS bigint[]))""")
# Everything on the page that a URL names: its own, or one by which it was asked or that answered.
_ON_PAGE: Final = text("""
SELECT article_id, position, segments, url, withdrawn_reason FROM articles JOIN pages USING (page_id)
WHERE article_id = :name OR url = ANY(CAST(:urls AS text[])) OR page_id IN (
    SELECT page_id FROM captures WHERE asked_url = ANY(CAST(:urls AS text[])) AND page_id IS NOT NULL)
ORDER BY url, position NULLS LAST, article_id""")


async def corrections(engine: AsyncEngine, *, revoked: bool = False) -> AsyncIterator[Json]:
    """The standing decisions in the order in which they were made; with `revoked` also those taken back."""
    async with engine.connect() as connection:
        for one in await _told(connection, (await connection.execute(_ALL if revoked else _STANDING)).all()):
            yield one


async def correction(engine: AsyncEngine, number: int) -> Json:
    """One decision. Raises LookupError."""
    async with engine.connect() as connection:
        found = await _told(connection, (await connection.execute(_ONE, {"number": number})).all())
    if not found:
        raise LookupError(number)
    return found[0]


async def corrections_naming(connection: AsyncConnection, article_ids: Collection[str]) -> list[Json]:
    """The standing decisions that name one of these articles."""
    return await _told(connection, (await connection.execute(_NAMING, {"ids": sorted(article_ids)})).all())


async def named(engine: AsyncEngine, name: str) -> dict[str, str | None]:
    """The articles that a URL, a key or an id names, also withdrawn ones: why each was withdrawn, None where not.

    A URL without a segment names everything on its page.
    """
    page = name.rpartition("#")[0] or name
    async with engine.connect() as connection:
        rows = (await connection.execute(_ON_PAGE, {"name": name, "urls": [name, page]})).all()
    exact = [r for r in rows if name in (article_key(r.url, r.article_id, r.position, r.segments), r.article_id)]
    if not exact and not _is_segment(name):
        exact = list(rows)
    return {row.article_id: row.withdrawn_reason for row in exact}


def _is_segment(name: str) -> bool:
    """Whether a URL ends like the key of one of several articles, not in an anchor of its page."""
    return name.rpartition("#")[2].isdigit() and "#" in name


async def reasons_between(connection: AsyncConnection, one: str, other: str) -> list[Reason]:
    """What editors decided about two articles, as reasons of their link, in the order of the decisions."""
    found = await _told(
        connection, (await connection.execute(_NAMING, {"ids": sorted({one, other})})).all(), keys=False
    )
    reasons = []
    for decision in found:
        sides = dict.fromkeys(decision["articles"], False) | dict.fromkeys(decision["apart"], True)
        about = [sides[article] for article in (one, other) if article in sides]
        words = _WORDS.get((decision["kind"], len(about) == 2, len(set(about)) == 2))
        if words:
            said = f"{words}, by correction {decision['correction_id']} of {decision['who']}: {decision['why']}"
            reasons.append(Reason(decision["kind"], 1, 1, said))
    return reasons


# kind, whether both are named, whether they are on two sides of it
_WORDS: Final[Mapping[tuple[str, bool, bool], str]] = {
    ("merge", True, False): "an editor made them one story",
    ("split", True, True): "an editor keeps their stories apart",
    ("pin", False, False): "an editor chose one of them as the lead of its story",
}


async def _told(connection: AsyncConnection, rows: Collection[Any], *, keys: bool = True) -> list[Json]:
    """Rows as people read them: articles by key, or by id."""
    numbers = {"numbers": [row.correction_id for row in rows]}
    names: dict[tuple[int, bool], list[str]] = {}
    for a in await connection.execute(_ARTICLES, numbers):
        name = article_key(a.url, a.article_id, a.position, a.segments) if keys else a.article_id
        names.setdefault((a.correction_id, a.apart), []).append(name)
    return [
        {
            "correction_id": row.correction_id,
            "kind": row.kind,
            "articles": sorted(names.get((row.correction_id, False), ())),
            "apart": sorted(names.get((row.correction_id, True), ())),
            "who": row.who,
            "why": row.why,
            "at": row.recorded_at.isoformat(),
            "erased": row.erased,
            "revoked": row.revoked_at
            and {"who": row.revoked_by, "why": row.revoked_why, "at": row.revoked_at.isoformat()},
        }
        for row in rows
    ]
