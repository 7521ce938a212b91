"""The link of two texts: its type and strength, decided from the grade and from both sides' identities."""

from collections.abc import Collection, Container, Mapping
from dataclasses import dataclass, replace

from libs.domain.stories.grades import JOINING, QUOTE_WORDS, Grade, LinkType, Reason, grade
from libs.domain.stories.identity import Relation
from libs.domain.stories.pairs import Pair

Strength = tuple[int, int, int, str, str]
# The share of sentences (per mille) from which a link by meaning joins, by what the two stories say of their interview.
# docs/quality.md has how far each can move.
JOINING_SHARES = {Relation.MATCH: 300, Relation.UNKNOWN: 400}


@dataclass(frozen=True, slots=True)
class Link:
    """A graded pair; `a` is the longer text. Without a type it only tells what was missing."""

    a: str
    b: str
    grade: Grade
    pair: Pair | None = None  # none for a link by identity alone
    meant: int = 0  # of a link by meaning: the share of sentences, per mille
    otherwise: LinkType | None = None  # and its type where that joins nothing

    @property
    def type(self) -> LinkType | None:
        return self.grade.type

    @property
    def joins(self) -> bool:
        return self.grade.type in JOINING

    @property
    def strength(self) -> Strength:
        """A total order, strongest first: words before identity before meaning, coverage or share, words, then ids."""
        by_identity = self.grade.type is LinkType.IDENTITY
        if by_identity and self.meant:
            return (2, -self.meant, -self.grade.weight, self.a, self.b)
        return (by_identity, -self.grade.coverage, -self.grade.weight, self.a, self.b)


def link(pair: Pair, boilerplate: Container[int], *, dull_a: int = 0, dull_b: int = 0) -> Link | None:
    """The link of a pair by its words; none when the two share boilerplate only."""
    if all(p.hash in boilerplate for p in pair.prints):
        return None
    return Link(pair.a, pair.b, grade(pair, boilerplate, dull_a=dull_a, dull_b=dull_b), pair)


def settled(link: Link, group_of: Mapping[str, str], separated: Collection[frozenset[str]] = frozenset()) -> Link:
    """The link as it stands after grouping: one that would join two stories, but was cut, joins nothing.

    It is a quotation when the shared words are spoken, else `possible`; one by meaning is what it would be without.
    `separated`: the groups, by twos, that an editor keeps apart.
    """
    if not link.joins or group_of[link.a] == group_of[link.b]:
        return link
    spoken = next((r.value for r in link.grade.reasons if r.rule == "quotes"), 0)
    cut = LinkType.QUOTES if spoken >= QUOTE_WORDS else LinkType.POSSIBLE
    kept_apart = frozenset((group_of[link.a], group_of[link.b])) in separated
    why = _SPLIT if kept_apart else _TOO_LITTLE if 0 < link.meant < JOINING_SHARES[Relation.UNKNOWN] else _VETO
    type_ = link.otherwise if link.meant else cut
    return replace(link, grade=replace(link.grade, type=type_, reasons=(*link.grade.reasons, why)))


_VETO = Reason("veto", 1, 1, "the two stories tell of different interviews, so this link does not join them")
_SPLIT = Reason("split", 1, 1, "an editor keeps the two stories apart, so this link does not join them")
_TOO_LITTLE = Reason("veto", 1, 1, "that is too little where not both say who asked, so this link does not join them")
