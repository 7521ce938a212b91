"""What editors decided about stories, and what that means for a set of texts.

In: corrections in the order in which they were made, and which text each article carries. Out: which texts belong
together, which are kept apart, and who leads. Corrections name articles, never stories: stories follow from them, so a
decision holds through every rebuild. Where two decisions contradict each other, the later one holds.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class CorrectionKind(StrEnum):
    MERGE = "merge"  # its articles are one story
    SPLIT = "split"  # its articles are not in one story with those that stay apart
    PIN = "pin"  # its article leads its story
    WITHDRAW = "withdraw"  # its articles are in no story


@dataclass(frozen=True, slots=True)
class Correction:
    """A standing decision. Higher numbers are later ones; `apart`: of a split, the articles that the others left."""

    number: int
    kind: CorrectionKind
    articles: frozenset[str]
    apart: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Rule:
    """A merge or split as texts have it. A merge has no `apart`."""

    number: int
    together: frozenset[str]
    apart: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Decided:
    """What holds for a set of texts. `rules`: latest first; `pins`: how late each article was pinned."""

    rules: tuple[Rule, ...] = ()
    pins: Mapping[str, int] = field(default_factory=dict)

    def separated(self, group_of: Mapping[str, str]) -> frozenset[frozenset[str]]:
        """The groups, by twos, that a split keeps apart; `group_of` names the group of every text."""
        sides = [({group_of[t] for t in rule.together}, {group_of[t] for t in rule.apart}) for rule in self.rules]
        return frozenset(frozenset((a, b)) for left, stayed in sides for a in left for b in stayed if a != b)


NOTHING_DECIDED = Decided()


def withdrawn(corrections: Iterable[Correction]) -> frozenset[str]:
    """The articles that are in no story."""
    return frozenset(a for c in corrections if c.kind is CorrectionKind.WITHDRAW for a in c.articles)


def decided(corrections: Iterable[Correction], text_of: Mapping[str, str]) -> Decided:
    """What corrections mean for the articles of `text_of`; those that are not in it play no part.

    Articles with equal words are one text and cannot be kept apart: a split passes over such a text.
    """
    rules: list[Rule] = []
    pins: dict[str, int] = {}
    for correction in sorted(corrections, key=lambda c: -c.number):
        if correction.kind is CorrectionKind.PIN:
            pins |= {a: correction.number for a in correction.articles if a not in pins}
        elif correction.kind is not CorrectionKind.WITHDRAW:
            rule = _rule(correction, text_of)
            if rule.apart if correction.kind is CorrectionKind.SPLIT else len(rule.together) > 1:
                rules.append(rule)
    return Decided(tuple(rules), pins)


def _rule(correction: Correction, text_of: Mapping[str, str]) -> Rule:
    together, apart = ({text_of[a] for a in side if a in text_of} for side in (correction.articles, correction.apart))
    both = together & apart
    if not together - both:
        return Rule(correction.number, frozenset())
    return Rule(correction.number, frozenset(together - both), frozenset(apart - both))
