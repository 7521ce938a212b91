"""The structure of an interview: who speaks when, who is quoted, who was asked by whom and when.

In: an article's body with its blocks (paragraphs and the markup that marks speakers). Out: turns, quotes and facts,
found by patterns in data files and by the document's own structure. No language models, no network, no clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from libs.domain.documents import ArticleKind, Block, InterviewFacts, Quote, Turn


@dataclass(frozen=True, slots=True)
class Interview:
    """What an article says about the interview it prints or retells; empty for an ordinary report."""

    turns: tuple[Turn, ...] = ()
    quotes: tuple[Quote, ...] = ()
    facts: InterviewFacts = field(default_factory=InterviewFacts)
    kind: ArticleKind = ArticleKind.REPORT


def read_interview(
    body: str, blocks: Sequence[Block], *, title: str, published: str | None, language: str | None
) -> Interview:
    """Find turns, quotes and facts in `body`, whose paragraphs are `blocks` in order.

    `published` is ISO 8601 (a bare date will do) and resolves "on Wednesday"; `language` is ISO 639-1.
    Offsets of turns and quotes count characters of `body`.
    """
    return Interview()
