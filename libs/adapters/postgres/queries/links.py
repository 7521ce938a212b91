"""The links of articles with their passages in characters, and what one link rests on or lacks.

The deduplicator links texts, which several articles may carry, and counts in words; people ask about articles and
read characters. Only what was judged for an article's current revision is shown.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from libs.adapters.postgres.queries.corrections import reasons_between
from libs.adapters.postgres.story_rows import article_of, pair_of, stored_text
from libs.domain.fingerprints.words import Words, split_words
from libs.domain.revisions import article_key
from libs.domain.stories.grades import Reason
from libs.domain.stories.identity import Relation, identity_of, relation
from libs.domain.stories.leads import direction
from libs.domain.stories.pairs import Pair, compare
from libs.domain.stories.passages import Passage
from libs.domain.stories.texts import Article

Json = dict[str, Any]
SHOWN_RUN: Final = 15  # equal words in a row that two texts must share to be compared (DESIGN 4.1)
# Two thousand papers print one agency text: listing each beside each would be four million links.
SHOWN_CARRIERS: Final = 20

# Every carrier of a text with its rank, the first published first, and how many there are.
_CARRIERS = """
SELECT c.text_id, c.article_id, c.in_focus, p.url, p.declared_original, p.gone_at IS NOT NULL AS gone,
    r.outlet, r.publisher, r.title, r.published, r.language, r.credit, r.kind, r.interviewee, r.broadcasters, r.interviewers, r.aired, r.questions,
    {body} a.position, a.segments, a.story_id
FROM carriers c JOIN articles a USING (article_id) JOIN pages p USING (page_id)
    JOIN revisions r ON r.revision_id = c.revision_id
    {ranked}
WHERE a.withdrawn_reason IS NULL AND a.revision_id = c.revision_id {which}"""
_NAMED: Final = text(
    _CARRIERS.format(body="r.body, 1 AS carriers,", ranked="", which="AND c.article_id = ANY(CAST(:ids AS text[]))")
)
_FIRST: Final = text(
    _CARRIERS.format(
        body="r.body, ranked.carriers,",
        ranked="""JOIN (
    SELECT c.article_id, count(*) OVER (PARTITION BY c.text_id) AS carriers, row_number() OVER (
        PARTITION BY c.text_id ORDER BY r.published_at NULLS LAST, p.url, c.article_id) AS rank
    FROM carriers c JOIN articles a USING (article_id) JOIN pages p USING (page_id)
        JOIN revisions r ON r.revision_id = c.revision_id
    WHERE a.withdrawn_reason IS NULL AND a.revision_id = c.revision_id AND c.text_id = ANY(CAST(:ids AS text[]))
    ) AS ranked ON ranked.article_id = c.article_id""",
        which="AND ranked.rank <= :shown",
    )
)
_LINKS: Final = text("""
SELECT * FROM links WHERE live AND type IS NOT NULL AND a = ANY(CAST(:texts AS text[]))
UNION SELECT * FROM links WHERE live AND type IS NOT NULL AND b = ANY(CAST(:texts AS text[]))""")
_LINK: Final = text("SELECT * FROM links WHERE live AND ((a = :one AND b = :other) OR (a = :other AND b = :one))")
_TEXTS: Final = text("""
SELECT text_id, words, codes, spoken, dull_words FROM texts WHERE text_id = ANY(CAST(:texts AS text[]))""")


@dataclass(frozen=True, slots=True)
class Side:
    """An article with its text's words. `carriers`: how many articles carry the text, where that was asked."""

    article: Article
    text_id: str
    key: str
    story_id: str | None
    body: str
    words: Words
    carriers: int


async def links_of(connection: AsyncConnection, article_ids: Sequence[str]) -> dict[str, list[Json]]:
    """For each article its links, in the order of the other articles' keys.

    Of a text that many articles carry the first published `SHOWN_CARRIERS` are listed; `carriers` counts all of them.
    """
    mine = await _named(connection, article_ids)
    links = (await connection.execute(_LINKS, {"texts": sorted({side.text_id for side in mine})})).all()
    texts = {text_id for link in links for text_id in (link.a, link.b)} | {side.text_id for side in mine}
    carrying: dict[str, list[Side]] = defaultdict(list)
    for side in await _first_of(connection, texts):
        carrying[side.text_id].append(side)
    of_text: dict[str, list[Row[Any]]] = defaultdict(list)
    for link in links:
        of_text[link.a].append(link)
        of_text[link.b].append(link)
    found = {side.article.article_id: _all_of(side, of_text[side.text_id], carrying) for side in mine}
    return {article_id: found.get(article_id, []) for article_id in article_ids}


