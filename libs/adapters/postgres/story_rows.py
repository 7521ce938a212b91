"""Texts, pairs and links to rows of PostgreSQL and back."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Row

from libs.domain.documents import ArticleKind, InterviewFacts
from libs.domain.stories.boilerplate import aside, strangers
from libs.domain.stories.grades import Grade, LinkType, Reason
from libs.domain.stories.links import Link
from libs.domain.stories.meaning import Share
from libs.domain.stories.pairs import Pair, SharedPrint
from libs.domain.stories.passages import Passage, Run
from libs.domain.stories.records import Standing, StoredLink, StoredText
from libs.domain.stories.texts import Article, Text, mark

Values = dict[str, Any]
AFTER_GROUPING = ("identity", "meaning", "veto", "split")  # reasons that are not about words


def text_values(stored: StoredText) -> Values:
    """A row of `texts`."""
    return {
        "text_id": stored.text.text_id,
        "words": len(stored.text),
        "codes": stored.text.codes.astype("<u4").tobytes(),
        "spoken": np.packbits(stored.text.spoken).tobytes(),
        "dull_words": stored.dull_words,
    }


def stored_text(row: Row[Any]) -> StoredText:
    """A text back from its row; its fingerprints are made anew."""
    codes = np.frombuffer(row.codes, dtype="<u4").astype(np.uint32)
    spoken = np.unpackbits(np.frombuffer(row.spoken, dtype=np.uint8), count=row.words).astype(bool)
    text = Text(row.text_id, codes, spoken)
    return StoredText(text, mark(text), row.dull_words)


def link_values(stored: StoredLink) -> Values:
    """A row of `links`, before grouping."""
    grade, pair = stored.link.grade, stored.pair
    return {
        "a": pair.a,
        "b": pair.b,
        "words_type": grade.type,
        "candidate": stored.candidate,
        "meant_matched": stored.share and stored.share.matched,
        "meant_sentences": stored.share and stored.share.sentences,
        "longest_run": grade.longest_run,
        "weight_words": grade.weight,
        "coverage_a": grade.coverage_a,
        "coverage_b": grade.coverage_b,
        "words_a": pair.words_a,
        "words_b": pair.words_b,
        "kinship": pair.kinship,
        "stranger": strangers(pair),
        "aside": aside(pair),
        "passages": [passage.runs for passage in pair.passages],
        "prints": pair.prints,
        "spoken": pair.spoken,
        "reasons": reasons_of(stored.link),
    }


def reasons_of(link: Link) -> list[Values]:
    """A link's reasons as they stand in its row."""
    return [{"rule": r.rule, "value": r.value, "threshold": r.threshold, "text": r.text} for r in link.grade.reasons]


def pair_of(row: Row[Any]) -> Pair:
    """A pair back from its row."""
    return Pair(
        row.a,
        row.b,
        row.words_a,
        row.words_b,
        tuple(Passage(tuple(Run(*run) for run in runs)) for runs in row.passages),
        tuple(SharedPrint(*values) for values in row.prints),
        tuple((start, end) for start, end in row.spoken),
        row.kinship,
    )


def stored_link(row: Row[Any]) -> StoredLink:
    """A link by words back from its row, whatever became of it in grouping."""
    pair = pair_of(row)
    return StoredLink(Link(pair.a, pair.b, _grade(row), pair), pair, row.candidate, _share(row))


def standing(row: Row[Any]) -> Standing:
    """A link by words without its passages, and what became of it in grouping."""
    now = (LinkType(row.type) if row.type else None, tuple(Reason(**r) for r in row.reasons))
    return Standing(Link(row.a, row.b, _grade(row)), row.worded, row.candidate, _share(row), now)


def _share(row: Row[Any]) -> Share | None:
    return None if row.meant_matched is None else Share(row.meant_matched, row.meant_sentences)


def _grade(row: Row[Any]) -> Grade:
    type_ = LinkType(row.words_type) if row.words_type else None
    reasons = tuple(Reason(**r) for r in row.reasons if r["rule"] not in AFTER_GROUPING)
    return Grade(type_, row.longest_run, row.weight_words, row.coverage_a, row.coverage_b, reasons)


def article_of(row: Row[Any]) -> Article:
    """An article as stories see it, from its registered revision and its page."""
    return Article(
        row.article_id,
        row.url,
        row.article_id,
        row.outlet,
        row.publisher,
        row.title,
        row.published,
        row.language,
        row.credit,
        row.declared_original,
        ArticleKind(row.kind),
        facts_of(row),
        row.in_focus,
        row.gone,
    )


def facts_of(row: Row[Any]) -> InterviewFacts:
    return InterviewFacts(row.interviewee, tuple(row.broadcasters), tuple(row.interviewers), row.aired, row.questions)


def columns(rows: Sequence[Values]) -> Mapping[str, list[Any]]:
    """Rows as one list a column, for `unnest`."""
    return {name: [row[name] for row in rows] for name in rows[0]}
