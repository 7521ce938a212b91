"""The two things that stories are made of: articles, and the texts (nodes) that they carry.

Articles whose bodies have the same words, spoken and told alike, carry one text; everything that compares words is
done once per text. A text's id is a hash of its content, so it can break ties without knowing what arrived when.
"""

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from libs.domain.documents import ArticleKind, InterviewFacts, Quote, Turn
from libs.domain.fingerprints import grams
from libs.domain.fingerprints.words import Words, split_words

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Article:
    """A current revision, as far as stories depend on it."""

    article_id: str
    url: str
    segment: str  # what tells the articles of one page apart; same for ever
    outlet: str
    publisher: str
    title: str
    published: str | None = None
    language: str | None = None
    credit: str | None = None
    declared_original: str | None = None
    kind: ArticleKind = ArticleKind.REPORT
    facts: InterviewFacts = field(default_factory=InterviewFacts)
    in_focus: bool = False  # the person asked does most of the talking (`retold.in_focus`)
    gone: bool = False  # its page is not there any more

    @property
    def rank(self) -> tuple[float, str, str]:
        """Order of "first": publication, unknown last; then URL and segment."""
        return moment(self.published), self.url, self.segment


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """Words as numbers, with a flag for each word that somebody speaks (an answer or a quotation)."""

    text_id: str  # 32 hex digits
    codes: grams.Codes
    spoken: Flags

    def __len__(self) -> int:
        return len(self.codes)


@dataclass(frozen=True, slots=True, eq=False)
class Marked:
    """A text's fingerprints, sorted: where each stands first, and whether it stands in the narrative somewhere."""

    hashes: grams.Grams
    positions: NDArray[np.int32]  # word at which the gram starts
    told: Flags  # outside answers and quotations


def moment(published: str | None) -> float:
    """Seconds since 1970 of an ISO time; a bare date counts from 00:00 UTC; what nobody can read is infinity."""
    parsed = read_time(published)
    if parsed is None:
        return math.inf
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()


def read_time(iso: str | None) -> datetime | None:
    """A date or time as articles state it; none when it is no such thing: one bad fact must not stop a whole story."""
    try:
        return datetime.fromisoformat(iso) if iso else None
    except ValueError:
        return None


def make_text(body: str, turns: Iterable[Turn] = (), quotes: Iterable[Quote] = ()) -> Text:
    """The text of an article's body; answers and quotations are marked as spoken."""
    spans = [(t.start, t.end) for t in turns if t.role == "answer"] + [(q.start, q.end) for q in quotes]
    return text_of(split_words(body), spans)


def text_of(words: Words, spoken: Sequence[tuple[int, int]]) -> Text:
    """The text of `words`; `spoken` are character ranges of what somebody says."""
    flags = spoken_words(words, spoken)
    digest = hashlib.sha256(f"{grams.VERSION}\n".encode())
    digest.update("\n".join(words.words).encode())
    digest.update(np.packbits(flags).tobytes())
    return Text(digest.hexdigest()[:32], grams.word_codes(words.words), flags)


def spoken_words(words: Words, spans: Sequence[tuple[int, int]]) -> Flags:
    """For each word, whether it lies in one of the character ranges `spans`."""
    flags = np.zeros(len(words), dtype=bool)
    starts = np.array(words.starts, dtype=np.int64)
    for start, end in spans:
        flags[np.searchsorted(starts, start) : np.searchsorted(starts, end)] = True
    return flags


def mark(text: Text) -> Marked:
    """The text's fingerprints. One that stands both in speech and in the narrative counts as told."""
    hashes = grams.grams(text.codes)
    chosen = grams.winnow(hashes)
    places = np.flatnonzero(grams.contains(chosen, hashes))
    before = np.concatenate(([0], np.cumsum(text.spoken)))  # spoken words before each place
    spoken = before[places + grams.GRAM_WORDS] > before[places]
    order = np.lexsort((places, spoken, hashes[places]))  # told before spoken, then the first place
    places, spoken = places[order], spoken[order]
    first = np.searchsorted(hashes[places], chosen)
    return Marked(chosen, places[first].astype(np.int32), ~spoken[first])


def longer_first(a: Text, b: Text) -> tuple[Text, Text]:
    """The one order in which two texts are compared, whichever came first."""
    return (a, b) if (-len(a), a.text_id) <= (-len(b), b.text_id) else (b, a)
