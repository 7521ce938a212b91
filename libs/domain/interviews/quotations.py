"""Words in quotation marks: where they begin and end, in every common style.

In: blocks. Out: spans without the marks, in order. English, French, German, Spanish, Russian and Arabic marks; block
quotations; quotations over several paragraphs, whose opening mark is repeated (one span a paragraph).
Not counted as quotations: fewer than three words ("so-called" words), and names of works or programmes.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from libs.domain.documents import Block

_LEAST_WORDS = 3
_REACH = 6000  # characters; a mark that is not closed by then is no quotation mark
_END = r"(?![^\W_])"  # no letter or digit follows
_CLOSED_BY = {
    mark: re.compile(closer)
    for mark, closer in {
        "“": f"”|“{_END}", "„": "[“”]", "»": "«", "‹": "›", '"': '"', "‚": "[‘’]", "「": "」",
        "‘": rf"(?<!\s)’{_END}", "'": rf"(?<!\s)'{_END}",
    }.items()
}  # fmt: skip
_CLOSED_LATE = {mark: re.compile(f"(?<=[.,!?…]){closer}{_END}") for mark, closer in (("‘", "’"), ("'", "'"))}
_MARKS = re.compile("[«" + re.escape("".join(_CLOSED_BY)) + "]")


@dataclass(frozen=True, slots=True)
class Span:
    """A quotation: offsets in the body of the words inside the marks, and of the marks themselves."""

    start: int
    end: int
    outer_start: int
    outer_end: int
    block: int  # index of the paragraph
    whole: bool = False  # a block quotation without marks
    continued: bool = False  # goes on from the paragraph before


def quotation_spans(blocks: Sequence[Block]) -> list[Span]:
    """All quotations of an article, in order, judged by the rule above."""
    spans: list[Span] = []
    open_mark: str | None = None
    for i, block in enumerate(blocks):
        following = blocks[i + 1].text.lstrip() if i + 1 < len(blocks) else ""
        found, left_open = _spans_in(block, i, following, continued=open_mark is not None)
        open_mark = left_open
        if block.kind == "blockquote" and not found:
            found = [Span(block.start, block.end, block.start, block.end, i, whole=True)]
        spans += [
            span for span in found if _is_quotation(block.text[span.start - block.start : span.end - block.start])
        ]
    return spans


def _spans_in(block: Block, index: int, following: str, *, continued: bool) -> tuple[list[Span], str | None]:
    """The spans of one paragraph, and the mark that is still open at its end."""
    spans: list[Span] = []
    text, at = block.text, 0
    closings = _Closings(text)
    while found := _MARKS.search(text, at):
        mark, opened = found[0], found.start()
        at = opened + 1
        if not _opens(text, opened):
            continue
        closed = closings.of(opened)
        left_open = closed is None
        if closed is None:
            if not (following.startswith(mark) or text.lstrip().startswith(mark)):
                continue
            closed = len(text)
        inner_start, inner_end = _trim(text, opened + 1, closed)
        outer_end = min(closed + 1, len(text))
        goes_on = continued and not spans and not text[:opened].strip()
        if inner_start < inner_end:
            base = block.start
            spans.append(
                Span(base + inner_start, base + inner_end, base + opened, base + outer_end, index, continued=goes_on)
            )
        at = outer_end
        if left_open:
            return spans, mark if following.startswith(mark) else None
    return spans, None


def _opens(text: str, at: int) -> bool:
    before = text[at - 1] if at else " "
    after = text[at + 1] if at + 1 < len(text) else " "
    if text[at] in "“„«‹「":
        return True
    if after.isspace() and text[at] != "»":
        return False
    return not before.isalnum() and before not in ".,!?…"


class _Closings:
    """Finds the marks that close quotations of one text, asked for in order. Linear: no stretch is searched twice in vain."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._pairs = _pairs(text) if "«" in text else {}
        self._none_before: dict[re.Pattern[str], int] = {}

    def of(self, opened: int) -> int | None:
        """The offset of the mark that closes the one at `opened`; apostrophes do not close."""
        mark, end = self._text[opened], min(len(self._text), opened + _REACH)
        if mark == "«":
            closed = self._pairs.get(opened, end)
            return closed if closed < end else None
        if mark not in _CLOSED_LATE:
            return self._find(_CLOSED_BY[mark], opened + 1, end)
        following = self._text.find("‘", opened + 1, end) if mark == "‘" else -1
        end = following if following > 0 else end
        first = self._find(_CLOSED_BY[mark], opened + 2, end)
        if first is None or self._text[first - 1] != "s":
            return first
        return self._find(_CLOSED_LATE[mark], first + 1, end) or first  # farmers' market

    def _find(self, closer: re.Pattern[str], start: int, end: int) -> int | None:
        start = max(start, self._none_before.get(closer, 0))
        found = closer.search(self._text, start, end + 1) if start < end else None  # it looks one character ahead
        if found and found.start() < end:
            return found.start()
        self._none_before[closer] = max(start, end)
        return None


def _pairs(text: str) -> dict[int, int]:
    """The closing mark of each « that has one; they nest."""
    pairs: dict[int, int] = {}
    opened: list[int] = []
    for found in re.finditer("[«»]", text):
        if found[0] == "«":
            opened.append(found.start())
        elif opened:
            pairs[opened.pop()] = found.start()
    return pairs


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    inner = text[start:end]
    return start + len(inner) - len(inner.lstrip()), start + len(inner.rstrip())


def _is_quotation(text: str) -> bool:
    words = re.findall(r"\w[\w’'-]*", text)
    return len(words) >= _LEAST_WORDS and not _is_name(text, words)


def _is_name(text: str, words: Sequence[str]) -> bool:
    """A programme or a work: capitals throughout, no end of sentence."""
    if re.search(r"[.!?…,;:]", text):
        return False
    return all(word[0].isupper() or word[0].isdigit() or len(word) <= 3 for word in words) and words[0][0].isupper()


def outside(text_start: int, text_end: int, spans: Sequence[Span]) -> Iterator[tuple[int, int]]:
    """The parts of a range of the body that lie outside of all spans' marks."""
    at = text_start
    for span in spans:
        if span.outer_end <= text_start or span.outer_start >= text_end:
            continue
        if span.outer_start > at:
            yield at, span.outer_start
        at = max(at, span.outer_end)
    if at < text_end:
        yield at, text_end
