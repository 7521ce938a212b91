"""The use case: compare by meaning what words did not bring together, after the stage has placed it.

In: texts that the stage asked to have heard. Out: verdicts on pairs of them, and the events of what those changed. Looked
for are texts within two weeks in which the person asked in the one is named in the other; only those are encoded, outside
any lock. Verdicts are recorded and the stories they touch grouped anew in one transaction under the deduplicators' lock.
A verdict is a function of two texts, so no order, crash or number of workers can show.
"""

import asyncio
import hashlib
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from libs.contracts.events import Event
from libs.contracts.pipeline import Lane
from libs.domain.fingerprints.words import split_words
from libs.domain.stories.identity import identity_of
from libs.domain.stories.meaning import (
    Background,
    Share,
    Vectors,
    background_sentences,
    make_background,
    make_voice,
    weigh,
)
from libs.domain.stories.meant import NOBODY, may_mean_one
from libs.domain.stories.naming import asked_keys, named_keys, spelling_keys
from libs.domain.stories.records import Cause, Note, Revision, Versions
from libs.domain.stories.sentences import sentences
from libs.domain.stories.texts import Article
from libs.runtime.logging import get_logger
from services.deduplicator.ports import Encoder, Stories, Voices
from services.deduplicator.regroup import regroup
from services.deduplicator.tell import tell

AT_ONCE = 8  # texts
PAIRS_AT_ONCE = 500  # compared in one go: their vectors are in memory
# Of a longer text the beginning is heard: three hours of talk. Comparing takes time and memory by the square of it.
MOST_SENTENCES = 1000
LANE = Lane.BACKFILL  # never before live news

PairKey = tuple[str, str]
log = get_logger("hear")


@dataclass(frozen=True, slots=True)
class Heard:
    """How many texts were heard, pairs compared, and the events of what that changed; no text when none was waiting."""

    texts: int = 0
    pairs: int = 0
    events: tuple[Event, ...] = ()


@dataclass(slots=True)
class Hear:
    """A few unheard texts to verdicts and changed stories."""

    voices: Voices
    stories: Stories
    encoder: Encoder
    versions: Versions = field(init=False)
    _background: Background | None = None

    def __post_init__(self) -> None:
        self.versions = Versions(self.encoder.versions, _digest(background_sentences()), self.encoder.sizes)

    async def __call__(self) -> Heard:
        """Hear a few texts."""
        async with self.voices.claim(AT_ONCE) as claimed:
            if not claimed:
                return Heard()
            await self._note(claimed)
            shares: dict[PairKey, Share] = {}
            pairs = sorted(await self._unjudged(claimed))
            for at in range(0, len(pairs), PAIRS_AT_ONCE):
                shares |= await self._shares(pairs[at : at + PAIRS_AT_ONCE])
            trace_id = uuid.uuid4().hex
            async with self.stories.book() as book:
                await book.hearing.put(shares, self.versions)
                dirty = await tell(book, await book.live(claimed))
                touched = await regroup(book, dirty, (), Cause(LANE, trace_id, None))
                await book.hearing.done(claimed)
        return Heard(len(claimed), len(shares), await self.stories.told(touched, LANE, trace_id))

    async def _note(self, text_ids: Collection[str]) -> None:
        """Write down whom these texts name and ask, and when: before others are looked up."""
        carriers, states = await self.voices.carriers(text_ids), await self.voices.states(text_ids)
        known = {text_id: (carriers[text_id], held) for text_id, held in states.items() if carriers[text_id]}
        await self.voices.note(await asyncio.to_thread(lambda: [_note(i, *held) for i, held in known.items()]))

    async def _unjudged(self, text_ids: Collection[str]) -> set[PairKey]:
        """The pairs of these texts that are worth comparing and have no verdict yet."""
        near = await self.voices.near(text_ids)
        ends = {i for pair in near for i in pair}
        identities = {i: identity_of(held) for i, held in (await self.voices.carriers(ends)).items()}
        named = await self.voices.named(ends)
        pairs = {
            (a, b)
            for a, b in near
            if may_mean_one(identities[a], identities[b], named.get(a, NOBODY), named.get(b, NOBODY))
        }
        return pairs - await self.voices.judged(pairs, self.versions)

    async def _shares(self, pairs: Collection[PairKey]) -> dict[PairKey, Share]:
        ends = {i for pair in pairs for i in pair}
        missing = ends - (await self.voices.vectors(ends, self.versions)).keys()
        for text_id, held in sorted((await self.voices.states(missing)).items()):
            vectors = await asyncio.to_thread(self._encoded, text_id, held)
            if vectors is not None:
                await self.voices.keep(text_id, vectors, self.versions)
        # Read back, so that a verdict never shows whether a vector was just made or kept.
        vectors_of = await self.voices.vectors(ends, self.versions)
        return await asyncio.to_thread(self._weighed, pairs, vectors_of)

    def _encoded(self, text_id: str, states: Sequence[Revision]) -> tuple[Vectors, ...] | None:
        """None where nothing is said, or the encoders fail: it stays where it is, and others are not held back."""
        said = spoken(states)
        if not said:
            return None
        try:
            return self.encoder.encode(said)
        except Exception:
            log.exception("text_not_encoded", text_id=text_id)
            return None

    def _weighed(self, pairs: Iterable[PairKey], vectors: Mapping[str, tuple[Vectors, ...]]) -> dict[PairKey, Share]:
        if self._background is None:
            self._background = make_background(self.encoder.encode(background_sentences()))
        voices = {text_id: make_voice(text_id, found, self._background) for text_id, found in vectors.items()}
        spreads = self._background.spreads
        return {(a, b): weigh(voices[a], voices[b], spreads) for a, b in sorted(pairs) if a in voices and b in voices}


def _note(text_id: str, carriers: Sequence[Article], states: Sequence[Revision]) -> Note:
    identity = identity_of(carriers)
    named = named_keys(split_words(states[0].body).words)  # the same words in all
    sought = asked_keys(identity.interviewees) | spelling_keys(identity.interviewees)
    return Note(text_id, named, sought, identity.published, _digest(spoken(states)))


def spoken(states: Iterable[Revision]) -> tuple[str, ...]:
    """What is said in a text: its carriers have the same words, but may set their stops otherwise."""
    cut = {sentences(state.body, state.turns, state.quotes) for state in states}
    return min(cut, key=lambda found: (_digest(found), found))[:MOST_SENTENCES]


def _digest(found: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(found).encode()).hexdigest()[:32]
