"""What is said in an article, cut into sentences, for judging by meaning.

In: a body with its turns and quotations. Out: sentences in order, with the words that they cover. Answers count where
there are any, else quotations, else (with fewer than two) everything. Questions and narrative between quotations are
left out.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from libs.domain.documents import Quote, Turn
from libs.domain.fingerprints.words import Words, split_words

# A piece with fewer words means too little by itself and goes with the one before it, or the one after a first one.
SENTENCE_WORDS = 5
# After a mark that ends a sentence: at a space, or at once where a script is written without spaces.
_END = re.compile("(?<=[.!?؟۔।…])[\"'”’»)\\]]*\\s+|(?<=[。！？])|\\n+")


@dataclass(frozen=True, slots=True)
class Sentence:
    """`first:end` are the words of the body from its beginning to its end, whatever stands in between."""

    text: str
    first: int
    end: int


def sentences(body: str, turns: Iterable[Turn], quotes: Iterable[Quote]) -> tuple[Sentence, ...]:
    """The sentences that somebody speaks in an article."""
    words = split_words(body)
    answers = [(t.start, t.end) for t in turns if t.role == "answer"]
    found = _joined(_pieces(body, words, answers or [(q.start, q.end) for q in quotes]))
    return tuple(found if len(found) > 1 else _joined(_pieces(body, words, [(0, len(body))])))


def _pieces(body: str, words: Words, spans: Iterable[tuple[int, int]]) -> Iterator[Sentence]:
    for start, end in spans:
        at = start
        for cut in [*(m.end() for m in _END.finditer(body, start, end)), end]:
            first, last = bisect_left(words.starts, at), bisect_left(words.starts, cut)
            if last > first:
                yield Sentence(body[at:cut].strip(), first, last)
            at = cut


def _joined(pieces: Iterable[Sentence]) -> list[Sentence]:
    found: list[Sentence] = []
    for piece in pieces:
        if found and min(_words(piece), _words(found[-1])) < SENTENCE_WORDS:
            before = found.pop()
            piece = Sentence(f"{before.text} {piece.text}", min(before.first, piece.first), max(before.end, piece.end))
        found.append(piece)
    return found


def _words(sentence: Sentence) -> int:
    return len(split_words(sentence.text))
