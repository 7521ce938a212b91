"""Identity by sentence meaning: a third way in, for pieces in other words or languages that do not say who asked.

In: texts with what they say of their interview, verdicts on pairs of them, and the links found so far. Out: links that
join by meaning, and `possible` ones that do not. Meaning alone never joins: the person asked in one text must be named
in the other, too, and nothing that the two sides say of their interview may contradict.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from libs.domain.interviews.names import same_person
from libs.domain.stories.boilerplate import key
from libs.domain.stories.corrections import NOTHING_DECIDED, Decided
from libs.domain.stories.grades import Grade, LinkType, Reason
from libs.domain.stories.grouping import group, two_interviews_printed
from libs.domain.stories.identity import Identity, Relation, relation
from libs.domain.stories.links import JOINING_SHARES, Link
from libs.domain.stories.meaning import Share
from libs.domain.stories.naming import Keys, asked_keys

PairKey = tuple[str, str]
# Retranslations and translations follow within days; two weeks later a person says the same things to somebody else.
WINDOW_SECONDS = 14 * 86_400
# From these shares on (per mille) a pair is shown as `possible` though it is not enough to join.
POSSIBLE_SHARES = {Relation.MATCH: 200, Relation.UNKNOWN: 300}
LEAST_SHARE = min(POSSIBLE_SHARES.values())
NOBODY: Keys = frozenset()


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What sentence meaning says of a set of texts: data, which may be there for some of them only.

    `named`: whom each text names (`naming.named_keys`). `shares`: by the smaller and the greater id of two texts.
    """

    named: Mapping[str, Keys] = field(default_factory=dict)
    shares: Mapping[PairKey, Share] = field(default_factory=dict)


NO_VERDICTS = Verdicts()


def may_mean_one(a: Identity, b: Identity, named_a: Keys, named_b: Keys) -> bool:
    """Whether the meaning of two texts is worth comparing: times, and the person asked in one is named in the other."""
    return (
        abs(a.published - b.published) <= WINDOW_SECONDS
        and not two_interviews_printed(a, b)
        and (
            bool(asked_keys(a.interviewees) & named_b)
            or bool(asked_keys(b.interviewees) & named_a)
            or any(same_person(x, y) for x in a.interviewees for y in b.interviewees)
        )
    )


def meant_shares(identities: Mapping[str, Identity], verdicts: Verdicts) -> dict[PairKey, Share]:
    """The pairs of these texts that meaning speaks for and that may tell of one interview."""
    return {
        (a, b): share
        for (a, b), share in verdicts.shares.items()
        if share.per_mille >= LEAST_SHARE
        and a in identities
        and b in identities
        and may_mean_one(identities[a], identities[b], verdicts.named.get(a, NOBODY), verdicts.named.get(b, NOBODY))
    }


def meaning_links(
    identities: Mapping[str, Identity],
    links: Sequence[Link],
    shares: Mapping[PairKey, Share],
    editors: Decided = NOTHING_DECIDED,
) -> list[Link]:
    """Links for those of `shares` (longer text first) whose texts stand apart so far. Grouping decides which join."""
    if not shares:
        return []
    of_text = {text_id: g for g in group(identities, links, editors) for text_id in g}
    known = {(x.a, x.b): x for x in links}
    made = (
        _link(
            known.get((a, b)) or Link(a, b, Grade(None, 0, 0, 0, 0, ())), share, relation(identities[a], identities[b])
        )
        for (a, b), share in sorted(shares.items())
        if of_text[a] != of_text[b]
    )
    return [x for x in made if x is not None]


def _link(found: Link, share: Share, related: Relation) -> Link | None:
    """None where meaning adds nothing: too little, or a link that something else holds back from joining."""
    can_join = share.per_mille >= min(JOINING_SHARES.values())
    possible = share.per_mille >= POSSIBLE_SHARES.get(related, 1001)
    if found.joins or not (can_join or possible):
        return None
    reason = Reason("meaning", share.per_mille, JOINING_SHARES[Relation.UNKNOWN], _told(share))
    otherwise = found.type or (LinkType.POSSIBLE if possible else None)
    type_ = LinkType.IDENTITY if can_join else otherwise
    grade = replace(found.grade, type=type_, reasons=(*found.grade.reasons, reason))
    return replace(found, grade=grade, meant=share.per_mille, otherwise=otherwise)


def _told(share: Share) -> str:
    return (
        f"{share.matched} of the {share.sentences} sentences that one says are said in the other, too, by their meaning"
        " in other words or another language, and whoever is asked in one is named in the other"
    )


def oriented(shares: Mapping[PairKey, Share], pairs: Iterable[PairKey]) -> dict[PairKey, Share]:
    """The shares of `pairs`, which have the longer text first."""
    return {(a, b): shares[key(a, b)] for a, b in pairs}
