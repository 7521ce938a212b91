"""Many pages out of a few: each page again and again under new URLs, with words changed, as a mirrored web.

In: what `benchmarks.extraction` reads, or a mirror (`DIR/<host>/<path>`). A changed page keeps its markup; in its text
some words get other letters, chosen by a generator that the page's number seeds, so the same call makes the same pages.
"""

import random
import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.extraction import Page, read_pages

_TEXT = re.compile(rb"(?<=>)[^<>]+(?=<)")
_WORD = re.compile(rb"[A-Za-z]{4,}")
_ADDRESS = re.compile(rb"""<(link|meta)\b[^<>]*(canonical|og:url)[^<>]*>""", re.IGNORECASE)  # would name the first one
_NO_TEXT = re.compile(rb"<(script|style)\b.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
_LETTERS = b"abcdefghijklmnopqrstuvwxyz"


def make_mirror(source: Path, target: Path, count: int, *, changed: float) -> Path:
    """Write `count` pages below `target`; in all but the first of each a share `changed` of the words is another."""
    pages = read_pages(source)
    for number in range(count):
        page = pages[number % len(pages)]
        turn = number // len(pages)
        host = urlsplit(page.url).hostname or "unknown.example"
        file = target / host / f"{turn}" / f"{page.id[:24]}.html"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(page.raw if turn == 0 else with_other_words(page, number, changed))
    return target


def with_other_words(page: Page, seed: int, share: float) -> bytes:
    """The page with a share of the words of its text exchanged and without its own address; tags and scripts stay."""
    chance = random.Random(seed)

    def word(match: re.Match[bytes]) -> bytes:
        if chance.random() >= share:
            return match[0]
        return bytes(chance.choice(_LETTERS) for _ in match[0])

    def text(match: re.Match[bytes]) -> bytes:
        return _WORD.sub(word, match[0])

    pieces, at = [], 0
    for kept in _NO_TEXT.finditer(page.raw):
        pieces += [_TEXT.sub(text, page.raw[at : kept.start()]), kept[0]]
        at = kept.end()
    return _ADDRESS.sub(b"", b"".join([*pieces, _TEXT.sub(text, page.raw[at:])]))


def mirrored(folder: Path) -> Sequence[bytes]:
    """The bytes of every HTML page of a mirror, in the order of their paths."""
    return [path.read_bytes() for path in sorted(folder.rglob("*.html"))]
