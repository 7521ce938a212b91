"""Links to groups: a maximum spanning forest, cut where identities conflict.

In: texts with their identities, and all links among them. Out: groups of text ids. Links are taken strongest first
(Kruskal), in a total order on content; one that would join two groups that tell of different interviews is left out,
unless half of the shorter text stands in the other. A group's identity is widened by its stronger links on the way.
"""

from collections.abc import Iterable, Mapping

from libs.domain.stories.grades import COPY_PER_MILLE, LinkType
from libs.domain.stories.identity import Identity, Relation, relation, widened
from libs.domain.stories.links import Link

Group = tuple[str, ...]  # text ids in order


def group(identities: Mapping[str, Identity], links: Iterable[Link]) -> list[Group]:
    """Partition the texts of `identities`. Groups and their members are in the order of ids."""
    forest = _Forest(identities)
    for link in sorted((x for x in links if x.joins), key=lambda x: x.strength):
        forest.offer(link)
    return sorted(forest.groups())


class _Forest:
    def __init__(self, identities: Mapping[str, Identity]) -> None:
        self._identities = identities
        self._root = {text_id: text_id for text_id in identities}
        self._members = {text_id: [text_id] for text_id in identities}
        self._widened = dict(identities)
        self._linked: set[frozenset[str]] = set()  # texts that share words enough to belong together

    def offer(self, link: Link) -> None:
        one, other = self._root[link.a], self._root[link.b]
        if link.type is not LinkType.IDENTITY:
            self._linked.add(frozenset((link.a, link.b)))
        if one != other and not self._vetoed(link, one, other):
            self._join(*sorted((one, other), key=lambda r: (-len(self._members[r]), r)))

    def _vetoed(self, link: Link, one: str, other: str) -> bool:
        if link.type is not LinkType.IDENTITY and link.grade.coverage >= COPY_PER_MILLE:
            return False
        a, b = self._widened[one], self._widened[other]
        related = relation(a, b)
        return related is Relation.CONFLICT or (
            two_interviews_printed(a, b) and (related is not Relation.MATCH or link.type is LinkType.IDENTITY)
        )

    def _join(self, root: str, other: str) -> None:
        for text_id in self._members[other]:
            self._root[text_id] = root
        self._members[root] += self._members.pop(other)
        self._widened[root] = widened([self._identities[t] for t in self._members[root]])

    def groups(self) -> list[Group]:
        return [tuple(sorted(members)) for members in self._members.values()]


def two_interviews_printed(a: Identity, b: Identity) -> bool:
    """Whether both sides print an interview in one language, yet the two were not joined by words so far."""
    return a.holds_interview and b.holds_interview and bool(a.languages & b.languages)
