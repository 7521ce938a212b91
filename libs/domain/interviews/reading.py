"""One article read as an interview: the composition of turns, quotes and facts."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from libs.domain.documents import ArticleKind, Block, InterviewFacts, Quote, Turn
from libs.domain.interviews.counting import count_questions
from libs.domain.interviews.facts import Reading, facts_of_interview, facts_of_report
from libs.domain.interviews.narration import narrate
from libs.domain.interviews.quotes import quote_speakers, quoted_spans
from libs.domain.interviews.speakers import Speakers
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
    if not blocks:
        return Interview()
    spoken = spoken_turns(body, blocks, title=title)
    spans = quoted_spans(blocks, spoken)
    told = narrate(title, blocks, spans, spoken)
    quoted_by = quote_speakers(blocks, spans, spoken, told)
    if spoken:
        reading = facts_of_interview(told, spoken, published=published, questions=count_questions(body, spoken))
    else:
        reading = Reading(facts_of_report(told, quoted_by, published=published), Speakers())
    return Interview(
        turns=tuple(Turn(s.role, reading.speakers.of(s), body[s.start : s.end], s.start, s.end) for s in spoken),
        quotes=tuple(
            Quote(body[span.start : span.end], speaker, span.start, span.end)
            for span, speaker in zip(spans, quoted_by, strict=True)
        ),
        facts=reading.facts,
        kind=ArticleKind.INTERVIEW if spoken else ArticleKind.REPORT,
    )
