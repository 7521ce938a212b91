"""The link of two texts: its type and strength, decided from the grade and from both sides' identities."""

from collections.abc import Collection, Container, Mapping
from dataclasses import dataclass, replace

from libs.domain.stories.grades import JOINING, QUOTE_WORDS, Grade, LinkType, Reason, grade
from libs.domain.stories.pairs import Pair

Strength = tuple[int, int, int, str, str]


@dataclass(frozen=True, slots=True)
class Link:
    """A graded pair; `a` is the longer text. Without a type it only tells what was missing."""

    a: str
    b: str
    grade: Grade
    pair: Pair | None = None  # none for a link by identity alone

    @property
    def type(self) -> LinkType | None:
        return self.grade.type

    @property
    def joins(self) -> bool:
        return self.grade.type in JOINING

    @property
    def strength(self) -> Strength:
        """A total order, strongest first: words before identity, coverage, words, then ids."""
        by_identity = self.grade.type is LinkType.IDENTITY
        return (by_identity, -self.grade.coverage, -self.grade.weight, self.a, self.b)


def link(pair: Pair, boilerplate: Container[int], *, dull_a: int = 0, dull_b: int = 0) -> Link | None:
    """The link of a pair by its words; none when the two share boilerplate only."""
    if all(p.hash in boilerplate for p in pair.prints):
        return None
    return Link(pair.a, pair.b, grade(pair, boilerplate, dull_a=dull_a, dull_b=dull_b), pair)


def settled(link: Link, group_of: Mapping[str, str], separated: Collection[frozenset[str]] = frozenset()) -> Link:
    """The link as it stands after grouping: one that would join two stories, but was cut, joins nothing.

    It is a quotation when the shared words are spoken, else `possible`. `separated`: the groups, by twos, that an editor
    keeps apart.
    """
    if not link.joins or group_of[link.a] == group_of[link.b]:
        return link
    spoken = next((r.value for r in link.grade.reasons if r.rule == "quotes"), 0)
    type_ = LinkType.QUOTES if spoken >= QUOTE_WORDS else LinkType.POSSIBLE
    kept_apart = frozenset((group_of[link.a], group_of[link.b])) in separated
    return replace(link, grade=replace(link.grade, type=type_, reasons=(*link.grade.reasons, _CUT[kept_apart])))


_CUT = {
    False: Reason("veto", 1, 1, "the two stories tell of different interviews, so this link does not join them"),
    True: Reason("split", 1, 1, "an editor keeps the two stories apart, so this link does not join them"),
}
