"""How many questions an interview has: follow-ups, interjections and farewells are turns, but no questions.

In: the turns of an interview. Out: a number. Where questions are numbered, the numbers are counted.
"""

import re
from collections.abc import Sequence
from functools import cache

from libs.domain.interviews.marks import asks
from libs.domain.interviews.turns import Spoken
from libs.domain.interviews.vocabulary import load

_FAREWELL_WORDS = 8


def count_questions(body: str, turns: Sequence[Spoken]) -> int:
    """Numbered questions; else the times that the asking side speaks and is answered, farewells left out."""
    numbers = {turn.number for turn in turns if turn.role == "question" and turn.number is not None}
    if len(numbers) > 1:
        return len(numbers)
    asked = [i for i, turn in enumerate(turns) if turn.role == "question" and _is_answered(turns, i)]
    if asked and asked[-1] >= len(turns) - 2 and _is_farewell(body[turns[asked[-1]].start : turns[asked[-1]].end]):
        asked.pop()
    return len(asked)


def _is_answered(turns: Sequence[Spoken], i: int) -> bool:
    return i + 1 < len(turns) and turns[i + 1].role == "answer"


def _is_farewell(text: str) -> bool:
    if asks(text):
        return False
    return len(text.split()) <= _FAREWELL_WORDS or bool(_thanks().search(text))


@cache
def _thanks() -> re.Pattern[str]:
    words = "|".join(re.escape(w) for w in sorted(load("labels")["thanks"], key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE)
