"""The outlet's own words in an article, and what they tell of people and of interviews.

In: title, blocks, quotations, turns. Out: a `Narration`, on which speakers of quotations and facts both rest. Words inside
quotations and turns are left out: they are other people's. What the words tell is looked for when it is first asked for,
since most articles are no interviews and need little of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from libs.domain.documents import Block
from libs.domain.interviews.asking import Asking, askings, sure_outlets
from libs.domain.interviews.clauses import ARABIC, arabic_people
from libs.domain.interviews.lone import lone_names
from libs.domain.interviews.names import same_person
from libs.domain.interviews.persons import people
from libs.domain.interviews.quotations import Span
from libs.domain.interviews.turns import Spoken
from libs.domain.interviews.voices import unquoted_parts, voices_in

# What a report says of an interview and its people stands in its first pages; a page with more is a list of names.
_MOST_CHARACTERS = 60_000
_MOST_NAMES = 300
_MOST_ASKINGS = 200


@dataclass(frozen=True)
class Narration:
    """`texts[0]` is the title; `places` are the indices of the paragraphs that the texts stand in."""

    texts: tuple[str, ...]
    places: tuple[int, ...]
    labels: tuple[str, ...]  # of the turns, as printed

    @cached_property
    def outlets(self) -> tuple[str, ...]:
        """Names of outlets."""
        return tuple(sure_outlets([*self.texts, *self.labels]))

    @cached_property
    def known(self) -> tuple[str, ...]:
        """Full names of persons."""
        names = [*people(self.texts), *arabic_people(self.texts)]
        if any(map(ARABIC.search, self.texts)):  # no capitals tell its names, only what stands before them
            names += [name for asking in self.askings for name in (asking.who, asking.asker) if name]
        names += lone_names(self.texts, names)
        return tuple([name for name in dict.fromkeys(names) if name not in self.outlets][:_MOST_NAMES])

    @cached_property
    def askings(self) -> tuple[Asking, ...]:
        """What the sentences say about who asked whom."""
        return tuple(list(dict.fromkeys(askings(self.texts, sure=self.outlets)))[:_MOST_ASKINGS])

    @cached_property
    def voices(self) -> tuple[str, ...]:
        """Persons who speak or act, those who ask left out."""
        asked = [asking.who for asking in self.askings if asking.who]
        askers = [asking.asker for asking in self.askings if asking.asker and asking.asker not in asked]
        named = voices_in(self.texts, self.known)
        return tuple(name for name in named if not any(same_person(name, other) for other in askers))


def narrate(title: str, blocks: Sequence[Block], spans: Sequence[Span], turns: Sequence[Spoken]) -> Narration:
    """Collect the outlet's own words."""
    parts = [(i, text) for i, text in unquoted_parts(blocks, spans) if not _spoken(blocks[i], turns)]
    parts = _first_pages(parts)
    return Narration(
        texts=(title, *(text for _, text in parts)),
        places=(0, *(i for i, _ in parts)),
        labels=tuple(dict.fromkeys(turn.label for turn in turns if turn.label)),
    )


def _first_pages(parts: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
    kept, left = [], _MOST_CHARACTERS
    for i, text in parts:
        if left <= 0:
            break
        kept.append((i, text[:left]))
        left -= len(text)
    return kept


def _spoken(block: Block, turns: Sequence[Spoken]) -> bool:
    return bool(turns) and turns[0].start < block.end and block.start < turns[-1].end
