"""The outlet's own words in an article, and what they tell of people and of interviews.

In: title, blocks, quotations, turns. Out: a `Narration`, on which speakers of quotations and facts both rest. Words inside
quotations and turns are left out: they are other people's.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from libs.domain.documents import Block
from libs.domain.interviews.asking import Asking, askings, sure_outlets
from libs.domain.interviews.clauses import arabic_people
from libs.domain.interviews.names import same_person
from libs.domain.interviews.persons import people
from libs.domain.interviews.quotations import Span
from libs.domain.interviews.turns import Spoken
from libs.domain.interviews.voices import unquoted_parts, voices_in

# What a report says of an interview and its people stands in its first pages; a page with more is a list of names.
_MOST_CHARACTERS = 60_000
_MOST_NAMES = 300
_MOST_ASKINGS = 200


@dataclass(frozen=True, slots=True)
class Narration:
    """`texts[0]` is the title; `places` are the indices of the paragraphs that the texts stand in."""

    texts: tuple[str, ...]
    places: tuple[int, ...]
    known: tuple[str, ...]  # full names of persons
    outlets: tuple[str, ...]  # names of outlets
    askings: tuple[Asking, ...]
    voices: tuple[str, ...]  # persons who speak or act, those who ask left out


def narrate(title: str, blocks: Sequence[Block], spans: Sequence[Span], turns: Sequence[Spoken]) -> Narration:
    """Collect what the outlet's own words tell."""
    parts = [(i, text) for i, text in unquoted_parts(blocks, spans) if not _spoken(blocks[i], turns)]
    parts = _first_pages(parts)
    texts = (title, *(text for _, text in parts))
    outlets = sure_outlets([*texts, *dict.fromkeys(turn.label for turn in turns if turn.label)])
    known = [name for name in [*people(texts), *arabic_people(texts)] if name not in outlets][:_MOST_NAMES]
    found = list(dict.fromkeys(askings(texts, sure=outlets)))[:_MOST_ASKINGS]
    asked = [asking.who for asking in found if asking.who]
    askers = [asking.asker for asking in found if asking.asker and asking.asker not in asked]
    voices = [name for name in voices_in(texts, known) if not any(same_person(name, other) for other in askers)]
    places = (0, *(i for i, _ in parts))
    return Narration(texts, places, tuple(known), tuple(outlets), tuple(found), tuple(voices))


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
