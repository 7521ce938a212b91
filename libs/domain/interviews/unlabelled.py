"""Interviews without labels: bold questions, definition lists, dashes, quotation marks, plain alternation.

In: blocks. Out: marks with roles, or none. Markup alone is weak (an explainer's subheadings ask too), so the people must
be heard: questions that address somebody, answers in the first person, or an introduction that speaks of an interview.
"""

import re
from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise

from libs.domain.documents import Block
from libs.domain.interviews.marks import Mark, asks, block_index, question_like, share
from libs.domain.interviews.vocabulary import any_of, load

_LEAST_QUESTIONS = 3
_LEAST_ANNOUNCED = 2  # of questions set apart, where the introduction speaks of an interview
_SET_APART = ("strong", "em", "heading", "term")
_DASH = re.compile(r"^[\s\u200f]*(?:[—–―]|--?)\s*")
_QUOTED = re.compile(r"^\s*[«“„\"‹‘](?P<words>[^«»“”„\"]+)[»”“\"›’]\s*$")
_OPENING = re.compile(r"^\s*[«“„\"‹‘]\s*")
_PLAIN_PERSONS = 0.4  # of answers and questions, where neither markup nor introduction tells of an interview
_INTRO_BLOCKS = 3
_LONGEST_QUESTION = 900  # characters; a longer bold paragraph is a lead


def unlabelled_marks(blocks: Sequence[Block], *, title: str) -> list[Mark]:
    """The marks of an interview whose sides are told by markup or order alone; empty when there is none."""
    announced = _announced(blocks, title)
    for style in (_set_apart, _bold_start, _dashed, _quoted):
        marks = style(blocks)
        if marks and _people_speak(blocks, marks, announced=announced):
            return marks
    if announced:
        marks = _set_apart(blocks, least=_LEAST_ANNOUNCED)
        if marks and _persons(blocks, marks)[0] >= 0.5:
            return marks
    marks = _plain(blocks)
    if announced:
        return marks if marks and _people_speak(blocks, marks, announced=False) else []
    return marks if marks and min(_persons(blocks, marks)) >= _PLAIN_PERSONS else []


def mentions_interview(text: str) -> bool:
    """Whether a text uses a word for an interview, in any of the languages of the data file."""
    return bool(_pattern("interview").search(text))


def first_person(text: str) -> bool:
    """Whether somebody speaks of himself."""
    return bool(_pattern("first_person").search(text))


def _announced(blocks: Sequence[Block], title: str) -> bool:
    return any(mentions_interview(text) for text in [title, *(block.text for block in blocks[:_INTRO_BLOCKS])])


def _set_apart(blocks: Sequence[Block], least: int = _LEAST_QUESTIONS) -> list[Mark]:
    """Whole paragraphs in bold, italics, headings or `<dt>` are the questions, plain ones the answers (or the reverse)."""
    apart = [block for block in blocks if block.kind in _SET_APART]
    others = [block for block in blocks if block.kind not in _SET_APART]
    kinds = {block.kind for block in apart if question_like(block.text)}
    if share([question_like(b.text) for b in others]) > share([question_like(b.text) for b in apart]):
        return _alternate(blocks, lambda block: block.kind not in _SET_APART, least=least)
    return _alternate(blocks, lambda block: block.kind in kinds and len(block.text) <= _LONGEST_QUESTION, least=least)


def _bold_start(blocks: Sequence[Block]) -> list[Mark]:
    """The question is set apart at the start of the paragraph that holds the answer too."""
    marks: list[Mark] = []
    for block in blocks:
        label = block.label or ""
        rest = block.text[len(label) :]
        if not block.text.startswith(label) or not label or not rest.strip():
            continue
        if question_like(label) or (marks and len(label.split()) > 2 and label.rstrip()[-1:] in ".:!…"):
            answer = block.end - len(rest.lstrip(" \n:—–-"))
            marks += [Mark("", block.start, block.start, "question"), Mark("", answer, answer, "answer")]
    return marks if len(marks) >= 2 * _LEAST_QUESTIONS else []


def _dashed(blocks: Sequence[Block]) -> list[Mark]:
    """Paragraphs that begin with a dash: both sides in turn, or the questions alone."""
    dashed = [block for block in blocks if _DASH.match(block.text)]
    if len(dashed) < _LEAST_QUESTIONS or share([bool(re.search(r"[,!?…]\s[—–]\s", b.text)) for b in dashed]) > 0.3:
        return []  # ", — he said": a story, not an interview
    if share([question_like(block.text) for block in dashed]) >= 0.6:
        return _alternate(blocks, lambda block: bool(_DASH.match(block.text)), skip=_DASH)
    marks: list[Mark] = []
    for block in dashed:
        asked = marks and marks[-1].role == "question"
        if not marks and not question_like(block.text):
            continue
        text_start = block.start + len(block.text) - len(_DASH.sub("", block.text, count=1))
        marks.append(Mark("", block.start, text_start, "answer" if asked else "question"))
    return _checked(blocks, marks)


