"""Identity as a second way in: pieces that tell of the same interview in other words or another language.

In: texts, what they say about their interview, and the links by words. Out: links of type `identity`, or `possible`
where something speaks for one interview and something else keeps it open. Only patterns are used here, not meaning:
without a shared broadcaster, a shared time and a person who does the talking on both sides nothing is said.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

from libs.domain.documents import InterviewFacts, Quote, Turn
from libs.domain.interviews.names import same_person
from libs.domain.stories.corrections import NOTHING_DECIDED, Decided
from libs.domain.stories.grades import Grade, LinkType, Reason
from libs.domain.stories.grouping import Group, group, two_interviews_printed
from libs.domain.stories.identity import Identity, Relation, relation, widened
from libs.domain.stories.links import Link

# Retellings appear within days of the broadcast; beyond this a shared outlet may be another interview.
WINDOW_DAYS = 3
DAY_SECONDS = 86_400
# A piece retells an interview when the person asked says most of what is said in it, and more than a sentence or two.
# Words in quotation marks that the text gives to nobody are the person's: retellings of the demo corpus have 67 to 206
# words by both ways and at most a tenth by others; pieces on other matters give 50 to 100 % of theirs to others.
FOCUS_WORDS = 40
FOCUS_PER_MILLE = 667
PairKey = tuple[str, str]


def in_focus(facts: InterviewFacts, turns: Iterable[Turn], quotes: Sequence[Quote]) -> bool:
    """Whether the person asked does most of the talking in an article."""
    if facts.interviewee is None:
        return False
    if any(turn.role == "answer" for turn in turns):
        return True
    total = sum(_words(q) for q in quotes)
    own = total - sum(_words(q) for q in quotes if q.speaker and not same_person(q.speaker, facts.interviewee))
    return own >= FOCUS_WORDS and 1000 * own >= FOCUS_PER_MILLE * total


def _words(quote: Quote) -> int:
    return len(quote.text.split())


def may_be_one_interview(a: Identity, b: Identity) -> bool:
    """Whether two texts say of themselves that they retell one interview: who, for whom, when, and in focus."""
    return (
        a.in_focus
        and b.in_focus
        and abs(a.published - b.published) <= WINDOW_DAYS * DAY_SECONDS
        and bool(a.outlets)
        and bool(b.outlets)
        and not two_interviews_printed(a, b)
        and relation(a, b) is Relation.MATCH
    )


def identity_links(
    identities: Mapping[str, Identity],
    links: Sequence[Link],
    candidates: Collection[PairKey],
    editors: Decided = NOTHING_DECIDED,
) -> list[Link]:
    """Links between `candidates`: pairs of texts that may be one interview, the longer text first.

    Texts that words or editors join already need none; one between texts that share words takes the place of the link by
    words.
    A group that fits two interviews which are both printed in one language stays `possible` with everything, unless the
    days of broadcast decide: it would be a guess.
    """
    groups = group(identities, links, editors)
    of_text = {text_id: g for g in groups for text_id in g}
    apart = sorted((a, b) for a, b in candidates if of_text[a] != of_text[b])
    near: dict[Group, set[Group]] = {}
    for a, b in apart:
        near.setdefault(of_text[a], set()).add(of_text[b])
        near.setdefault(of_text[b], set()).add(of_text[a])
    wide = {g: widened([identities[t] for t in g]) for g in near}
    chosen = {
        g: {other for other in _chosen(g, others, wide) if not two_interviews_printed(wide[g], wide[other])}
        for g, others in near.items()
    }
    by_words = {(x.a, x.b): x for x in links}
    return [
        _link(a, b, by_words.get((a, b)), of_text[b] in chosen[of_text[a]] and of_text[a] in chosen[of_text[b]])
        for a, b in apart
    ]


def _chosen(mine: Group, near: Collection[Group], wide: Mapping[Group, Identity]) -> set[Group]:
    """The groups that `mine` may join: not of another day, as far as known; none at all when two of them contest it."""
    left = {g for g in near if not (wide[g].aired and wide[mine].aired and not wide[g].aired & wide[mine].aired)}
    contested = any(two_interviews_printed(wide[one], wide[other]) for one, other in combinations(sorted(left), 2))
    return set() if contested else left


def _link(a: str, b: str, by_words: Link | None, clear: bool) -> Link:
    text = "same person, same broadcaster, within days, told in other words"
    if not clear:
        text += "; another interview of the same person by the same broadcaster fits as well"
    reason = Reason("identity", int(clear), 1, text)
    found = by_words or Link(a, b, Grade(None, 0, 0, 0, 0, ()))
    type_ = LinkType.IDENTITY if clear else found.type or LinkType.POSSIBLE
    return replace(found, grade=replace(found.grade, type=type_, reasons=(*found.grade.reasons, reason)))
