"""Verdicts on a set of articles by the pure functions alone, and an encoder whose languages are made up."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations

import numpy as np

from libs.domain.documents import InterviewFacts, Quote, Turn
from libs.domain.fingerprints.words import split_words
from libs.domain.stories.identity import identity_of
from libs.domain.stories.meaning import Vectors, background_sentences, make_background, make_voice, weigh
from libs.domain.stories.meant import Verdicts, may_mean_one
from libs.domain.stories.naming import named_keys
from libs.domain.stories.records import Revision
from libs.domain.stories.texts import Article, Text
from services.deduplicator.hear import spoken
from services.deduplicator.ports import Encoder


@dataclass(frozen=True, slots=True)
class Spoken:
    """An article's body with what is said in it."""

    body: str
    turns: tuple[Turn, ...]
    quotes: tuple[Quote, ...]


def verdicts_on(documents: Iterable[tuple[Article, Text, Spoken]], encoder: Encoder) -> Verdicts:
    """The verdicts on every two texts of a set that are worth comparing."""
    carriers: dict[str, list[Article]] = {}
    states: dict[str, list[Revision]] = {}
    for article, text, said in documents:
        carriers.setdefault(text.text_id, []).append(article)
        state = Revision("", article.article_id, said.body, said.turns, said.quotes, InterviewFacts(), True)
        states.setdefault(text.text_id, []).append(state)
    identities = {text_id: identity_of(held) for text_id, held in carriers.items()}
    named = {text_id: named_keys(split_words(held[0].body).words) for text_id, held in states.items()}
    pairs = [
        (a, b)
        for a, b in combinations(sorted(identities), 2)
        if may_mean_one(identities[a], identities[b], named[a], named[b])
    ]
    background = make_background(encoder.encode(background_sentences()))
    voices = {
        text_id: make_voice(text_id, _as_kept(encoder.encode(spoken(states[text_id]))), background)
        for text_id in sorted({i for pair in pairs for i in pair})
    }
    return Verdicts(named, {(a, b): weigh(voices[a], voices[b], background.spreads) for a, b in pairs})


def _as_kept(vectors: Sequence[Vectors]) -> list[Vectors]:
    return [v.astype("<f2").astype(np.float32) for v in vectors]


class MadeUpEncoder:
    """Hears a word by its letters before a digit: `sky1` and `sky2` are one word in two languages."""

    versions = "made up 1"
    sizes = (48, 64)

    def encode(self, sentences: Sequence[str]) -> tuple[Vectors, ...]:
        """Each sentence as the mean of its words' vectors."""
        return tuple(np.stack([_mean(s, size) for s in sentences]) for size in self.sizes)


def _mean(sentence: str, size: int) -> Vectors:
    words = [word.strip(".,?!").lower().rstrip("0123456789") for word in sentence.split()]
    total = sum((_vector(word, size) for word in words), np.zeros(size))
    unit: Vectors = (total / np.linalg.norm(total)).astype(np.float32)
    return unit


@cache
def _vector(word: str, size: int) -> np.ndarray:
    seed = int.from_bytes(hashlib.sha256(f"{size} {word}".encode()).digest()[:8])
    return np.random.default_rng(seed).normal(size=size)
