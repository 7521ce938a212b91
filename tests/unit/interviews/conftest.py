"""Builds blocks the way extraction hands them over."""

from collections.abc import Callable, Sequence

import pytest

from libs.domain.documents import Block, BlockKind
from libs.domain.interviews import Interview, read_interview

Paragraph = str | tuple[str, BlockKind] | tuple[str, BlockKind, str]
Read = Callable[..., Interview]


def make_blocks(paragraphs: Sequence[Paragraph]) -> tuple[str, list[Block]]:
    """Body and blocks of paragraphs: text, or (text, kind), or (text, kind, label)."""
    blocks: list[Block] = []
    start = 0
    for paragraph in paragraphs:
        text, kind, label = (paragraph, "paragraph", None) if isinstance(paragraph, str) else (*paragraph, None)[:3]
        blocks.append(Block(text, start, kind, label))  # type: ignore[arg-type]
        start += len(text) + 2
    return "\n\n".join(block.text for block in blocks), blocks


@pytest.fixture
def read() -> Read:
    """Read paragraphs as an interview; every offset is checked on the way."""

    def reader(*paragraphs: Paragraph, title: str = "", published: str | None = None) -> Interview:
        body, blocks = make_blocks(paragraphs)
        found = read_interview(body, blocks, title=title, published=published, language=None)
        for part in (*found.turns, *found.quotes):
            assert body[part.start : part.end] == part.text
        return found

    return reader
