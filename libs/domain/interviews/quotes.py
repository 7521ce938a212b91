"""Quotations with their speakers.

In: blocks, turns and names. Out: spans and who spoke them; a plain paragraph after "X said:" is a block quotation whose
markup was lost.
"""

from collections.abc import Sequence

from libs.domain.documents import Block
from libs.domain.interviews.attribution import announces_quotation, attribute
from libs.domain.interviews.narration import Narration
from libs.domain.interviews.quotations import Span, quotation_spans
from libs.domain.interviews.turns import Spoken

_MOST_QUOTES = 500  # whose speakers are looked for; a page with more is a collection of quotations


def quoted_spans(blocks: Sequence[Block], turns: Sequence[Spoken]) -> list[Span]:
    """All quotations of an article, in order."""
    spans = quotation_spans(blocks)
    quoted = {span.block for span in spans}
    extra = [
        Span(block.start, block.end, block.start, block.end, i, whole=True)
        for i, block in enumerate(blocks)
        if i and not turns and i not in quoted and block.kind == "paragraph" and announces_quotation(blocks[i - 1].text)
    ]
    return sorted([*spans, *extra], key=lambda span: span.start)


def quote_speakers(
    blocks: Sequence[Block], spans: Sequence[Span], turns: Sequence[Spoken], told: Narration
) -> list[str | None]:
    """The speaker of each span. Inside a turn somebody quotes others, of whom the text seldom says who they are: `None`."""
    found: list[str | None] = attribute(blocks, spans[:_MOST_QUOTES], told)
    found += [None] * (len(spans) - len(found))
    if not turns:
        return found
    first, last = turns[0].start, turns[-1].end
    return [None if first <= span.start < last else speaker for span, speaker in zip(spans, found, strict=True)]
