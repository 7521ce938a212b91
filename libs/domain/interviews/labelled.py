"""Interviews whose speakers are named by labels.

In: blocks. Out: marks with roles, in order, or none. Labels are believed when they recur, belong to at least two sides
that answer each other, and one side asks. "Source: X", dates, recipes and quoted dialogues do not.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from libs.domain.documents import Block, Role
from libs.domain.interviews.marks import (
    Mark,
    asks,
    block_index,
    fold_label,
    label_alone,
    label_at,
    labels_inside,
    question_like,
    share,
)
from libs.domain.interviews.names import same_person

_MOST_LABELS = 60  # recurring labels; a page with more is a list or a table, not a conversation
_LEAST_MARKS = 4  # two questions and two answers: the shortest printed excerpt


def labelled_marks(blocks: Sequence[Block]) -> list[Mark]:
    """The marks of an interview with labels; empty when the labels do not make one."""
    candidates = _candidates(blocks)
    accepted = _recurring(blocks, candidates)
    if not accepted or len(candidates) < 2:
        return []
    marks = _with_inside(blocks, [mark for mark in candidates if fold_label(mark.label) in accepted], accepted)
    sides = _sides(accepted)
    roles = _roles(blocks, marks, sides)
    marks = [replace(mark, role=roles[sides[fold_label(mark.label)]]) for mark in marks]
    marks = _with_unlabelled_side(blocks, marks)
    marks = _with_missed(blocks, marks)
    return marks if _is_interview(blocks, marks) else []


def _candidates(blocks: Sequence[Block]) -> list[Mark]:
    following = [*blocks[1:], None]
    found = (label_at(block) or label_alone(block, after) for block, after in zip(blocks, following, strict=True))
    return [mark for mark in found if mark]


def _recurring(blocks: Sequence[Block], candidates: Sequence[Mark]) -> dict[str, str]:
    """Folded label to printed label, of those that recur (in any spelling, at a start or inside) or are known words."""
    printed = {fold_label(mark.label): mark.label for mark in reversed(candidates)}
    known = {fold_label(mark.label) for mark in candidates if mark.role}
    counts = Counter(fold_label(mark.label) for mark in candidates)
    sure = {key for key, count in counts.items() if count > 1}
    if len(sure) > _MOST_LABELS:
        return {}
    if len(printed) <= _MOST_LABELS:
        counts.update(fold_label(mark.label) for mark in _with_inside(blocks, [], printed))
        sure = {key for key, count in counts.items() if count > 1}
        others = {key: [label for other, label in printed.items() if other != key] for key in printed}
    else:
        others = {key: [printed[other] for other in sure] for key in printed}
    return {
        key: label
        for key, label in printed.items()
        if key in sure or key in known or any(same_person(label, other) for other in others[key])
    }


def _with_inside(blocks: Sequence[Block], marks: Sequence[Mark], accepted: Mapping[str, str]) -> list[Mark]:
    """Add the turns that begin inside a paragraph ("... not yet. Journalist: So, you think")."""
    words_begin = {block_index(blocks, mark.start): mark.text_start for mark in marks}
    inside = [
        extra
        for i, block in enumerate(blocks)
        for extra in labels_inside(block, accepted.values(), after=words_begin.get(i, block.start))
        if fold_label(extra.label) in accepted
    ]
    return sorted([*marks, *inside], key=lambda mark: mark.start)


def _sides(accepted: Mapping[str, str]) -> dict[str, str]:
    """Folded label to side: spellings of one person ("B. Corvoy", "Bastien Corvoy") are one."""
    sides: dict[str, str] = {}
    for key, label in sorted(accepted.items(), key=lambda item: (-len(item[1]), item[0])):
        sides[key] = next((side for other, side in sides.items() if same_person(accepted[other], label)), key)
    return sides


def _roles(blocks: Sequence[Block], marks: Sequence[Mark], sides: Mapping[str, str]) -> dict[str, Role]:
    """Who asks and who answers: by known words, else by who ends in questions and who speaks at less length."""
    texts = _texts_by_side(blocks, marks, sides)
    roles: dict[str, Role] = {sides[fold_label(mark.label)]: mark.role for mark in marks if mark.role}
    open_sides = [side for side in texts if side not in roles]
    if len(roles) == 1 and len(open_sides) == 1:
        roles[open_sides[0]] = "answer" if "question" in roles.values() else "question"
        return roles
    asking = {side: _asking(texts[side]) for side in open_sides}
    if "question" in roles.values() and "answer" not in roles.values() and open_sides:
        roles[min(open_sides, key=lambda side: (asking[side], -len("".join(texts[side])), side))] = "answer"
    elif not roles and open_sides:
        asker = max(open_sides, key=lambda side: (asking[side], -_length(texts[side]), side))
        roles[asker] = "question"
        others = [side for side in open_sides if side != asker]
        if others:
            answerer = max(others, key=lambda side: (len("".join(texts[side])) * (1.5 - asking[side]), side))
            roles[answerer] = "answer"
    for side in open_sides:
        roles.setdefault(side, "question" if asking[side] >= 0.4 else "answer")
    return roles


def _texts_by_side(blocks: Sequence[Block], marks: Sequence[Mark], sides: Mapping[str, str]) -> dict[str, list[str]]:
    texts: dict[str, list[str]] = defaultdict(list)
    for mark, text in zip(marks, mark_texts(blocks, marks), strict=True):
        texts[sides[fold_label(mark.label)]].append(text)
    return dict(texts)


def mark_texts(blocks: Sequence[Block], marks: Sequence[Mark]) -> list[str]:
    """The words from each mark to the next, or to the end of its paragraph where that comes first."""
    limits = [mark.start for mark in marks[1:]] + [blocks[-1].end if blocks else 0]
    texts = []
    for mark, limit in zip(marks, limits, strict=True):
        block = blocks[block_index(blocks, mark.text_start)]
        texts.append(block.text[mark.text_start - block.start : max(0, min(limit, block.end) - block.start)])
    return texts


def _asking(texts: Sequence[str]) -> float:
    return share([question_like(text) for text in texts])


def _length(texts: Sequence[str]) -> float:
    return sum(map(len, texts)) / max(1, len(texts))


def _with_unlabelled_side(blocks: Sequence[Block], marks: Sequence[Mark]) -> list[Mark]:
    """Where only one side has labels, the paragraph after a question is the answer, the one before an answer the question."""
    roles = {mark.role for mark in marks}
    if len(roles) != 1 or len(marks) < 2:
        return list(marks)
    taken = {blocks[block_index(blocks, at)].start for mark in marks for at in (mark.start, mark.text_start)}
    extra: list[Mark] = []
    for before, block in pairwise(blocks):
        if roles == {"question"} and before.start in taken and block.start not in taken:
            extra.append(Mark("", block.start, block.start, "answer"))
        elif roles == {"answer"} and block.start in taken and before.start not in taken and _asks_unlabelled(before):
            extra.append(Mark("", before.start, before.start, "question"))
    return sorted([*marks, *extra], key=lambda mark: mark.start)


def _asks_unlabelled(block: Block) -> bool:
    return question_like(block.text) or block.kind in ("strong", "em", "heading")


def _with_missed(blocks: Sequence[Block], marks: Sequence[Mark]) -> list[Mark]:
    """Give a paragraph its turn where a label was forgotten: a question between two answers, an answer between two questions."""
    extra: list[Mark] = []
    number: int | None = None
    for mark, following in pairwise(marks):
        between = blocks[block_index(blocks, mark.text_start) + 1 : block_index(blocks, following.start)]
        number = mark.number or number
        if number and following.number == number + 2 and mark.role == "answer":
            extra += _missed_pair(between)
        if mark.role != following.role or not between:
            continue
        last, first = between[-1], between[0]
        if mark.role == "answer" and question_like(last.text) and mark.label == following.label:
            extra.append(Mark("", last.start, last.start, "question"))
        elif mark.role == "question" and question_like(_own_text(blocks, mark)) and first.text[0] not in "([“\"«‘'*":
            extra.append(Mark("", first.start, first.start, "answer"))
    return sorted([*marks, *extra], key=lambda mark: mark.start)


def _missed_pair(between: Sequence[Block]) -> list[Mark]:
    """The question whose number is left out, and its answer: both have lost their labels."""
    for asked, told in reversed(list(pairwise(between))):
        if question_like(asked.text) and not question_like(told.text):
            return [Mark("", asked.start, asked.start, "question"), Mark("", told.start, told.start, "answer")]
    return []


def _own_text(blocks: Sequence[Block], mark: Mark) -> str:
    return blocks[block_index(blocks, mark.text_start)].text


def _is_interview(blocks: Sequence[Block], marks: Sequence[Mark]) -> bool:
    """Two sides that answer each other, at least twice each, one of which asks."""
    questions = [mark for mark in marks if mark.role == "question"]
    answers = [mark for mark in marks if mark.role == "answer"]
    if len(marks) < _LEAST_MARKS or min(len(questions), len(answers)) < 2:
        return False
    changes = [a.role != b.role for a, b in pairwise(marks)]
    texts = dict(zip((mark.start for mark in marks), mark_texts(blocks, marks), strict=True))
    asking = share([asks(texts[mark.start]) for mark in questions])
    named = any(mark.number is not None for mark in questions)
    return share(changes) >= 0.5 and (asking >= 0.25 or named)
