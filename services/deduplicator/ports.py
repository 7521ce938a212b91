"""What the deduplicator needs from its store, as protocols; PostgreSQL implements them in `libs.adapters.postgres`.

A `Book` is one transaction under the one lock that all deduplicators share: what is read through it is the state after
every batch that was committed before, and nobody else writes until it ends.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

from libs.contracts.events import Event
from libs.contracts.pipeline import Lane
from libs.domain.stories.boilerplate import Witness
from libs.domain.stories.corrections import Correction, CorrectionKind
from libs.domain.stories.grades import LinkType
from libs.domain.stories.links import Link
from libs.domain.stories.meaning import Share, Vectors
from libs.domain.stories.meant import Verdicts
from libs.domain.stories.naming import Keys
from libs.domain.stories.pairs import Pair
from libs.domain.stories.records import (
    Carrier,
    Cause,
    Made,
    Note,
    Placing,
    Revision,
    Standing,
    StoredLink,
    StoredText,
    Subject,
    Touched,
    Versions,
)
from libs.domain.stories.texts import Article


@dataclass(slots=True)
class Tally:
    """What a batch did, counted on the way for the metrics."""

    compared: int = 0  # pairs, word by word
    links: Counter[LinkType] = field(default_factory=Counter)  # that got this type


class Edits(Protocol):
    """What an editor's decision reads and writes beside texts and stories, in the book's transaction."""

    async def subjects(self, article_ids: Collection[str]) -> dict[str, Subject]:
        """Those that exist, by id."""
        ...

    async def members(self, story_ids: Collection[str]) -> dict[str, list[str]]:
        """The articles of each story that has some."""
        ...

    async def find(self, number: int) -> Made | None: ...

    async def standing(self, kind: CorrectionKind, article_ids: Collection[str]) -> dict[str, list[int]]:
        """For each article the standing corrections of this kind that name it, in order; without one it is left out."""
        ...

    async def make(
        self, kind: CorrectionKind, articles: Collection[str], apart: Collection[str], who: str, why: str
    ) -> int:
        """Record a decision; answer its number."""
        ...

    async def revoke(self, number: int, who: str, why: str) -> None: ...

    async def withdraw(self, article_ids: Collection[str], who: str, why: str, trace_id: str) -> None:
        """Mark articles as withdrawn and end their current revisions so."""
        ...

    async def whole_pages(self, article_ids: Collection[str]) -> set[str]:
        """All articles of the pages of these; the pages are locked, so there will be no more."""
        ...

    async def erased(self, article_ids: Collection[str]) -> int | None:
        """The decision by which one of these was erased before."""
        ...

    async def states(self, article_ids: Collection[str]) -> list[str]:
        """All revisions of these articles, also old ones."""
        ...

    async def erase(self, number: int, article_ids: Collection[str], text_ids: Collection[str]) -> tuple[str, ...]:
        """Remove all words of articles and of texts that nobody carries, and refuse their pages from now on.

        Answers the sha256 of captured bytes that are still to be removed.
        """
        ...

    async def readmit(self, article_ids: Collection[str]) -> list[str]:
        """Take the mark off again; answer the current revisions, which have no end now."""
        ...


class Hearing(Protocol):
    """What sentence meaning reads and writes in the book's transaction."""

    async def want(self, text_ids: Collection[str]) -> None:
        """Have these texts heard (again), as what carries them changed; does nothing where meaning is off."""
        ...

    async def verdicts(self, text_ids: Collection[str]) -> Verdicts:
        """What is known of these texts with any live one, and whom all of those name; only shares that speak for one."""
        ...

    async def put(self, shares: Mapping[tuple[str, str], Share], versions: Versions) -> None:
        """Record verdicts, by the smaller and the greater id."""
        ...

    async def done(self, claimed: Mapping[str, int]) -> None:
        """These texts were heard as they were when they were claimed."""
        ...


