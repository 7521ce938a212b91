"""Who wrote an article, where it was taken from, and when it was published, as the page prints these.

In: what the page declares and the short lines around its title and at its end. Out: `Head`: bylines without "By", the
named source, the times, and which paragraphs they used up.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from libs.domain.extraction.body import is_menu
from libs.domain.extraction.dates import Moment, has_time, read_declared_time, read_visible_time, without_time
from libs.domain.extraction.paragraphs import Paragraph
from libs.domain.extraction.rules import attribute_words, class_words, fold, markers

_PIECES = re.compile(r"\s*(?:[|·•●∙/]|\s[–—-]{1,2}(?=\s)|\s{2,}|\n|&nbsp;)\s*")
_EDGES = re.compile(r"^[\s,;:|·•–—(\[/-]+|[\s,;:|·•–—)\]/-]+$")
_END = re.compile(r"[.!?…:]\W*$")
_NO_NAME = re.compile(r"https?:|www\.|@\w+\.\w|^\W*$|\d{3}", re.I)
_AND = re.compile(r"\s+(?:and|und|et|y|и|та|&|og|och|en)\s+", re.I)
_AGENCIES = r"(Reuters|AP|AFP|dpa|EFE|ANSA|TASS|Xinhua|UPI|PTI|ANI|DPA|APA|Belga|Lusa|PAP|CTK|ČTK|RIA Novosti|Interfax|Kyodo|Yonhap|IANS|Anadolu|AA|Bloomberg|ТАСС|РИА Новости|Интерфакс|АП|رويترز|أ ف ب)"
_AGENCY = re.compile(rf"^[^\W\d_][\w .,'’-]{{1,60}}?\({_AGENCIES}\)\s*[-–—:]")
_AGENCY_BEHIND = re.compile(rf"(?:^|[.!?…”\"»])\s*\({_AGENCIES}\)\W*$")
_AGENCY_ALONE = re.compile(rf"\W*{_AGENCIES}\W*")
_JOINED_WORDS = 45  # of a title with author and date in one paragraph
_SIGNATURE_LINES = 2  # below the text; farther down it is another article's author
_MAX_WORDS = 12  # "Severny Mayak, translated for Northspar by Dina Orlik" is as long as bylines get


@dataclass(slots=True)
class Head:
    """What the lines around a title say. `used` are indices of paragraphs that are no text."""

    bylines: list[str] = field(default_factory=list)
    dated: list[str] = field(default_factory=list)  # beside a date: likely an author
    weak: list[str] = field(default_factory=list)  # alone on a line under the title
    credit: str | None = None
    moments: list[Moment] = field(default_factory=list)
    used: set[int] = field(default_factory=set)


def clean_name(text: str) -> str:
    """A name as printed, without "By", dates and edges; empty when there is none in it."""
    text = " ".join(text.split())
    prefix = markers().byline_prefix.match(fold(text))
    if prefix and prefix.end() < len(fold(text)):
        text = _cut_folded(text, prefix.end())
    text = _EDGES.sub("", text)
    return "" if _NO_NAME.search(text) or len(text.split()) > _MAX_WORDS or len(text) < 2 else text


def _cut_folded(text: str, length: int) -> str:
    """`text` without the beginning that folds to `length` characters."""
    for n in range(len(text) + 1):
        if len(fold(text[:n] + "x")) - 1 >= length:
            return text[n:]
    return ""


def split_names(text: str) -> list[str]:
    """ "A and B" as two names where both look like persons; else the text as one."""
    name = clean_name(text)
    if not name:
        return []
    parts = [p.strip(" ,") for p in _AND.split(name)]
    if len(parts) > 1 and all(_personal(p) for part in parts for p in part.split(",")):
        return [p.strip() for part in parts for p in part.split(",") if p.strip()]
    return [name]


def _personal(text: str) -> bool:
    words = text.split()
    return 2 <= len(words) <= 4 and all(
        w[:1].isupper() or w in ("de", "da", "von", "van", "al", "bin", "di", "le", "la", "el") for w in words
    )


def declared_names(authors: Iterable[str]) -> list[str]:
    """Names out of declared author fields, each once; addresses and machine accounts are left out."""
    names: list[str] = []
    for author in authors:
        for part in re.split(r"\s*[;|]\s*", author) if author.count(";") != 1 else [author]:
            for name in split_names(part):
                if fold(name) not in (
                    "admin",
                    "administrator",
                    "editor",
                    "webmaster",
                    "root",
                    "user",
                    "none",
                    "null",
                    "undefined",
                ) and fold(name) not in map(fold, names):
                    names.append(name)
    return names[:8]


def read_head(lines: Sequence[Paragraph], title: Paragraph | None, *, day_first: bool) -> Head:
    """Read the short lines around the title; long ones and those of buttons and captions tell nothing."""
    head = Head()
    for p in lines:
        after = title is not None and p.index > title.index
        for text in p.text.split("\n"):
            _read_line(text, p, head, after=after, day_first=day_first)
    return head


def _read_line(text: str, p: Paragraph, head: Head, *, after: bool, day_first: bool) -> None:
    words = len(text.split())
    folded = fold(text)
    rules = markers()
    if words > 28 or rules.caption_start.match(folded) or rules.teaser_start.match(folded):
        return
    if is_menu(text) and not has_time(text):
        return
    dated = has_time(text)
    moment = read_visible_time(text, day_first=day_first) if dated else None
    machine = _machine_times(p)
    if machine:
        head.moments += machine
    if moment:
        head.moments.append(moment)
        head.used.add(p.index)
    marked = _says_author(p)
    rest = without_time(text) if dated else text
    for piece in _PIECES.split(rest):
        _read_piece(piece, p, head, dated=moment is not None or bool(machine), marked=marked, after=after)


def _read_piece(piece: str, p: Paragraph, head: Head, *, dated: bool, marked: bool, after: bool) -> None:
    piece = _EDGES.sub("", piece)
    folded = fold(piece)
    rules = markers()
    credit = rules.credit_prefix.match(folded + ":" if ":" not in folded else folded)
    if credit and ":" in piece and len(piece.split()) <= _MAX_WORDS:
        head.credit = head.credit or piece.split(":", 1)[1].strip(" .") or None
        head.used.add(p.index)
        if dated and head.credit:
            head.dated.append(head.credit)
        return
    if not piece or not any(c.isalpha() for c in piece) or not rules.head_words.sub("", folded).strip(" .,:;()+-…"):
        return
    prefix = rules.byline_prefix.match(folded)
    name = clean_name(piece)
    if not name or len(name.split()) > _MAX_WORDS:
        return
    if (prefix and (prefix.group(0).rstrip()[-1:] in ":：" or _capital(name)) and len(name.split()) <= _MAX_WORDS) or (
        marked and not p.level
    ):
        head.bylines += [n for n in split_names(name) if n not in head.bylines]
        head.used.add(p.index)
    elif (
        after
        and not p.level
        and not _END.search(name)
        and (dated or len(name.split()) <= 8)
        and p.link_share < 0.9
        and _capital(name)
    ):
        (head.dated if dated else head.weak).append(name)


def _capital(name: str) -> bool:
    """Begins like a name: upper case, or a script without case."""
    first = next((c for c in name if c.isalpha()), "")
    return (bool(first) and (first.isupper() or first.lower() == first.upper())) or fold(name).startswith(
        ("from ", "posted ")
    )


def _machine_times(p: Paragraph) -> list[Moment]:
    found = []
    for node in p.element.iter("time"):
        moment = read_declared_time(node.get("datetime") or "")
        if moment:
            found.append(moment)
    return found


def _says_author(p: Paragraph) -> bool:
    """Whether the element, its parent or a part of it is marked as the author's."""
    words = class_words().author
    parent = p.element.getparent()
    for node in (p.element, parent, *list(p.element)[:4]):
        if node is None or not isinstance(node.tag, str):
            continue
        if node.get("rel") == "author" or node.get("itemprop") in ("author", "creator"):
            return True
        if node.tag not in ("article", "main", "body", "section") and attribute_words(node.get("class") or "") & words:
            return True
    return False


