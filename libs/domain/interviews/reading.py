"""One article read as an interview: the composition of turns, quotes and facts."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from libs.domain.documents import ArticleKind, Block, InterviewFacts, Quote, Turn
from libs.domain.interviews.counting import count_questions
from libs.domain.interviews.quotes import quotes_in
from libs.domain.interviews.turns import spoken_turns


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
    spoken = spoken_turns(body, blocks, title=title)
    turns = tuple(Turn(s.role, s.label or None, body[s.start : s.end], s.start, s.end) for s in spoken)
    facts = InterviewFacts(questions=count_questions(body, spoken))
    return Interview(
        turns, quotes_in(body, blocks, title=title), facts, ArticleKind.INTERVIEW if turns else ArticleKind.REPORT
    )
