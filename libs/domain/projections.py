"""What the search index holds, as a pure function of what PostgreSQL holds.

In: the current state of an article or a story. Out: the documents of the aliases `articles`, `turns` and `stories`,
each with the projection number that it shows. docs/search.md explains every field. Two states with one projection
number give the same documents, whoever builds them and whenever.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from libs.domain.documents import Filing, Quote, Turn

Document = dict[str, Any]
_ISO: Final = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d))?")
MAX_ID_BYTES: Final = 512  # the engine refuses a whole request for one longer id


class Unindexable(ValueError):
    """A state that the index cannot hold; the message says which field and why."""


@dataclass(frozen=True, slots=True)
class ArticleState:
    """An article as it is now. Times are ISO 8601 strings as in `libs.domain.documents`.

    A `withdrawn` article has no document. `key` names it for people: its page's URL, with `#n` where the page holds
    several. `past_languages` and `most_turns` tell where older documents of it may still stand: the languages that its
    revisions ever had, and the greatest number of turns.
    """

    article_id: str
    projection: int
    revision_id: str | None = None
    withdrawn: bool = False
    key: str = ""
    url: str = ""
    segment: int | None = 0  # its present place in the page, None when it has left the page
    title: str = ""
    body: str = ""
    bylines: tuple[str, ...] = ()
    credit: str | None = None
    outlet: str = ""
    publisher: str = ""
    language: str | None = None
    published: str | None = None
    captured_at: str | None = None
    kind: str = "report"
    interviewee: str | None = None
    interviewers: tuple[str, ...] = ()
    broadcasters: tuple[str, ...] = ()
    aired: str | None = None
    questions: int = 0
    comments: int = 0
    words: int = 0
    turns: tuple[Turn, ...] = ()
    quotes: tuple[Quote, ...] = ()
    filing: Filing = field(default_factory=Filing)
    story_id: str | None = None
    lead: bool = False
    link_types: tuple[str, ...] = ()
    quoted_stories: tuple[str, ...] = ()
    past_languages: tuple[str | None, ...] = ()
    most_turns: int = 0


@dataclass(frozen=True, slots=True)
class Member:
    """An article as its story needs it."""

    article_id: str
    url: str
    title: str
    outlet: str
    publisher: str
    language: str | None
    published: str | None
    kind: str
    interviewee: str | None
    broadcasters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StoryState:
    """A story as it is now. One without members (merged away, emptied) has no document."""

    story_id: str
    projection: int
    lead_article_id: str | None = None
    lead_body: str = ""
    members: tuple[Member, ...] = field(default=())

    @property
    def removed(self) -> bool:
        return not self.members


@dataclass(frozen=True, slots=True)
class Write:
    """One document to store at an alias, or with `document` None to take away, at a version.

    `language` decides in which index of the alias it stands.
    """

    kind: str  # articles, turns, stories
    id: str
    version: int
    language: str | None = None
    document: Document | None = None


def article_writes(state: ArticleState) -> list[Write]:
    """Everything that makes the index show an article as it is: its documents, and the removal of older ones.

    Raises Unindexable.
    """
    kept: list[Write] = []
    if not state.withdrawn:
        kept = [Write("articles", state.article_id, state.projection, state.language, article_document(state))]
        kept += [
            Write("turns", turn_id(state.article_id, n), state.projection, state.language, document)
            for n, document in enumerate(turn_documents(state))
        ]
    stays = {(write.kind, write.id, write.language) for write in kept}
    ids = [("articles", _id(state.article_id))]
    ids += [("turns", turn_id(state.article_id, n)) for n in range(max(state.most_turns, len(state.turns)))]
    return kept + [
        Write(kind, identifier, state.projection, language)
        for language in dict.fromkeys((state.language, *state.past_languages))
        for kind, identifier in ids
        if (kind, identifier, language) not in stays
    ]


def story_writes(state: StoryState) -> list[Write]:
    """What makes the index show a story as it is. Raises Unindexable."""
    document = None if state.removed else story_document(state)
    return [Write("stories", _id(state.story_id), state.projection, None, document)]


@dataclass(frozen=True, slots=True)
class EndedRevision:
    """A revision that reached its end in the index, and how long after its capture was recorded."""

    end: str  # indexed, withdrawn
    lane: str
    seconds: float


def article_document(state: ArticleState) -> Document:
    """The document of `articles`. Raises Unindexable for a time that is no ISO 8601."""
    speakers = _distinct([*(turn.speaker for turn in state.turns), *(quote.speaker for quote in state.quotes)])
    return {
        "article_id": _id(state.article_id),
        "projection": state.projection,
        "key": state.key,
        "url": state.url,
        "segment": state.segment,
        "title": state.title,
        "body": state.body,
        "bylines": list(state.bylines),
        "credit": state.credit,
        "outlet": state.outlet,
        "publisher": state.publisher,
        "language": state.language,
        "published": _time("published", state.published),
        "captured_at": _time("captured_at", state.captured_at),
        "section": state.filing.section,
        "tags": list(state.filing.tags),
        "image": state.filing.image,
        "paywall": state.filing.paywall,
        "kind": state.kind,
        "interviewee": state.interviewee,
        "interviewers": list(state.interviewers),
        "broadcasters": list(state.broadcasters),
        "aired": _time("aired", state.aired),
        "speakers": speakers,
        "people": _distinct([state.interviewee, *state.interviewers, *speakers]),
        "places": [],
        "organisations": [],
        "questions": state.questions,
        "comments": state.comments,
        "words": state.words,
        "story_id": state.story_id,
        "lead": state.lead,
        "link_types": sorted(state.link_types),
        "quoted_stories": sorted(state.quoted_stories),
        "turns": [
            {"role": turn.role, "speaker": turn.speaker, "start": turn.start, "end": turn.end} for turn in state.turns
        ],
        "quotes": [{"speaker": quote.speaker, "start": quote.start, "end": quote.end} for quote in state.quotes],
    }


def turn_id(article_id: str, n: int) -> str:
    """The id of an article's n-th turn, counted from 0."""
    return f"{article_id}:{n}"


