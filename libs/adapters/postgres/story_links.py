"""The links of articles as people and programs see them: with keys, directions, and passages as character offsets.

Links are kept between texts. An article shows those of its text, towards the first published carrier of each other
text; carriers of one body are copies of the first of them.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from libs.adapters.postgres.queries.articles import article_key
from libs.adapters.postgres.stories import PostgresBook
from libs.adapters.postgres.story_rows import article_of, pair_of
from libs.domain.fingerprints.words import Words, split_words
from libs.domain.stories.grades import Reason, grade
from libs.domain.stories.identity import identity_of, relation
from libs.domain.stories.leads import direction
from libs.domain.stories.pairs import Pair, compare
from libs.domain.stories.texts import Article

Json = dict[str, Any]
_CARRIERS: Final = text("""
SELECT c.text_id, c.article_id, c.in_focus, a.position, a.segments, a.story_id, p.url, p.declared_original, r.body,
       r.outlet, r.publisher, r.title, r.published, r.language, r.credit, r.kind, r.interviewee, r.broadcasters,
       r.interviewers, r.aired, r.questions
FROM carriers c JOIN articles a USING (article_id) JOIN pages p USING (page_id)
     JOIN revisions r ON r.revision_id = c.revision_id
WHERE c.text_id = ANY(CAST(:ids AS text[])) AND a.withdrawn_reason IS NULL""")
_LINKS: Final = text("""
SELECT * FROM links WHERE live AND type IS NOT NULL AND a = ANY(CAST(:ids AS text[]))
UNION SELECT * FROM links WHERE live AND type IS NOT NULL AND b = ANY(CAST(:ids AS text[]))""")
_TEXTS_OF: Final = text("SELECT article_id, text_id FROM carriers WHERE article_id = ANY(CAST(:ids AS text[]))")


@dataclass(frozen=True, slots=True)
class Shown:
    """An article with what is needed to show passages in it."""

    article: Article
    key: str
    story_id: str | None
    text_id: str
    body: str
    words: Words


async def links_of(connection: AsyncConnection, article_ids: Collection[str]) -> dict[str, list[Json]]:
    """For each article its links, in the order of the other articles' keys."""
    text_of = {r.article_id: r.text_id for r in await connection.execute(_TEXTS_OF, {"ids": sorted(article_ids)})}
    rows = (await connection.execute(_LINKS, {"ids": sorted(set(text_of.values()))})).all()
    held = await _carriers(connection, {i for r in rows for i in (r.a, r.b)} | set(text_of.values()))
    by_text: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        by_text[row.a].append(row)
        by_text[row.b].append(row)
    found: dict[str, list[Json]] = {article_id: [] for article_id in article_ids}
    for mine in (s for text_id in set(text_of.values()) for s in held[text_id] if s.article.article_id in found):
        links = [_copy(mine, other) for other in _copies(mine, held[mine.text_id])]
        for row in by_text[mine.text_id]:
            others = held[row.b if row.a == mine.text_id else row.a]
            links += [_link(mine, other, row) for other in others[:1]]
        found[mine.article.article_id] = sorted(links, key=lambda link: (link["key"], link["type"]))
    return found


async def why(engine: AsyncEngine, one: str, other: str) -> Json | None:
    """The link of two articles (by id), or what was missing for one; None when one of them has no text yet."""
    async with engine.connect() as connection:
        text_of = {r.article_id: r.text_id for r in await connection.execute(_TEXTS_OF, {"ids": [one, other]})}
        held = await _carriers(connection, set(text_of.values()))
        shown = {s.article.article_id: s for carriers in held.values() for s in carriers}
        if one not in shown or other not in shown:
            return None
        a, b = shown[one], shown[other]
        rows = (await connection.execute(_LINKS, {"ids": [a.text_id]})).all()
        row = next((r for r in rows if {r.a, r.b} == {a.text_id, b.text_id}), None)
        if a.text_id == b.text_id:
            link, reasons = _copy(a, b), [Reason("copy", 1000, 500, "both articles have the same words")]
        elif row is not None:
            link, reasons = _link(a, b, row), [Reason(**r) for r in row.reasons]
        else:
            link, reasons = None, await _missing(connection, a, b)
    said = relation(identity_of([a.article]), identity_of([b.article]))
    reasons.append(Reason("stated_interview", int(said == "match"), 1, _STATED[said]))
    return {
        "a": a.key,
        "b": b.key,
        "same_story": a.story_id is not None and a.story_id == b.story_id,
        "verdict": link["type"] if link else "none",
        "link": link,
        "reasons": [asdict(reason) for reason in reasons],
    }


