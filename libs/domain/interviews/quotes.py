"""Quotations with their speakers.

In: body and blocks. Out: `Quote`s in order; text without marks, `body[start:end] == text`.
"""

from collections.abc import Sequence

from libs.domain.documents import Block, Quote
from libs.domain.interviews.attribution import announces_quotation, arabic_people, attribute, unquoted
from libs.domain.interviews.persons import people
from libs.domain.interviews.quotations import Span, quotation_spans


def quotes_in(body: str, blocks: Sequence[Block], *, title: str) -> tuple[Quote, ...]:
    """All quotations of an article. A plain paragraph after "X said:" is a block quotation whose markup was lost."""
    spans = _with_announced(blocks, quotation_spans(blocks))
    texts = [*unquoted(blocks, spans), title]
    known = people(texts) + arabic_people(texts)
    speakers = attribute(blocks, spans, known)
    return tuple(
        Quote(body[span.start : span.end], speaker, span.start, span.end)
        for span, speaker in zip(spans, speakers, strict=True)
    )


def _with_announced(blocks: Sequence[Block], spans: list[Span]) -> list[Span]:
    quoted = {span.block for span in spans}
    extra = [
        Span(block.start, block.end, block.start, block.end, i, whole=True)
        for i, block in enumerate(blocks)
        if i and i not in quoted and block.kind == "paragraph" and announces_quotation(blocks[i - 1].text)
    ]
    return sorted([*spans, *extra], key=lambda span: span.start)
