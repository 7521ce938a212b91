"""Runs of text of one style, as they follow each other inside a block.

In: `(text, style)` pairs of one block. Out: its paragraphs, their text with blanks tidied, and the label that is set
apart at a paragraph's start, as interviews mark speakers.
"""

import re

from libs.domain.extraction.decode import clean
from libs.domain.extraction.guards import MAX_BODY_CHARS

BOLD, ITALIC, LINK, APART = 1, 2, 4, 8  # bits of a style; APART: in an element with a class or a font of its own
Run = tuple[str, int]

_DASHES = ("\u2013", "\u2014", "\u2015", "- ")
_QUESTION_CHARS = 400  # of a question that shares the paragraph of its answer
_LABEL_CHARS = 90  # a speaker's name with titles; longer bold beginnings are emphasis
_CSS_CHARS = 200_000
_CSS_BOLD = re.compile(r"font-weight\s*:\s*(?:bold|[6-9]00)")
_CSS_ITALIC = re.compile(r"font-style\s*:\s*italic")
_CSS_CLASS = re.compile(r"(?:^|,)\s*(?:p|span|div)?\.([\w-]+)\s*(?=,|$)")


def styled_classes(css: str) -> dict[str, int]:
    """Classes that the page's own style sheet sets bold or italic, as speakers' names often are."""
    found: dict[str, int] = {}
    for rule in css[:_CSS_CHARS].split("}"):
        selectors, _, body = rule.rpartition("{")
        if "font-" not in body or len(selectors) > 500:
            continue
        style = BOLD if _CSS_BOLD.search(body) else 0
        style |= ITALIC if _CSS_ITALIC.search(body) else 0
        if style:
            found |= dict.fromkeys(_CSS_CLASS.findall(selectors), style)
    return found


def split(runs: list[Run]) -> list[list[Run]]:
    """Runs of one block, parted where two line breaks follow each other, and where each line is a turn with a dash."""
    breaks = sum([t.count("\n") for t, _ in runs])
    if not breaks:
        return [runs]
    lines: list[list[Run]] = [[]]
    for text, style in runs:
        if text == "\n":
            lines.append([])
        else:
            lines[-1].append((text, style))
    filled = [n for n, line in enumerate(lines) if any(t.strip() for t, _ in line)]
    spoken = len(filled) > 1 and all("".join(t for t, _ in lines[n]).lstrip().startswith(_DASHES) for n in filled)
    if breaks < 2 and not spoken:
        return [runs]
    parts: list[list[Run]] = []
    for before, n in zip([None, *filled], filled, strict=False):
        if before is None or n - before > 1 or spoken:
            parts.append([])
        else:
            parts[-1].append(("\n", 0))
        parts[-1] += lines[n]
    return parts


def tidy(text: str) -> str:
    """Blanks single, lines without blanks at their ends, no empty lines."""
    if len(text) > MAX_BODY_CHARS:  # no article's, and millions of words would be held to tidy it
        return text
    if "\n" not in text:
        return clean(" ".join(text.split()))
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return clean("\n".join(line for line in lines if line))


def label_of(runs: list[Run], common: int, text: str) -> str | None:
    """Text set apart at the start: a bold, italic or otherwise marked run that the rest of the paragraph is not."""
    first = runs[0][1] & ~common & (BOLD | ITALIC | APART)
    if not first or runs[0][1] & LINK:
        return None
    taken = []
    for part, style in runs:
        if not style & first:
            break
        taken.append(part)
    label = tidy("".join(taken))
    longest = _QUESTION_CHARS if label.endswith(("?", "؟", "？")) else _LABEL_CHARS
    if not label or len(label) > longest or len(label) >= len(text) or not text.startswith(label):
        return None
    return label
