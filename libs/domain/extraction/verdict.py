"""Whether a page is an article at all.

In: the text found, what the page declares, its title and address. Out: None for an article, else the reason to reject it:
`not_article` (front pages, lists, search and about pages), `soft_404`, `paywall_stub`.
"""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from libs.domain.extraction.paragraphs import Paragraph
from libs.domain.extraction.rules import fold, markers
from libs.domain.extraction.structured import Declared
from libs.domain.urls import is_home

_FEW_WORDS = 12  # below this not even a news flash
_SHORT = 60  # a text below this needs a declared type or a date to be an article
_BOOK = 100_000  # words; a longer text needs a declared type or a date, or it is a book, a dump or an attack
_UNDATED = 150  # a text of this length may be an article though nothing dates it
_LIST_PATHS = re.compile(
    r"/(?:tag|tags|topic|topics|category|categories|author|authors|search|suche|recherche|buscar|archive|archives|page|rubrik|rubrique|schlagwort|temas?|etiqueta)s?(?:/|$)",
    re.I,
)


def judge(
    kept: Sequence[Paragraph], part: Sequence[Paragraph], declared: Declared, *, title: str, url: str, dated: bool
) -> str | None:
    """The reason to reject the page, or None. `kept` is the article's text, `part` the part of the page it stands in,
    `dated` whether a time or a named source is printed with it."""
    rules = markers()
    words = sum(p.words for p in kept)
    heads = [fold(t) for t in (title, declared.page_title) if t]
    if any(rules.missing.match(h) for h in heads) and words < 200:
        return "soft_404"
    if is_home(url) and not (declared.article and words > 150):
        return "not_article"
    if any(rules.house.match(h) for h in heads) and not (declared.article and dated and words > 200):
        return "not_article"
    if words < _FEW_WORDS:
        return "paywall_stub" if _walled(part) and (declared.article or dated) else "not_article"
    if _is_list(kept) and not (declared.article and words > 200):
        return "not_article"
    if words < 120 and _walled(part) and declared.free is False:
        return "paywall_stub"
    proof = declared.article or dated
    if not proof and words > _BOOK:
        return "not_article"
    if declared.collection and not declared.article and words < 400:
        return "not_article"
    if not proof and words < _UNDATED:
        return "not_article"
    if words < _SHORT and not (declared.article and dated) and _LIST_PATHS.search(urlsplit(url).path):
        return "not_article"
    return None


def _walled(part: Sequence[Paragraph]) -> bool:
    rules = markers()
    return any(p.words <= 40 and rules.paywall.search(fold(p.text)) for p in part)


def _is_list(kept: Sequence[Paragraph]) -> bool:
    """Whether the text is made of entries that each begin with a link to somewhere else."""
    running = [p for p in kept if p.words >= 6]
    if len(running) < 3:
        return False
    entries = [p for p in running if p.links >= 12 and p.link_share > 0.12 and _begins_with_link(p)]
    return len(entries) >= 0.5 * len(running)


def _begins_with_link(p: Paragraph) -> bool:
    for node in p.element.iter():
        if node.tag == "a" and node.get("href"):
            text = " ".join(node.text_content().split())
            return bool(text) and p.text.replace("\n", " ").find(text) in range(14)
        if node.text and node.text.strip() and node.tag != "a" and len(node.text.strip()) > 14:
            return False
    return False