def _quoted(blocks: Sequence[Block]) -> list[Mark]:
    """Questions that stand whole in quotation marks, answers that do not."""
    marks = _alternate(blocks, lambda block: bool(_QUOTED.match(block.text)), skip=_OPENING)
    quoted = {block.start: block for block in blocks if _QUOTED.match(block.text)}
    questions = [quoted[mark.start] for mark in marks if mark.role == "question"]
    return marks if share([question_like(block.text) for block in questions]) >= 0.8 else []


def _plain(blocks: Sequence[Block]) -> list[Mark]:
    """No markup at all: paragraphs that end in a question and are short, each followed by one that does not."""
    asked = [i for i, block in enumerate(blocks) if _plain_question(block)]
    if len(asked) <= _LEAST_QUESTIONS or any(b - a == 1 for a, b in pairwise(asked)):
        return []
    spread = len(blocks) - asked[0]
    return _alternate(blocks, _plain_question) if spread <= 3.5 * len(asked) else []


def _plain_question(block: Block) -> bool:
    return block.kind == "paragraph" and question_like(block.text) and len(block.text) <= _LONGEST_QUESTION


def _alternate(
    blocks: Sequence[Block],
    is_question: Callable[[Block], bool],
    *,
    skip: re.Pattern[str] | None = None,
    least: int = _LEAST_QUESTIONS,
) -> list[Mark]:
    """Marks where blocks of the asking kind meet blocks of the other; neighbours of one kind are one turn."""
    marks: list[Mark] = []
    for i, block in enumerate(blocks):
        asking = is_question(block)
        if not marks and (not asking or _is_lead(blocks, i, is_question)):
            continue
        if marks and marks[-1].role == ("question" if asking else "answer"):
            continue
        found = skip.match(block.text) if skip else None
        role = "question" if asking else "answer"
        marks.append(Mark("", block.start, block.start + (found.end() if found else 0), role))  # type: ignore[arg-type]
    return _checked(blocks, marks, least)


def _is_lead(blocks: Sequence[Block], i: int, is_question: Callable[[Block], bool]) -> bool:
    """A bold opening paragraph that asks nothing, or that another bold one follows, is the outlet's lead."""
    if asks(blocks[i].text):
        return False
    return i == 0 or (i + 1 < len(blocks) and is_question(blocks[i + 1]))


def _checked(blocks: Sequence[Block], marks: list[Mark], least: int = _LEAST_QUESTIONS) -> list[Mark]:
    """The marks, if the questions ask and the answers mostly do not; of few questions all must ask and be answered."""
    text = {block.start: block.text for block in blocks}
    questions = [text[mark.start] for mark in marks if mark.role == "question"]
    answers = [text[mark.start] for mark in marks if mark.role == "answer"]
    if len(questions) < least or len(answers) < max(least - 1, _LEAST_ANNOUNCED):
        return []
    asked = share([asks(t) for t in questions])
    if len(questions) < _LEAST_QUESTIONS and asked < 1:
        return []
    return marks if asked >= 0.5 and share([question_like(t) for t in answers]) <= min(0.35, asked / 2) else []


def _people_speak(blocks: Sequence[Block], marks: Sequence[Mark], *, announced: bool) -> bool:
    first, second = _persons(blocks, marks)
    return first >= 0.5 or (first >= 0.25 and second >= 0.2) or (announced and max(first, second) >= 0.2)


def _persons(blocks: Sequence[Block], marks: Sequence[Mark]) -> tuple[float, float]:
    """The share of answers in the first person, and of questions that address somebody."""
    parts = _parts(blocks, marks)
    first = share([first_person(text) for role, text in parts if role == "answer"])
    second = share([bool(_pattern("second_person").search(text)) for role, text in parts if role == "question"])
    return first, second


def _parts(blocks: Sequence[Block], marks: Sequence[Mark]) -> list[tuple[str | None, str]]:
    """Role and words of each mark, up to the next mark."""
    limits = [mark.start for mark in marks[1:]] + [max(block.end for block in blocks)]
    return [(mark.role, _between(blocks, mark.text_start, limit)) for mark, limit in zip(marks, limits, strict=True)]


def _between(blocks: Sequence[Block], start: int, end: int) -> str:
    inner = blocks[block_index(blocks, start) : block_index(blocks, end - 1) + 1]
    return "\n".join(block.text[max(0, start - block.start) : max(0, end - block.start)] for block in inner)


@cache
def _pattern(key: str) -> re.Pattern[str]:
    words = any_of(load("labels")[key]).replace("'", "['’]")
    return re.compile(rf"(?<!\w)(?:{words})(?!\w)")
