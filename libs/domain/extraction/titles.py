"""The title of a page, without the name of its site.

In: what the page declares, its headings, its first paragraphs. Out: the title as the page prints it. A visible heading
wins that the declared titles confirm; a declared title may be cut or carry the site's name, a heading seldom is.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import urljoin, urlsplit

from libs.domain.extraction.paragraphs import Paragraph
from libs.domain.extraction.rules import fold
from libs.domain.extraction.structured import Declared
from libs.domain.urls import is_home

_SEPARATOR = re.compile(r"\s+(?:[|·•»«›‹–—~:/\\]|::|-{1,2}|>>|<<)\s+|\s*(?:::|\|)\s*|\s+[»«]\s*")
_WORDS = re.compile(r"\w+")
_SITE_WORDS = 6
_CUT = re.compile(r"\s*(?:…|\.\.\.)\s*$")


@lru_cache(maxsize=4_096)
def plain(text: str) -> str:
    """Folded words only, for comparing titles."""
    return " ".join(_WORDS.findall(fold(text)))


def find_title(declared: Declared, paragraphs: Sequence[Paragraph], url: str) -> tuple[str, Paragraph | None]:
    """The title, and the paragraph that prints it (None when the page shows it nowhere)."""
    names = site_names(declared, url) | {plain(p.text) for p in paragraphs[:40] if p.level and _leads_home(p)}
    candidates = _candidates(declared, names)
    visible = [p for p in paragraphs if p.words <= 60 and p.comments is None and "\n" not in p.text[:1]]
    for candidate in [*candidates, *_behind_colon(declared)]:
        found = _printed(candidate, visible)
        if found is not None:
            return " ".join(found.text.split()), found
    heading = _best_heading(visible, names)
    if candidates and not (heading and _alike(heading.text, candidates[0])):
        return _CUT.sub("", candidates[0]), None
    if heading:
        return " ".join(heading.text.split()), heading
    return "", None


def expose_title(declared: Declared, paragraphs: Sequence[Paragraph], url: str) -> Paragraph | None:
    """The paragraph of several lines (date, title, author parted by single breaks) one of which is a declared title;
    None when the title has a paragraph of its own, or none."""
    known = [*_candidates(declared, site_names(declared, url)), *_behind_colon(declared)]
    wanted = {plain(c): c for c in known if len(plain(c)) >= 4}
    lined = (p for p in paragraphs if "\n" in p.text and p.words <= 80)
    found = next((p for p in lined if any(plain(line) in wanted for line in p.text.split("\n"))), None)
    return None if found is None or any(_printed(c, paragraphs) for c in wanted.values()) else found


def site_names(declared: Declared, url: str) -> set[str]:
    """Plain forms of the site's name: as declared, and as its host spells it."""
    names = {plain(declared.site_name)} if declared.site_name else set()
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    names |= {plain(host), plain(host.split(".")[0])} if host else set()
    return names - {""}


def is_site_name(text: str, names: set[str]) -> bool:
    """Whether a text is the site's name, with or without blanks, articles and domain endings."""
    joined = plain(text).replace(" ", "")
    if not joined:
        return True
    return any(
        joined in (n.replace(" ", ""), "the" + n.replace(" ", ""))
        or (len(n) > 5 and (n.replace(" ", "") == joined.removeprefix("the")))
        for n in names
    )


def _candidates(declared: Declared, names: set[str]) -> list[str]:
    """Declared titles from the likeliest to the least: whole strings first, then without their first or last parts."""
    whole = [t for t in declared.titles if t and not is_site_name(t, names)]
    if declared.page_title and not is_site_name(declared.page_title, names):
        whole.append(declared.page_title)
    parts: list[str] = []
    for title in whole:
        parts += _without_site(title, names)
    # A longer one first: "headline" of JSON-LD is often cut at 110 characters.
    ordered = sorted(dict.fromkeys(whole), key=lambda t: _agreement(t, whole), reverse=True)
    return list(
        dict.fromkeys(
            p for t in ordered for p in [*(_without_site(t, names)[:1] if _ends_with_site(t, names) else []), t]
        )
    ) + list(dict.fromkeys(parts))


