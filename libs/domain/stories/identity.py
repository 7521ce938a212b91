"""Which interview a text is about, as far as it says so, and whether two texts say the same.

In: the facts that extraction found in the articles that carry a text. Out: `Identity` values and their relation.
Unknown is neither a match nor a conflict.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeVar

from libs.domain.documents import ArticleKind
from libs.domain.interviews.names import same_outlet, same_person
from libs.domain.stories.texts import Article, moment, read_time

T = TypeVar("T")

PRINTED_QUESTIONS = 3  # a report may have a question and an answer in it

AIRED_CONFLICT_DAYS = 7  # broadcasts further apart are two interviews


class Relation(StrEnum):
    MATCH = "match"
    CONFLICT = "conflict"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who was asked, by which outlets and persons, when. `questions` above zero: the interview itself is printed."""

    interviewees: frozenset[str] = frozenset()
    outlets: frozenset[str] = frozenset()
    interviewers: frozenset[str] = frozenset()
    aired: frozenset[date] = frozenset()
    published: float = float("inf")  # first publication known, seconds since 1970
    questions: int = 0
    languages: frozenset[str] = frozenset()
    in_focus: bool = False  # the person asked does most of the talking

    @property
    def holds_interview(self) -> bool:
        """Whether the interview itself is printed, at least a good part of it."""
        return self.questions >= PRINTED_QUESTIONS


def identity_of(carriers: Iterable[Article]) -> Identity:
    """What the articles that carry one text say together."""
    articles = sorted(carriers, key=lambda a: a.rank)
    return Identity(
        frozenset(a.facts.interviewee for a in articles if a.facts.interviewee),
        frozenset(o for a in articles for o in a.facts.broadcasters),
        frozenset(i for a in articles for i in a.facts.interviewers),
        frozenset(aired.date() for a in articles if (aired := read_time(a.facts.aired))),
        min((moment(a.published) for a in articles), default=float("inf")),
        max((_questions(a) for a in articles), default=0),
        frozenset(a.language for a in articles if a.language),
        any(a.in_focus for a in articles),
    )


def _questions(article: Article) -> int:
    return article.facts.questions if article.kind is ArticleKind.INTERVIEW else 0


def widened(identities: Collection[Identity]) -> Identity:
    """What texts that belong together say together. Those that print the interview know best who asked."""
    holders = [i for i in identities if i.holds_interview]
    named = [i for i in holders if i.outlets] or [i for i in identities if i.outlets]
    asked = [i for i in holders if i.interviewers] or [i for i in identities if i.interviewers]
    dated = [i for i in holders if i.aired] or [i for i in identities if i.aired]
    return Identity(
        _union(i.interviewees for i in identities),
        _union(i.outlets for i in named),
        _union(i.interviewers for i in asked),
        _union(i.aired for i in dated),
        min((i.published for i in identities), default=float("inf")),
        max((i.questions for i in identities), default=0),
        _union(i.languages for i in holders or identities),
        any(i.in_focus for i in identities),
    )


def _union(sets: Iterable[frozenset[T]]) -> frozenset[T]:
    return frozenset().union(*sets)


def relation(a: Identity, b: Identity) -> Relation:
    """Whether two sides tell of the same interview: the same person, asked by the same outlets (or persons), then."""
    if not any(same_person(x, y) for x in a.interviewees for y in b.interviewees):
        return Relation.UNKNOWN
    if a.aired and b.aired and _days_apart(a.aired, b.aired) > AIRED_CONFLICT_DAYS:
        return Relation.CONFLICT
    if a.outlets and b.outlets:
        return _overlap(any(same_outlet(x, y) for x in a.outlets for y in b.outlets))
    if a.interviewers and b.interviewers:
        return _overlap(any(same_person(x, y) for x in a.interviewers for y in b.interviewers))
    return Relation.UNKNOWN


def _overlap(shared: bool) -> Relation:
    return Relation.MATCH if shared else Relation.CONFLICT


def _days_apart(a: Iterable[date], b: Iterable[date]) -> int:
    later = list(b)
    return min(abs((x - y).days) for x in a for y in later)