def turn_documents(state: ArticleState) -> list[Document]:
    """The documents of `turns`, in the order of the interview; the n-th has the id `turn_id(article_id, n)`."""
    return [
        {
            "article_id": _id(state.article_id),
            "projection": state.projection,
            "story_id": state.story_id,
            "n": n,
            "role": turn.role,
            "speaker": turn.speaker,
            "text": turn.text,
            "start": turn.start,
            "end": turn.end,
            "key": state.key,
            "url": state.url,
            "title": state.title,
            "outlet": state.outlet,
            "publisher": state.publisher,
            "language": state.language,
            "published": _time("published", state.published),
            "interviewee": state.interviewee,
        }
        for n, turn in enumerate(state.turns)
    ]


def story_document(state: StoryState) -> Document:
    """The document of `stories`, told by its lead. Raises Unindexable for a story without members or lead."""
    lead = next((member for member in state.members if member.article_id == state.lead_article_id), None)
    if lead is None:
        raise Unindexable(f"story {state.story_id}: its lead {state.lead_article_id} is none of its members")
    members = sorted(state.members, key=lambda member: (member is not lead, *_by_time(member)))
    times = sorted((m.published for m in members if m.published is not None), key=instant)
    return {
        "story_id": _id(state.story_id),
        "projection": state.projection,
        "size": len(members),
        "lead_article_id": lead.article_id,
        "lead_outlet": lead.outlet,
        "lead_publisher": lead.publisher,
        "url": lead.url,
        "title": lead.title,
        "body": state.lead_body,
        "titles": _distinct(member.title for member in members),
        "members": [member.article_id for member in members],
        "urls": _distinct(member.url for member in members),
        "outlets": sorted({member.outlet for member in members}),
        "publishers": sorted({member.publisher for member in members}),
        "publisher_count": len({member.publisher for member in members}),
        "languages": sorted({member.language for member in members if member.language}),
        "kinds": sorted({member.kind for member in members}),
        "published": _time("published", lead.published),
        "first_published": _time("published", times[0] if times else None),
        "last_published": _time("published", times[-1] if times else None),
        "interviewee": lead.interviewee or next((m.interviewee for m in members if m.interviewee), None),
        "broadcasters": _distinct(name for member in members for name in member.broadcasters),
        "voices": voices(members),
    }


def voices(members: Sequence[Member]) -> list[Document]:
    """The independent voices of a story: its publishers with their outlets and articles, the most articles first."""
    outlets: dict[str, list[str]] = defaultdict(list)
    for member in members:
        outlets[member.publisher].append(member.outlet)
    ranked = sorted(outlets.items(), key=lambda item: (-len(item[1]), item[0]))
    return [{"publisher": name, "outlets": sorted(set(found)), "articles": len(found)} for name, found in ranked]


def instant(iso: str) -> tuple[float, str]:
    """A sortable form of an ISO 8601 time: seconds since 1970 in UTC (a bare date at 00:00), then the text."""
    try:
        moment = datetime.fromisoformat(iso)
    except ValueError as error:
        raise Unindexable(f"{iso!r} is no ISO 8601 time") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp(), iso


def _by_time(member: Member) -> tuple[bool, tuple[float, str], str]:
    published = member.published
    return published is None, instant(published) if published else (0.0, ""), member.article_id


def _time(name: str, iso: str | None) -> str | None:
    """As it is: the engine reads the same forms, but would take a compact date for milliseconds."""
    if iso is None:
        return None
    if not _ISO.fullmatch(iso):
        raise Unindexable(f"{name}: {iso!r} is neither an instant with zone nor a date")
    instant(iso)
    return iso


def _id(identifier: str) -> str:
    if not 0 < len(identifier.encode()) <= MAX_ID_BYTES - len(":999999"):
        raise Unindexable(f"id of {len(identifier)} characters")
    return identifier


def _distinct(names: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(name for name in names if name))
