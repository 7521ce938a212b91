"""What is said in an article, cut into sentences, for judging by meaning.

In: a body with its turns and quotations. Out: sentences in order. Answers count where there are any, else quotations,
else (with fewer than two) everything. Questions and narrative between quotations are left out.
"""

import re
from collections.abc import Iterable, Iterator

from libs.domain.documents import Quote, Turn
from libs.domain.fingerprints.words import split_words

# A piece with fewer words means too little by itself and goes with the one before it, or the one after a first one.
SENTENCE_WORDS = 5
# After a mark that ends a sentence: at a space, or at once where a script is written without spaces.
_END = re.compile("(?<=[.!?؟۔।…])[\"'”’»)\\]]*\\s+|(?<=[。！？])|\\n+")


def sentences(body: str, turns: Iterable[Turn], quotes: Iterable[Quote]) -> tuple[str, ...]:
    """The sentences that somebody speaks in an article."""
    answers = [(t.start, t.end) for t in turns if t.role == "answer"]
    found = _joined(_pieces(body, answers or [(q.start, q.end) for q in quotes]))
    return tuple(found if len(found) > 1 else _joined(_pieces(body, [(0, len(body))])))


def _pieces(body: str, spans: Iterable[tuple[int, int]]) -> Iterator[str]:
    for start, end in spans:
        at = start
        for cut in [*(m.end() for m in _END.finditer(body, start, end)), end]:
            if _words(body[at:cut]):
                yield body[at:cut].strip()
            at = cut


def _joined(pieces: Iterable[str]) -> list[str]:
    found: list[str] = []
    for piece in pieces:
        if found and min(_words(piece), _words(found[-1])) < SENTENCE_WORDS:
            found[-1] += f" {piece}"
        else:
            found.append(piece)
    return found


def _words(piece: str) -> int:
    return len(split_words(piece))