class Book(Protocol):
    """One transaction under the lock."""

    @property
    def hearing(self) -> Hearing: ...

    @property
    def edits(self) -> Edits: ...

    async def current(self, article_ids: Collection[str]) -> dict[str, str]:
        """The current revision of each article that is not withdrawn."""
        ...

    async def carried(self, article_ids: Collection[str]) -> dict[str, str]:
        """The text that each article carries so far."""
        ...

    async def carry(self, carriers: Sequence[Carrier]) -> None:
        """Register what each article carries now."""
        ...

    async def uncarry(self, article_ids: Collection[str]) -> None:
        """Forget what these articles carry."""
        ...

    async def carriers(self, text_ids: Collection[str]) -> dict[str, list[Article]]:
        """The registered articles of each text."""
        ...

    async def live(self, text_ids: Collection[str]) -> set[str]:
        """Which of these texts are in the set already."""
        ...

    async def add_texts(self, texts: Sequence[StoredText]) -> None:
        """Put texts into the set, with their fingerprints."""
        ...

    async def retire(self, text_ids: Collection[str]) -> None:
        """Take texts out of the set; they and their links stay as history."""
        ...

    async def texts(self, text_ids: Collection[str]) -> dict[str, StoredText]: ...

    async def having(self, hashes: Collection[int]) -> dict[int, set[str]]:
        """The live texts that have each fingerprint."""
        ...

    async def boilerplate(self, hashes: Collection[int]) -> dict[int, Witness]:
        """Which of these fingerprints are boilerplate, and the texts that show it."""
        ...

    async def put_boilerplate(self, found: Mapping[int, Witness]) -> None: ...

    async def drop_boilerplate(self, hashes: Collection[int]) -> None: ...

    async def dull(self, text_ids: Collection[str]) -> dict[str, int]:
        """How many words of each text are boilerplate."""
        ...

    async def set_dull(self, dull_words: Mapping[str, int]) -> None: ...

    async def links(self, text_ids: Collection[str]) -> list[StoredLink]:
        """All live links that touch one of these texts."""
        ...

    async def links_between(self, pairs: Collection[tuple[str, str]]) -> list[StoredLink]:
        """The live links of these pairs (longer text first)."""
        ...

    async def strangers_among(self, text_ids: Collection[str]) -> list[Pair]:
        """The live pairs among these texts that may share boilerplate only."""
        ...

    async def candidates_of(self, text_ids: Collection[str]) -> list[StoredLink]:
        """The live links that touch one of these texts and would stand without a shared word."""
        ...

    async def standing(self, text_ids: Collection[str]) -> list[Standing]:
        """All live links that touch one of these texts, without their passages."""
        ...

    async def asides_of(self, least: Mapping[str, int]) -> list[Pair]:
        """The live pairs that share little and nothing else (`boilerplate.aside`), of those texts that have enough.

        `least` says how many that is for each text.
        """
        ...

    async def put_links(self, links: Sequence[StoredLink]) -> None: ...

    async def drop_links(self, pairs: Collection[tuple[str, str]]) -> None: ...

    async def set_types(self, links: Mapping[tuple[str, str], Link]) -> None:
        """Write the type and reasons of links as they stand after grouping."""
        ...

    async def lengths(self, text_ids: Collection[str]) -> dict[str, int]:
        """Words of each text."""
        ...

    async def link_types(self, text_ids: Collection[str]) -> dict[str, set[str]]:
        """The types of each text's live links."""
        ...

    async def tell(self, facts: Mapping[str, tuple[Collection[str], float]]) -> None:
        """By what each text can be looked up as telling of an interview: person keys (none: not at all), and when."""
        ...

    async def told_like(self, text_ids: Collection[str]) -> dict[str, set[str]]:
        """For each text, live texts that share a person key with it and were published within the window."""
        ...

    async def joined_to(self, text_ids: Collection[str]) -> set[str]:
        """Texts one step away by a link that joins, a candidate for identity, a verdict, or an editor's merge."""
        ...

    async def story_mates(self, text_ids: Collection[str]) -> set[str]:
        """All texts that stand in a story with one of these texts so far."""
        ...

    async def corrections(self, text_ids: Collection[str]) -> list[Correction]:
        """The standing merges, splits and pins that name an article which carries one of these texts."""
        ...

    async def placings(self, text_ids: Collection[str]) -> dict[str, Placing]:
        """Where the articles that carry these texts stand so far, by article id; unplaced ones are left out."""
        ...

    async def place(
        self,
        placings: Sequence[Placing],
        renewed: Collection[str],
        leads: Mapping[str, str],
        cause: Cause,
        successors: Mapping[str, str],
    ) -> Touched:
        """Write placings and the stories that follow from them.

        `renewed` articles have a new text; `leads` has the lead of every story of these placings; `successors` says
        where each story's first remaining article stands now, for the redirect of one whose founder was withdrawn.
        Raises projection numbers, writes history and redirects. Answers what changed.
        """
        ...

    async def all_current(self) -> list[str]:
        """All current revisions that the deduplicator has taken, in the order of ids."""
        ...

    async def misplaced(self) -> list[str]:
        """Withdrawn articles that stand in a story all the same."""
        ...

    async def restore_stories(self, cause: Cause) -> int:
        """Make the stories' records those that follow from where articles stand; answer how many were others."""
        ...

    async def clear(self) -> None:
        """Forget all texts, links and boilerplate; where articles stand is kept."""
        ...

    async def record(self, results: Mapping[str, Touched]) -> None:
        """Keep each revision's result."""
        ...


