"""Turns of an interview: which words are a question, which an answer, and whose.

In: the blocks of an article. Out: turns in order, or none for an ordinary report. Labels come first; where there are
none, the markup (bold questions, definition lists, dashes, quotation marks) or plain alternation is read.
Paragraphs without a mark belong to the turn before; the outlet's own words before the first and after the last turn
belong to none.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from libs.domain.documents import Block, Role
from libs.domain.interviews.closing import speech_ends
from libs.domain.interviews.labelled import labelled_marks
from libs.domain.interviews.marks import Mark
from libs.domain.interviews.unlabelled import unlabelled_marks

_OPENINGS = frozenset('«“„"‹‘')


@dataclass(frozen=True, slots=True)
class Spoken:
    """A turn before its speaker is resolved: `label` as printed, offsets into the body."""

    label: str
    role: Role
    start: int
    end: int
    number: int | None = None


def spoken_turns(body: str, blocks: Sequence[Block], *, title: str) -> tuple[Spoken, ...]:
    """Find the turns of an interview in `blocks`; empty when the text is not printed as one."""
    marks = labelled_marks(blocks) or unlabelled_marks(blocks, title=title)
    if not marks:
        return ()
    end = speech_ends(blocks, marks)
    limits = [mark.start for mark in marks[1:]] + [end]
    return tuple(turn for mark, limit in zip(marks, limits, strict=True) if (turn := _turn(body, mark, limit)))


def _turn(body: str, mark: Mark, limit: int) -> Spoken | None:
    words = body[mark.text_start : limit]
    start = mark.text_start + len(words) - len(words.lstrip())
    quoted = body[mark.start : mark.text_start].strip() in _OPENINGS  # a question that stands whole in quotation marks
    end = mark.text_start + len(words.rstrip(' \n\u00a0»”“"›’') if quoted else words.rstrip())
    if start >= end or mark.role is None:
        return None
    return Spoken(label=mark.label, role=mark.role, start=start, end=end, number=mark.number)
