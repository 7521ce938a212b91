"""What makes a revision, and which article of a page a segment is.

A revision is a state of an article: title, bylines, body, turns, time. Comments alone make none. Revisions are ordered
by (captured_at, sha256 of the capture, reading), never by processing order. A segment's id is given once, by matching
against the page's previous state (equal title, then overlap of bodies); its place in the page is only its present position.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from libs.domain.documents import ExtractedArticle

ID_HEX = 32  # 128 bits of sha256
KEY_HEX = 8  # of an article's id, in the key of a segment that has left its page
SAME_BODY_OVERLAP = 0.5  # a segment that kept half of its words is the same article under a new headline
_WORD = re.compile(r"\w+")


def digest(*parts: str) -> str:
    """An id from its parts: 32 hex digits of their sha256, unambiguous about where a part ends."""
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()[:ID_HEX]


def page_id(url: str) -> str:
    """The id of the page at a canonical URL."""
    return digest("page", url)


def revision_id(article_id: str, capture_id: str, reading: int = 0) -> str:
    """The id of an article's state as one capture shows it.

    `reading` counts how often the capture was opened again: a state found by an earlier reading may meanwhile belong to
    an older capture, see `libs.adapters.postgres.revisions`.
    """
    return digest("revision", article_id, capture_id, *([str(reading)] if reading else []))


def content_hash(article: ExtractedArticle) -> str:
    """Equal exactly when two states of an article are the same revision."""
    turns = json.dumps([[t.role, t.speaker, t.start, t.end] for t in article.turns], ensure_ascii=False)
    facts = json.dumps(
        [article.kind, article.facts.interviewee, article.facts.broadcasters, article.facts.aired, article.credit],
        ensure_ascii=False,
    )
    return digest(
        article.title,
        "\n".join(article.bylines),
        article.body,
        turns,
        article.published or "",
        article.language or "",
        facts,
    )


def published_at(published: str | None) -> datetime | None:
    """An ISO time or date as an instant for sorting; a bare date counts as 00:00 UTC. None for what is no date."""
    if not published:
        return None
    try:
        moment = datetime.fromisoformat(published)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Segment:
    """An article as the page's previous state shows it."""

    article_id: str
    title: str
    body: str


def _fold(title: str) -> str:
    return " ".join(_WORD.findall(title.casefold()))


def _overlap(a: str, b: str) -> float:
    """Shared words over the words of the shorter text, with multiplicity; 0 to 1."""
    words_a, words_b = Counter(_WORD.findall(a.casefold())), Counter(_WORD.findall(b.casefold()))
    shorter = min(words_a.total(), words_b.total())
    return (words_a & words_b).total() / shorter if shorter else 0.0


def segment_ids(
    page: str, articles: Sequence[ExtractedArticle], before: Sequence[Segment], earlier: Sequence[Segment] = ()
) -> list[str]:
    """The article id of each article on the page with id `page`, in order.

    `before` is the page's previous state; `earlier` is what an earlier reading found in the same capture, for articles
    that the previous state does not know. A page with one article then and now keeps that article whatever changed.
    """
    if len(articles) == 1 and len(known := before or earlier) <= 1:
        return [known[0].article_id if known else digest("article", page)]
    found: list[str | None] = [None] * len(articles)
    _match(articles, before, found)
    taken = {segment.article_id for segment in before}
    _match(articles, [segment for segment in earlier if segment.article_id not in taken], found)
    if len(articles) == 1 and not before:
        return [found[0] or digest("article", page)]
    taken |= {article_id for article_id in found if article_id}
    return [article_id or _new_id(page, articles[i], taken) for i, article_id in enumerate(found)]


def _match(articles: Sequence[ExtractedArticle], known: Sequence[Segment], found: list[str | None]) -> None:
    """Give articles that have no id yet the id of the known segment that they are."""
    free = list(known)
    for i, article in enumerate(articles):
        if found[i] is not None:
            continue
        same = next((s for s in free if _fold(s.title) == _fold(article.title)), None)
        if same is not None:
            found[i] = same.article_id
            free.remove(same)
    for i, article in enumerate(articles):
        if found[i] is None and free:
            best = max(free, key=lambda s: (_overlap(s.body, article.body), s.article_id))
            if _overlap(best.body, article.body) >= SAME_BODY_OVERLAP:
                found[i] = best.article_id
                free.remove(best)


def _new_id(page: str, article: ExtractedArticle, taken: set[str]) -> str:
    """An id from the segment's title, so that it does not hang on which capture was read first."""
    n = 0
    while (candidate := digest("segment", page, _fold(article.title), str(n))) in taken:
        n += 1
    taken.add(candidate)
    return candidate


def article_key(url: str, article_id: str, position: int | None, segments: int) -> str:
    """The name by which people and tools call an article.

    The URL where the page holds one article, `URL#0`, `URL#1`, ... where it holds several; an article that has left its
    page since keeps the page's URL with the first digits of its id.
    """
    if position is None:
        return f"{url}#{article_id[:KEY_HEX]}"
    return url if segments == 1 else f"{url}#{position}"