_STATED: Final = {
    "match": "both say that the same person was asked by the same outlet or interviewer",
    "conflict": "they tell of the same person, but name other outlets or interviewers, or days far apart",
    "unknown": "what they say about who was asked by whom decides nothing",
}


async def _missing(connection: AsyncConnection, one: Shown, other: Shown) -> list[Reason]:
    """How far two unlinked articles are from a link."""
    book = PostgresBook(connection)
    texts = await book.texts([one.text_id, other.text_id])
    marks = {text_id: t.marked for text_id, t in texts.items()}
    pair = compare(texts[one.text_id].text, texts[other.text_id].text, marks)
    known = await book.boilerplate({p.hash for p in pair.prints})
    dull = {text_id: t.dull_words for text_id, t in texts.items()}
    return list(grade(pair, known, dull_a=dull[pair.a], dull_b=dull[pair.b]).reasons)


async def _carriers(connection: AsyncConnection, text_ids: Collection[str]) -> dict[str, list[Shown]]:
    """The articles of each text, first published first."""
    found: dict[str, list[Shown]] = {text_id: [] for text_id in text_ids}
    for row in await connection.execute(_CARRIERS, {"ids": sorted(text_ids)}):
        key = article_key(row.url, row.article_id, row.position, row.segments)
        words = split_words(row.body)
        found[row.text_id].append(Shown(article_of(row), key, row.story_id, row.text_id, row.body, words))
    return {text_id: sorted(shown, key=lambda s: s.article.rank) for text_id, shown in found.items()}


def _copies(mine: Shown, carriers: Sequence[Shown]) -> Iterable[Shown]:
    """The first of its carriers shows all others; the others show the first."""
    return carriers[1:] if carriers[0] is mine else carriers[:1]


def _copy(mine: Shown, other: Shown) -> Json:
    words = len(mine.words)
    whole = {"words": words, "exact_words": words, "quoted": False, **_spans(mine, other, (0, words), (0, words))}
    return _shape(mine, other, "copy", (1000, 1000), words, [whole] if words else [])


def _link(mine: Shown, other: Shown, row: Row[Any]) -> Json:
    pair = pair_of(row)
    first = pair.a == mine.text_id
    coverage = (row.coverage_a, row.coverage_b) if first else (row.coverage_b, row.coverage_a)
    passages = [_passage(mine, other, pair, n, first) for n in range(len(pair.passages))]
    return _shape(mine, other, row.type, coverage, row.longest_run, sorted(passages, key=lambda p: p["a"]))


def _shape(
    mine: Shown, other: Shown, type_: str, coverage: tuple[int, int], longest: int, passages: list[Json]
) -> Json:
    return {
        "key": other.key,
        "type": type_,
        "direction": str(direction(mine.article, other.article).direction),
        "coverage": {"self": coverage[0] / 1000, "other": coverage[1] / 1000},
        "longest_run": longest,
        "passages": passages,
    }


def _passage(mine: Shown, other: Shown, pair: Pair, n: int, first: bool) -> Json:
    passage = pair.passages[n]
    spoken = sum(max(0, min(end, passage.a[1]) - max(start, passage.a[0])) for start, end in pair.spoken)
    own, theirs = (passage.a, passage.b) if first else (passage.b, passage.a)
    return {
        "words": passage.words,
        "exact_words": passage.exact_words,
        "quoted": 2 * spoken >= passage.exact_words,
        **_spans(mine, other, own, theirs),
    }


def _spans(mine: Shown, other: Shown, own: tuple[int, int], theirs: tuple[int, int]) -> Mapping[str, Any]:
    start, end = mine.words.span(*own)
    return {"a": [start, end], "b": list(other.words.span(*theirs)), "text": mine.body[start:end]}
