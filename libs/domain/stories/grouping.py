"""Links to groups: a maximum spanning forest, cut where identities conflict.

In: texts with their identities, and all links among them. Out: groups of text ids. Links are taken strongest first
(Kruskal), in a total order on content; one that would join two groups that tell of different interviews is left out,
unless half of the shorter text stands in the other. A group's identity is widened by its stronger links on the way.
What editors decided comes before every link: texts that they brought together start as one group, and no link joins
groups that they keep apart.
"""

from collections.abc import Iterable, Mapping

from libs.domain.stories.corrections import NOTHING_DECIDED, Decided, Rule
from libs.domain.stories.grades import COPY_PER_MILLE, LinkType
from libs.domain.stories.identity import Identity, Relation, relation, widened
from libs.domain.stories.links import JOINING_SHARES, Link

Group = tuple[str, ...]  # text ids in order


def group(identities: Mapping[str, Identity], links: Iterable[Link], editors: Decided = NOTHING_DECIDED) -> list[Group]:
    """Partition the texts of `identities`. Groups and their members are in the order of ids."""
    forest = _Forest(identities)
    for rule in editors.rules:
        forest.obey(rule)
    for link in sorted((x for x in links if x.joins), key=lambda x: x.strength):
        forest.offer(link)
    return sorted(forest.groups())


class _Forest:
    def __init__(self, identities: Mapping[str, Identity]) -> None:
        self._identities = identities
        self._root = {text_id: text_id for text_id in identities}
        self._members = {text_id: [text_id] for text_id in identities}
        self._widened = dict(identities)
        self._sides: dict[str, set[tuple[int, bool]]] = {}  # of a group: splits, and whether it is what they left

    def obey(self, rule: Rule) -> None:
        """Take up a decision as far as those taken up before allow it."""
        if rule.apart:
            self._keep_apart(rule)
        else:
            self._bring_together(rule)

    def _bring_together(self, rule: Rule) -> None:
        seats: list[str] = []  # a text of each group so far: more than one where later decisions keep them apart
        for text_id in sorted(rule.together):
            seat = next((s for s in seats if not self._apart(self._root[s], self._root[text_id])), None)
            if seat is None:
                seats.append(text_id)
            else:
                self._unite(self._root[seat], self._root[text_id])

    def _keep_apart(self, rule: Rule) -> None:
        leaving, staying = ({self._root[t] for t in side} for side in (rule.together, rule.apart))
        for roots, stays in ((leaving - staying, False), (staying - leaving, True)):
            for root in roots:  # those that a later decision brought together are passed over
                self._sides.setdefault(root, set()).add((rule.number, stays))

    def _apart(self, one: str, other: str) -> bool:
        others = self._sides.get(other, set())
        return any((number, not stays) in others for number, stays in self._sides.get(one, ()))

    def offer(self, link: Link) -> None:
        one, other = self._root[link.a], self._root[link.b]
        if one != other and not self._apart(one, other) and not self._vetoed(link, one, other):
            self._unite(one, other)

    def _unite(self, one: str, other: str) -> None:
        if one != other:
            self._join(*sorted((one, other), key=lambda r: (-len(self._members[r]), r)))

    def _vetoed(self, link: Link, one: str, other: str) -> bool:
        if link.type is not LinkType.IDENTITY and link.grade.coverage >= COPY_PER_MILLE:
            return False
        a, b = self._widened[one], self._widened[other]
        related = relation(a, b)
        if link.meant and link.meant < JOINING_SHARES.get(related, 1001):
            return True
        return related is Relation.CONFLICT or (
            two_interviews_printed(a, b) and (related is not Relation.MATCH or link.type is LinkType.IDENTITY)
        )

    def _join(self, root: str, other: str) -> None:
        for text_id in self._members[other]:
            self._root[text_id] = root
        self._members[root] += self._members.pop(other)
        if other in self._sides:
            self._sides.setdefault(root, set()).update(self._sides.pop(other))
        self._widened[root] = widened([self._identities[t] for t in self._members[root]])

    def groups(self) -> list[Group]:
        return [tuple(sorted(members)) for members in self._members.values()]


def two_interviews_printed(a: Identity, b: Identity) -> bool:
    """Whether both sides print an interview in one language, yet the two were not joined by words so far."""
    return a.holds_interview and b.holds_interview and bool(a.languages & b.languages)