def _behind_colon(declared: Declared) -> list[str]:
    """The page's title without what stands before its first colon, which may be the site's name; it counts only where
    the page prints it so."""
    before, _, behind = declared.page_title.partition(": ")
    return [behind] if len(before.split()) <= _SITE_WORDS and len(_WORDS.findall(behind)) > 1 else []


def _agreement(title: str, others: Sequence[str]) -> tuple[int, int]:
    """How many declared titles contain this one; of equals the longest."""
    mine = plain(title)
    return sum(mine in plain(o) for o in others), len(mine)


def _pieces(title: str) -> list[tuple[str, int, int]]:
    """Parts of a title between separators, with their offsets."""
    out, at = [], 0
    for m in _SEPARATOR.finditer(title):
        out.append((title[at : m.start()], at, m.start()))
        at = m.end()
    out.append((title[at:], at, len(title)))
    return [p for p in out if p[0].strip()]


def _ends_with_site(title: str, names: set[str]) -> bool:
    pieces = _pieces(title)
    return len(pieces) > 1 and (is_site_name(pieces[-1][0], names) or is_site_name(pieces[0][0], names))


def _without_site(title: str, names: set[str]) -> list[str]:
    """Runs of the title's parts, the longest first; runs that begin or end with the site's name are left out."""
    pieces = _pieces(title)
    runs = []
    for first in range(len(pieces)):
        for last in range(len(pieces), first, -1):
            if is_site_name(pieces[first][0], names) or is_site_name(pieces[last - 1][0], names):
                continue
            text = title[pieces[first][1] : pieces[last - 1][2]].strip()
            named = any(is_site_name(piece[0], names) for piece in pieces)
            if len(_WORDS.findall(text)) > 1 or len(pieces) == 1 or named:
                runs.append(text)
    return sorted(runs, key=lambda t: -len(t))


def _printed(candidate: str, visible: Sequence[Paragraph]) -> Paragraph | None:
    """The paragraph that prints this title; a heading rather than anything else, whole rather than cut."""
    wanted = plain(_CUT.sub("", candidate))
    if len(wanted) < 4:
        return None
    best: tuple[int, int, Paragraph] | None = None
    for p in visible:
        text = plain(p.text)
        equal = text == wanted
        longer = len(wanted) >= 40 and text.startswith(wanted) and len(text) < 3 * len(wanted)
        longer = longer and plain(p.text.split("\n")[0]) != wanted  # date and author follow on lines of their own
        if not (equal or longer) or (p.link_share > 0.9 and not p.level) or _leads_home(p):
            continue
        rank = (4 if p.level == 1 else 3 if p.level else 1) + (0 if p.noise is not None else 4)
        if best is None or rank > best[0]:
            best = (rank, p.index, p)
    return best[2] if best else None


def _leads_home(p: Paragraph) -> bool:
    """Whether a heading links to the front page: then it is the site's name."""
    if p.link_share <= 0.9:
        return False
    links = p.element.xpath(".//a/@href | ancestor::a/@href")
    return any(is_home(urljoin("https://site.invalid/", str(h).strip())) and "#" not in str(h) for h in links)


def _best_heading(visible: Sequence[Paragraph], names: set[str]) -> Paragraph | None:
    """The first heading of the highest level that is not the site's name."""
    headings = [p for p in visible if p.level and p.noise is None and not is_site_name(p.text, names) and p.words > 1]
    return min(headings, key=lambda p: (p.level, p.index), default=None)


def _alike(a: str, b: str) -> bool:
    """Whether two titles share most of their words."""
    first, second = set(plain(a).split()), set(plain(b).split())
    return len(first & second) > 0.6 * min(len(first), len(second)) if first and second else False