async def why(engine: AsyncEngine, one_id: str, other_id: str) -> Json | None:
    """The link of two articles with its reasons, or what is missing for one; None while either is not judged yet.

    `{"a", "b", "same_story", "verdict", "link", "reasons"}`; in `link` offsets `a` are of the first article.
    """
    async with engine.connect() as connection:
        sides = {s.article.article_id: s for s in await _named(connection, [one_id, other_id])}
        if one_id not in sides or other_id not in sides:
            return None
        one, other = sides[one_id], sides[other_id]
        row = (await connection.execute(_LINK, {"one": one.text_id, "other": other.text_id})).one_or_none()
        reasons = [Reason(**reason) for reason in row.reasons] if row else []
        if one.text_id == other.text_id:
            link: Json | None = _same_text(one, other)
            reasons = [Reason("same_text", 1, 1, "both have the same words, spoken and told alike")]
        else:
            link = _between(one, other, row) if row is not None and row.type else None
            if row is None:
                reasons = [await _shared_run(connection, one, other)]
            reasons.append(_identity(one, other))
        reasons += await reasons_between(connection, one_id, other_id)
    return {
        "a": one.key,
        "b": other.key,
        "same_story": one.story_id is not None and one.story_id == other.story_id,
        "verdict": link["type"] if link else "none",
        "link": link,
        "reasons": [{"rule": r.rule, "value": r.value, "threshold": r.threshold, "text": r.text} for r in reasons],
    }


async def _named(connection: AsyncConnection, article_ids: Collection[str]) -> list[Side]:
    return [_side(row) for row in await connection.execute(_NAMED, {"ids": sorted(article_ids)})]


async def _first_of(connection: AsyncConnection, text_ids: Collection[str]) -> list[Side]:
    """The first carriers of each text."""
    return [_side(row) for row in await connection.execute(_FIRST, {"ids": sorted(text_ids), "shown": SHOWN_CARRIERS})]


def _side(row: Row[Any]) -> Side:
    key = article_key(row.url, row.article_id, row.position, row.segments)
    return Side(article_of(row), row.text_id, key, row.story_id, row.body, split_words(row.body), row.carriers)


def _all_of(side: Side, links: Sequence[Row[Any]], carrying: dict[str, list[Side]]) -> list[Json]:
    found = [_counted(_same_text(side, twin), twin) for twin in carrying[side.text_id] if twin.key != side.key]
    for link in links:
        others = carrying[link.b if link.a == side.text_id else link.a]
        found += [_counted(_between(side, other, link), other) for other in others]
    return sorted(found, key=lambda link: link["key"])


def _counted(link: Json, other: Side) -> Json:
    return {**link, "carriers": other.carriers}


def _between(one: Side, other: Side, link: Row[Any]) -> Json:
    """A stored link seen from `one`."""
    is_a = link.a == one.text_id
    pair = pair_of(link)
    passages = [_passage(one, other, passage, pair, is_a=is_a) for passage in pair.passages]
    coverage = (link.coverage_a, link.coverage_b) if is_a else (link.coverage_b, link.coverage_a)
    return {
        "key": other.key,
        "type": link.type,
        "direction": str(direction(one.article, other.article).direction),
        "coverage": {"self": coverage[0] / 1000, "other": coverage[1] / 1000},
        "longest_run": link.longest_run,
        "passages": sorted(passages, key=lambda passage: passage["a"]),
    }


def _passage(one: Side, other: Side, passage: Passage, pair: Pair, *, is_a: bool) -> Json:
    mine, theirs = (passage.a, passage.b) if is_a else (passage.b, passage.a)
    start, end = one.words.span(*mine)
    runs = [(run.a, run.a + run.words) for run in passage.runs]
    spoken = sum(max(0, min(e, end_) - max(s, start_)) for s, e in runs for start_, end_ in pair.spoken)
    return {
        "a": [start, end],
        "b": list(other.words.span(*theirs)),
        "words": passage.words,
        "exact_words": passage.exact_words,
        "quoted": 2 * spoken >= passage.exact_words,
        "text": one.body[start:end],
    }


def _same_text(one: Side, other: Side) -> Json:
    """Two carriers of one text: all of it is one passage."""
    count = len(one.words)
    whole = [] if not count else [(one.words.span(0, count), other.words.span(0, count))]
    return {
        "key": other.key,
        "type": "copy",
        "direction": str(direction(one.article, other.article).direction),
        "coverage": {"self": 1.0, "other": 1.0},
        "longest_run": count,
        "passages": [
            {
                "a": list(a),
                "b": list(b),
                "words": count,
                "exact_words": count,
                "quoted": False,
                "text": one.body[a[0] : a[1]],
            }
            for a, b in whole
        ],
    }


async def _shared_run(connection: AsyncConnection, one: Side, other: Side) -> Reason:
    """Why two texts were not even compared, or share boilerplate only."""
    rows = await connection.execute(_TEXTS, {"texts": sorted({one.text_id, other.text_id})})
    texts = {row.text_id: stored_text(row) for row in rows}
    pair = compare(texts[one.text_id].text, texts[other.text_id].text, {i: t.marked for i, t in texts.items()})
    longest = max((run.words for passage in pair.passages for run in passage.runs), default=0)
    if pair.prints:
        return Reason("boilerplate", pair.exact_words, 0, f"all {pair.exact_words} shared words are boilerplate")
    if not longest:
        return Reason("shared_run", 0, SHOWN_RUN, "they share no 8 words in a row")
    return Reason("shared_run", longest, SHOWN_RUN, f"the longest run of equal words has {longest}")


def _identity(one: Side, other: Side) -> Reason:
    """What both say about their interview."""
    found = relation(identity_of([one.article]), identity_of([other.article]))
    words = {
        Relation.MATCH: "both name the same person and broadcaster",
        Relation.CONFLICT: "they name different interviews: such a conflict keeps weaker links from joining",
        Relation.UNKNOWN: "they do not say enough about an interview to be one, or two",
    }
    return Reason("interview", int(found is Relation.MATCH), 1, words[found])
