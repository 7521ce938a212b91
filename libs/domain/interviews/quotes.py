"""Quotations with their speakers.

In: blocks, turns and names. Out: spans and who spoke them; a plain paragraph after "X said:" is a block quotation whose
markup was lost.
"""

from collections.abc import Sequence

from libs.domain.documents import Block
from libs.domain.interviews.attribution import announces_quotation, arabic_people, attribute, unquoted
from libs.domain.interviews.persons import people
from libs.domain.interviews.quotations import Span, quotation_spans
from libs.domain.interviews.turns import Spoken


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
    blocks: Sequence[Block], spans: Sequence[Span], turns: Sequence[Spoken], *, title: str
) -> list[str | None]:
    """The speaker of each span. Inside a turn somebody quotes others, of whom the text seldom says who they are: `None`."""
    texts = [*unquoted(blocks, spans), title]
    found = attribute(blocks, spans, people(texts) + arabic_people(texts))
    if not turns:
        return found
    first, last = turns[0].start, turns[-1].end
    return [None if first <= span.start < last else speaker for span, speaker in zip(spans, found, strict=True)]
