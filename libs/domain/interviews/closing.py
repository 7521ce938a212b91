"""Where an interview ends and the outlet speaks again.

In: blocks and marks. Out: the offset in the body behind the last spoken word.
"""

import re
from collections.abc import Sequence
from functools import cache

from libs.domain.documents import Block
from libs.domain.interviews.marks import Mark, block_index
from libs.domain.interviews.unlabelled import first_person
from libs.domain.interviews.vocabulary import load

_RULE = re.compile(r"^[\s*_#=~•·—–-]+$")
_WHOLE_ENOUGH = 6  # turns, from which a habit of one paragraph a turn can be told


def speech_ends(blocks: Sequence[Block], marks: Sequence[Mark]) -> int:
    """The end of the last turn: trailing paragraphs of the outlet are cut off.

    The outlet is told by its formulas ("Das Gespräch führte"), by other markup than the answers', by a heading or rule,
    and, where every turn before is one paragraph, by a last paragraph in which nobody speaks of himself.
    """
    holder = block_index(blocks, marks[-1].text_start)
    one_each = _one_paragraph_each(blocks, marks)
    for i in range(holder + 1, len(blocks)):
        block = blocks[i]
        if _is_formula(block) or _other_markup(blocks[holder], block) or (one_each and not first_person(block.text)):
            return blocks[i - 1].end
    return blocks[-1].end


def _one_paragraph_each(blocks: Sequence[Block], marks: Sequence[Mark]) -> bool:
    first, last = marks[0].start, marks[-1].start
    between = [block for block in blocks if first <= block.start <= last]
    return len(marks) >= _WHOLE_ENOUGH and len(between) <= len(marks)


def _other_markup(spoken: Block, block: Block) -> bool:
    if block.kind == spoken.kind:
        return False
    return block.kind in ("heading", "em", "strong") or spoken.kind == "definition"


def _is_formula(block: Block) -> bool:
    text = block.text.strip().casefold().lstrip("([*_—–- \u200f")
    return bool(_RULE.match(block.text)) or text.startswith(_formulas())


@cache
def _formulas() -> tuple[str, ...]:
    return tuple(w.casefold() for w in load("labels")["closing"])
