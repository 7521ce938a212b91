"""What the deduplicator and its store hand each other: values without behaviour."""

from dataclasses import dataclass

from libs.domain.documents import InterviewFacts, Quote, Turn
from libs.domain.stories.corrections import CorrectionKind
from libs.domain.stories.grades import LinkType, Reason
from libs.domain.stories.links import Link
from libs.domain.stories.meaning import Share
from libs.domain.stories.naming import Keys
from libs.domain.stories.pairs import Pair
from libs.domain.stories.texts import Marked, Text


@dataclass(frozen=True, slots=True)
class Revision:
    """A revision as it is read before the lock: enough to make its text."""

    revision_id: str
    article_id: str
    body: str
    turns: tuple[Turn, ...]
    quotes: tuple[Quote, ...]
    facts: InterviewFacts
    assigned: bool  # its result is recorded


@dataclass(frozen=True, slots=True)
class Carrier:
    """An article as it will be registered: its revision carries this text."""

    article_id: str
    revision_id: str
    text_id: str
    in_focus: bool


@dataclass(frozen=True, slots=True, eq=False)
class StoredText:
    """A text with its fingerprints and what is known of it."""

    text: Text
    marked: Marked
    dull_words: int = 0


@dataclass(frozen=True, slots=True)
class StoredLink:
    """A live link: the pair as compared, its grade, and whether both sides tell of one interview by themselves."""

    link: Link  # graded by words
    pair: Pair
    candidate: bool
    share: Share | None = None  # where meaning speaks for one interview

    @property
    def wordless(self) -> bool:
        """Whether it would stand without a shared word."""
        return self.candidate or self.share is not None


@dataclass(frozen=True, slots=True)
class Standing:
    """A live link as far as grouping needs it: without passages."""

    link: Link  # graded by words
    worded: bool  # the two texts share words
    candidate: bool
    share: Share | None  # where meaning speaks for one interview
    now: tuple[LinkType | None, tuple[Reason, ...]]  # its type and reasons since the last grouping


@dataclass(frozen=True, slots=True)
class Versions:
    """By what sentences are compared; with others every verdict is made anew. `sizes`: of each encoder's vectors."""

    encoders: str
    background: str
    sizes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """What a text is found by when others of the same meaning are looked for."""

    text_id: str
    named: Keys
    sought: Keys  # of whom it asks
    published: float  # seconds since 1970
    spoken: str  # hash of its sentences


@dataclass(frozen=True, slots=True)
class Placing:
    """Where an article stands: what the search index shows of its story. A withdrawn one stands in none."""

    article_id: str
    story_id: str | None
    lead: bool
    quoted_stories: tuple[str, ...]
    link_types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cause:
    """What set a batch off; stands on everything that it changes."""

    lane: str
    trace_id: str
    revision_id: str | None  # none when everything is judged anew
    correction: int | None = None  # the number of the editor's decision, where that was it


@dataclass(frozen=True, slots=True)
class Subject:
    """An article as a correction finds it. `text_id`: none where the deduplicator has not seen it or it is withdrawn."""

    article_id: str
    key: str  # its name for people
    revision_id: str | None
    story_id: str | None
    text_id: str | None
    lead: bool
    gone: bool
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class Made:
    """A correction as it was made, standing or taken back."""

    number: int
    kind: CorrectionKind
    articles: tuple[str, ...]
    apart: tuple[str, ...]
    revoked: bool
    erased: bool


@dataclass(frozen=True, slots=True)
class Touched:
    """Ids of what a revision's result changed; kept with it, so that it can be published again."""

    articles: tuple[str, ...] = ()
    stories: tuple[str, ...] = ()