class Stories(Protocol):
    """The store."""

    async def revisions(self, revision_ids: Collection[str]) -> dict[str, Revision]: ...

    def book(self) -> AbstractAsyncContextManager[Book]:
        """Open the transaction; committed when the block ends without an exception."""
        ...

    async def events(
        self, revision_ids: Iterable[str], lane: str, trace_ids: Mapping[str, str]
    ) -> dict[str, tuple[Event, ...]]:
        """The events of recorded results, with the projection numbers of now."""
        ...

    async def told(self, touched: Touched, lane: Lane, trace_id: str) -> tuple[Event, ...]:
        """The events of what changed by no revision, with the projection numbers of now."""
        ...


class Voices(Protocol):
    """What is known of texts for judging by meaning: written beside the book, by what was committed before."""

    async def begin(self, versions: Versions | None) -> None:
        """Have all live texts heard that were not heard by these versions; none: meaning is off, nobody is waited for."""
        ...

    def claim(self, limit: int) -> AbstractAsyncContextManager[Mapping[str, int]]:
        """Unheard texts that nobody else has in hand, and how often each was asked for; held until the block ends."""
        ...

    async def carriers(self, text_ids: Collection[str]) -> dict[str, list[Article]]:
        """The registered articles of each text."""
        ...

    async def states(self, text_ids: Collection[str]) -> dict[str, list[Revision]]:
        """The revisions that carry each text, in the order of ids."""
        ...

    async def note(self, notes: Sequence[Note]) -> None:
        """Write what texts are found by; vectors and verdicts of one whose sentences changed are forgotten."""
        ...

    async def near(self, text_ids: Collection[str]) -> set[tuple[str, str]]:
        """Pairs of these texts with any live one, within the window, that may have a person in common (ids in order)."""
        ...

    async def named(self, text_ids: Collection[str]) -> dict[str, Keys]:
        """Whom each text names."""
        ...

    async def judged(self, pairs: Collection[tuple[str, str]], versions: Versions) -> set[tuple[str, str]]:
        """Which of these pairs have a verdict by these versions."""
        ...

    async def vectors(self, text_ids: Collection[str], versions: Versions) -> dict[str, tuple[Vectors, ...]]:
        """The vectors of those texts that have some by these versions: as many matrices as `versions.sizes`."""
        ...

    async def keep(self, text_id: str, vectors: Sequence[Vectors], versions: Versions) -> None:
        """Write a text's vectors."""
        ...


class Encoder(Protocol):
    """Sentences to vectors, in whatever languages."""

    @property
    def versions(self) -> str: ...

    @property
    def sizes(self) -> tuple[int, ...]:
        """How long the vectors of each encoder are."""
        ...

    def encode(self, sentences: Sequence[str]) -> tuple[Vectors, ...]:
        """For each encoder a matrix of unit vectors, a row a sentence."""
        ...
