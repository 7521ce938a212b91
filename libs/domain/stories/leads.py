"""Who leads a story, and which way a link runs: who was first, who credits whom, who holds the interview.

In: the articles of a story. Out: judgements with their reasons; ties break by publication, URL and segment.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from libs.domain.documents import ArticleKind
from libs.domain.interviews.names import same_outlet
from libs.domain.stories.texts import Article, moment

# An excerpt with less than half of the questions that another member prints does not hold the interview.
HOLDS_SHARE = 2


class Direction(StrEnum):
    """Seen from the first article: it took from the other, the other took from it, or nobody knows."""

    FROM = "from"
    TO = "to"
    UNKNOWN = "unknown"

    @property
    def reverse(self) -> "Direction":
        return {Direction.FROM: Direction.TO, Direction.TO: Direction.FROM}.get(self, self)


@dataclass(frozen=True, slots=True)
class Judged:
    """A direction with the rule that gave it."""

    direction: Direction
    rule: str


def lead_of(
    members: Collection[Article], words: Mapping[str, int], pins: Mapping[str, int] = MappingProxyType({})
) -> Article:
    """The source among the articles of a story; `words` is each article's length by article id.

    First come those whose page is still there, then the one that an editor chose (`pins`: how late), then those that
    print the interview (nearly) whole, then those that credit no other member, then the first published, the one with
    more questions, the longer.
    """
    most = max(article.facts.questions for article in members)
    crediting = _crediting(members)

    def order(article: Article) -> tuple[object, ...]:
        holds = article.kind is ArticleKind.INTERVIEW and article.facts.questions * HOLDS_SHARE >= most
        return (
            article.gone,
            -pins.get(article.article_id, -1),
            not holds,
            article.article_id in crediting,
            moment(article.published),
            -article.facts.questions,
            -words[article.article_id],
            article.url,
            article.segment,
        )

    return min(members, key=order)


def _crediting(members: Collection[Article]) -> set[str]:
    """The articles that credit another member (`credits_other`).

    Of two thousand copies of an agency text each names the agency: each name is compared once, not each pair.
    """
    printed: dict[str, set[str]] = {}  # URL to outlets
    for m in members:
        printed.setdefault(m.url, set()).add(m.outlet)
    names = {(m.outlet, m.publisher) for m in members}
    credited = {
        credit: {outlet for outlet, publisher in names if same_outlet(credit, outlet) or same_outlet(credit, publisher)}
        for credit in {m.credit for m in members if m.credit}
    }
    return {
        m.article_id
        for m in members
        if (printed.get(m.declared_original or "", set()) | credited.get(m.credit or "", set())) - {m.outlet}
    }


def credits_other(article: Article, other: Article) -> bool:
    """Whether `article` names the outlet of `other` as its source, or declares its URL the original."""
    if article.article_id == other.article_id or article.outlet == other.outlet:
        return False
    if article.declared_original and article.declared_original == other.url:
        return True
    return bool(article.credit) and (
        same_outlet(article.credit or "", other.outlet) or same_outlet(article.credit or "", other.publisher)
    )


def direction(one: Article, other: Article) -> Judged:
    """Which of two linked articles took from the other."""
    credit = credits_other(one, other), credits_other(other, one)
    if credit[0] != credit[1]:
        return Judged(Direction.FROM if credit[0] else Direction.TO, "credit")
    holds = one.kind is ArticleKind.INTERVIEW, other.kind is ArticleKind.INTERVIEW
    if holds[0] != holds[1]:
        return Judged(Direction.TO if holds[0] else Direction.FROM, "holds_interview")
    times = moment(one.published), moment(other.published)
    if times[0] != times[1] and max(times) != float("inf"):
        return Judged(Direction.TO if times[0] < times[1] else Direction.FROM, "published")
    return Judged(Direction.UNKNOWN, "unknown")