def closing_byline(kept: Sequence[Paragraph], known: Sequence[str]) -> tuple[str | None, int]:
    """A byline that ends the text: the last paragraph when it is a known name, or a short line set apart as one.
    Returns the name, when it is new, and how many paragraphs to cut."""
    if len(kept) < 3:
        return None, 0
    last = kept[-1]
    if credit_line(last.text):
        return None, 0
    folded = fold(last.text)
    name = clean_name(last.text)
    if any(fold(k) == fold(name) or folded == fold(k) for k in known):
        return None, 1
    if known or last.words > 8 or last.links or last.level or not name or has_time(last.text):
        return None, 0
    apart = last.kind == "em" or last.element.get("align") == "right" or _says_author(last)
    plain = last.words <= 6 and not _END.search(last.text) and not any(c in '“”«»"' for c in last.text)
    similar = sum(1 for p in kept[:-1] if p.words <= 6 and not p.level and not _END.search(p.text))
    return (name, 1) if (apart and last.words <= 6) or (plain and similar <= 1 and _capital(name)) else (None, 0)


def credit_line(text: str) -> str | None:
    """The source that a line of its own names ("Source: SANA"), else None."""
    if len(text.split()) > _MAX_WORDS or ":" not in text.replace("：", ":"):
        return None
    if not markers().credit_prefix.match(fold(text)):
        return None
    return text.replace("：", ":").split(":", 1)[1].strip().rstrip(".") or None


def is_joined_head(p: Paragraph) -> bool:
    """Whether a paragraph is a bold title with its author or date on the lines below, parted by single breaks."""
    if (
        p.label is None
        or "\n" not in p.text
        or p.words > _JOINED_WORDS
        or p.noise is not None
        or p.comments is not None
    ):
        return False
    title, *lines = p.text.split("\n")
    if title != p.label or len(title.split()) < 3:
        return False
    return all(
        len(line.split()) <= _MAX_WORDS
        and not _END.search(line)
        and (has_time(line) or markers().byline_prefix.match(fold(line)))
        for line in lines
    )


def signature(paragraphs: Sequence[Paragraph], kept: Sequence[Paragraph]) -> list[str]:
    """Authors named right below the text, in an element of their own: "By Ada Quill"."""
    last = kept[-1].index if kept else len(paragraphs)
    below = [p for p in paragraphs[last + 1 : last + 1 + _SIGNATURE_LINES] if p.comments is None]
    for p in below:
        if p.level or p.words > _MAX_WORDS:
            break
        prefix = markers().byline_prefix.match(fold(p.text))
        name = clean_name(p.text)
        if prefix and name and _capital(name) and not has_time(p.text) and not _END.search(name):
            return split_names(p.text)
    return []


def agency_of(first: str, last: str) -> str | None:
    """The agency that a text's first paragraph names as its dateline, "LONDON (Reuters) - ...", or its last one at the
    end, "... said. (dpa)"."""
    m = _AGENCY.match(first[:120]) or _AGENCY_BEHIND.search(last[-40:]) or _AGENCY_ALONE.fullmatch(last[-40:])
    return m.group(1) if m else None


def is_agency(text: str) -> bool:
    """Whether a paragraph holds the name of an agency and nothing else."""
    return len(text) <= 40 and _AGENCY_ALONE.fullmatch(text) is not None
