"""Which paragraphs are the article.

In: the paragraphs of a page. Out: those of its main text, in order. Two steps: the part of the page that holds the text
(the subtree with the largest sum of paragraph weights), then, paragraph by paragraph, what inside it is no text of the
article: headlines and datelines above it, teasers, boxes, captions, share lines, tags, tails.
"""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate

from lxml.html import HtmlElement

from libs.domain.extraction.dates import has_time
from libs.domain.extraction.paragraphs import Paragraph
from libs.domain.extraction.rules import attribute_words, class_words, fold, markers

_SENTENCE = re.compile(r"[.!?…。！？؟:;»”\"’']\W*$")
_WORDS = re.compile(r"\w+")
_CREDIT_END = re.compile(
    r"\((?:image|photo|picture|pic|foto|bild|credit|source|фото|صورة)\b[^()]{0,60}\)\W*$|(?:^|[.!?…]\s+|\s[-–—|]\s*)(?:photos?|fotos?|bild|picture|image|imagen|crédit photo|фото|صورة|تصوير)\s?:\s?\w[^:!?]{1,40}$|(?:/|\||©)\s*(?:getty|reuters|afp|ap|epa|dpa|shutterstock|alamy)[\w\s/]{0,30}$",
    re.I,
)
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.\w+|https?://\S+$")
_TAIL_SHARE = 0.25  # a heading that ends the article stands in its last part, unless only links follow
_BOX_SHARE = 0.3  # of the page's text; a short article below a "Read also" is no box
_CARD_WORDS = 80  # teasers on front pages seldom reach 60 words; articles of a digest seldom stay below 100
_CARD_ELEMENTS = 1_000  # so that a page of nothing but cards costs no more than its length


_COOKIE = re.compile(r"\b(?:cookies?|kuki|куки|файлы cookie)\b|ملفات تعريف الارتباط", re.I)
_LEAD_WORDS = 20  # of each paragraph of a lead that is text
LABEL_WORDS = 7  # "Advertisement", "Sponsored by Orsen Savings Bank"
_FURNITURE_CHARS = 1_500  # of a text that may be a teaser or a notice
_LISTS = frozenset(("dl", "ul", "ol", "table", "tbody", "tr"))
_MENU = re.compile(r"\s[|·•»/]\s")


def is_menu(text: str) -> bool:
    """A row of short entries parted by bars or dots: navigation, share lines."""
    entries = _MENU.split(text)
    return len(entries) >= 3 and len(text.split()) <= 5 * len(entries)


def weight(p: Paragraph) -> float:
    """How much a paragraph speaks for the part of the page it stands in; negative speaks against it."""
    if p.noise is not None or p.comments is not None:
        return -0.4 * min(p.words, 60)
    if p.link_share > 0.5 or is_menu(p.text):
        return -1.0 - 0.3 * min(p.words, 20)
    if p.words >= 10 or (p.words >= 5 and _SENTENCE.search(p.text)):
        return min(p.words, 120) * (1 - p.link_share)
    if p.element.tag == "p" and p.words >= 2 and _SENTENCE.search(p.text):
        return p.words * (1 - p.link_share)
    if p.level or p.kind in ("strong", "em", "term", "definition"):
        return 0.5
    return 0.0 if p.element.tag in ("td", "th") else -1.0


def densest(paragraphs: Sequence[Paragraph], weights: Sequence[float]) -> HtmlElement | None:
    """The element whose paragraphs weigh most together; of equals the outermost. None without any text."""
    own: dict[HtmlElement, float] = {}
    for p, w in zip(paragraphs, weights, strict=True):
        own[p.element] = own.get(p.element, 0.0) + w
    sums: dict[HtmlElement, float] = {}
    for element, w in own.items():
        node: HtmlElement | None = element
        while node is not None:
            sums[node] = sums.get(node, 0.0) + w
            node = node.getparent()
    best, most = None, 0.0
    for element, total in sums.items():
        if total > most + 1e-9 or (best is not None and abs(total - most) <= 1e-9 and element in best.iterancestors()):
            best, most = element, total
    return best


def main_part(paragraphs: Sequence[Paragraph]) -> list[Paragraph]:
    """Paragraphs of the part of the page that holds its text, furniture included; empty when there is none."""
    root = densest(paragraphs, [weight(p) for p in paragraphs])
    if root is None:
        return []
    inside = set(root.iter())
    return [p for p in paragraphs if p.element in inside]


def trim(part: Sequence[Paragraph], title: Paragraph | None, summary: str = "") -> list[Paragraph]:
    """The article's paragraphs of `part`. `title` prints the headline, `summary` is the page's own description."""
    below = _after_title(part, title)
    cards = _card_paragraphs(below)
    kept = [p for p in _before_tail(below, title) if p.noise is None and p.comments is None and id(p) not in cards]
    kept = [p for p in kept if not is_furniture(p)]
    home = _home(kept)
    kept = _after_head(kept, home, title, fold(summary))
    kept = _before_appendix(kept, home)
    while kept and kept[-1].level and kept[-1].words < 15:
        kept.pop()
    return kept


def _after_title(part: Sequence[Paragraph], title: Paragraph | None) -> list[Paragraph]:
    """Cut up to the title, unless more text stands above it than below."""
    if title is None:
        return list(part)
    above = [p for p in part if p.index < title.index and p.noise is None and p.comments is None]
    below = [p for p in part if p.index > title.index]
    if sum(p.words for p in above) > 2 * sum(p.words for p in below if p.noise is None and p.comments is None):
        return [p for p in part if p is not title]
    return below


def is_furniture(p: Paragraph) -> bool:
    """Whether a paragraph alone shows that it is no text of the article."""
    if p.link_share > 0.8 and p.words < 40:
        return not p.text.startswith(("http://", "https://"))
    lines = p.text.split("\n")
    if p.words <= 150 and len(_COOKIE.findall(p.text)) >= 2:
        return True
    if len(lines) > 1 and p.links and (p.link_share > 0.5 or markers().teaser_heading.match(fold(lines[0]))):
        return len(lines) > 2 or p.words <= _CARD_WORDS
    if len(p.text) > _FURNITURE_CHARS:
        return False
    if p.words > 45 and not (p.links and p.words <= _CARD_WORDS):
        return False
    text = fold(p.text[:400])
    rules = markers()
    if rules.teaser_start.match(text) and (p.links or p.words < 6):
        return True
    if p.words > 45:
        return False
    if rules.caption_start.match(text) and p.words < 30:
        return True
    if p.words < 40 and (rules.promo_start.match(text) or _CREDIT_END.search(p.text)):
        return True
    if (p.words <= LABEL_WORDS or p.links) and rules.promo_label.match(text):
        return True
    if rules.comment_notice.search(text) and p.words < 25:
        return True
    if not any(c.isalnum() for c in p.text) or is_menu(p.text):
        return True
    return (
        p.words <= 5
        and p.kind == "paragraph"
        and not _SENTENCE.search(p.text)
        and p.element.tag not in ("p", "td", "th", "blockquote", "pre", "font")
    )


def _card_paragraphs(paragraphs: Sequence[Paragraph]) -> set[int]:
    """Ids of paragraphs in teaser cards (a heading that links to elsewhere, with a short text beside it) and in boxes
    that begin with "Read also"."""
    by_element: dict[HtmlElement, list[Paragraph]] = {}
    for p in paragraphs:
        by_element.setdefault(p.element, []).append(p)
    heads = [p for p in paragraphs if p.level and p.link_share > 0.8 and _leads_away(p)]
    boxes = [_card(h, heads[max(0, n - 1) : n + 2], by_element) for n, h in enumerate(heads)] if len(heads) > 1 else []
    found = [[p for e in box.iter() for p in by_element.get(e, ())] for box in boxes]
    total = sum(p.words for p in paragraphs if _is_text(p))
    for p in paragraphs:
        if p.words <= 25 and _announces(p):
            box = [q for e in _card(p, [], by_element).iter() for q in by_element.get(e, ())]
            if box[0] is p and any(q.links for q in box) and sum(q.words for q in box) < _BOX_SHARE * total:
                found.append(box)
    return {id(p) for box in found for p in box}


def _announces(p: Paragraph) -> bool:
    text = fold(p.text)
    rules = markers()
    return bool(rules.teaser_start.match(text) or rules.teaser_heading.match(text)) and p.noise is None


def _card(head: Paragraph, others: Sequence[Paragraph], by_element: dict[HtmlElement, list[Paragraph]]) -> HtmlElement:
    """The largest element around `head` that holds none of `others` and no more words than a card has."""
    card = head.element
    strangers = {o.element for o in others if o is not head}
    while (parent := card.getparent()) is not None and _fits(parent, strangers, by_element, _CARD_WORDS + head.words):
        card = parent
    return card


def _fits(
    element: HtmlElement, strangers: set[HtmlElement], by_element: dict[HtmlElement, list[Paragraph]], most_words: int
) -> bool:
    words = 0
    for n, inside in enumerate(element.iter()):
        words += sum(p.words for p in by_element.get(inside, ()))
        if inside in strangers or words > most_words or n > _CARD_ELEMENTS:
            return False
    return True


def _leads_away(p: Paragraph) -> bool:
    links = p.element.xpath(".//a/@href | ancestor::a/@href")
    return any(not str(h).startswith("#") for h in links)


def _after_head(
    kept: list[Paragraph], home: HtmlElement | None, title: Paragraph | None, summary: str
) -> list[Paragraph]:
    """Drop headlines, decks, key points and datelines that stand between the title and the text itself."""
    header = _header_of(title)
    total = sum(p.words for p in kept)
    for n, p in enumerate(kept[:12]):
        if p.words > max(14, 0.2 * total) or not (
            _is_head(p, kept, home, header, summary) or _stands_alone(kept, n, title)
        ):
            return kept[n:]
    return kept[12:]


def _stands_alone(kept: Sequence[Paragraph], n: int, title: Paragraph | None) -> bool:
    """A short line without an end mark right under the title: an author, a place, a kicker."""
    p = kept[n]
    if (
        title is None
        or p.index > title.index + 3
        or p.level
        or p.words > 8
        or p.kind in ("strong", "term", "definition", "list_item")
    ):
        return False
    return not _SENTENCE.search(p.text) and n + 1 < len(kept) and kept[n + 1].words >= 15


def _before_appendix(kept: list[Paragraph], home: HtmlElement | None) -> list[Paragraph]:
    """Drop what follows the element that holds the text: boxes, notes, appeals. A fifth of the text at most."""
    if home is None:
        return kept
    last = max(
        (n for n, p in enumerate(kept) if p.element is home or home in p.element.iterancestors()), default=len(kept)
    )
    after = sum(p.words for p in kept[last + 1 :])
    return kept[: last + 1] if after <= 0.2 * sum(p.words for p in kept) else kept


def _home(kept: Sequence[Paragraph]) -> HtmlElement | None:
    """The element that directly holds most of the text's paragraphs."""
    words: Counter[HtmlElement] = Counter()
    held: Counter[HtmlElement] = Counter()
    for p in kept:
        parent = p.element.getparent()
        for element in (p.element, parent, parent.getparent() if parent is not None else None):
            if element is not None:
                words[element] += p.words
                held[element] += 1
    total = sum(p.words for p in kept)
    holders = [e for e, n in words.items() if n >= 0.7 * total and held[e] > 1]
    home = min(holders, key=lambda e: words[e], default=None)
    while home is not None and home.tag in _LISTS:
        home = home.getparent()
    return home


def _header_of(title: Paragraph | None) -> HtmlElement | None:
    if title is None:
        return None
    return next((e for e in title.element.iterancestors() if e.tag == "header"), None)


def _is_head(
    p: Paragraph, kept: Sequence[Paragraph], home: HtmlElement | None, header: HtmlElement | None, summary: str
) -> bool:
    if header is not None and header in p.element.iterancestors():
        return True
    if p.words <= 14 and not p.level and not _SENTENCE.search(p.text) and (has_time(p.text) or _signs(p)):
        return True
    outside = home is not None and p.element is not home and home not in p.element.iterancestors()
    if p.level and (outside or p.level <= 2):
        return True
    if not outside:
        return False
    names = attribute_words(
        " ".join(
            filter(None, (p.element.get("class"), *(e.get("class") for e in [p.element.getparent()] if e is not None)))
        )
    )
    if (names & class_words().deck and not _is_lead_text(p, kept)) or p.kind in ("list_item", "term", "definition"):
        return True
    if p.words < 12 and not (p.words >= 5 and _SENTENCE.search(p.text)):
        return True
    text = fold(p.text)
    return bool(summary) and len(text) > 30 and (summary.startswith(text[:60]) or text.startswith(summary[:60]))


def _is_lead_text(p: Paragraph, kept: Sequence[Paragraph]) -> bool:
    """Whether a "lead" holds several whole paragraphs: the text of a live blog above its entries, no deck."""
    parent = p.element.getparent()
    return sum(q.words >= _LEAD_WORDS for q in kept if q.element.getparent() is parent) > 1


def _signs(p: Paragraph) -> bool:
    """A line that begins as bylines do ("By", "Propos recueillis par") and has a name's length."""
    prefix = markers().byline_prefix.match(fold(p.text))
    return prefix is not None and p.words <= 8 and p.kind == "paragraph" and not p.links


def _before_tail(paragraphs: list[Paragraph], title: Paragraph | None) -> list[Paragraph]:
    """Cut at the heading of related articles or comments that ends the article, and where the headline comes again."""
    headline = _WORDS.findall(fold(title.text)) if title is not None else []
    total = sum(p.words for p in paragraphs if _is_text(p))
    before, goes_on, leaves = 0, None, None
    for n, p in enumerate(paragraphs):
        if n and before > 30 and p.words <= 40:
            late = total - before < _TAIL_SHARE * total
            heading = fold(p.text) if p.words <= 8 else ""
            if _comes_again(p, headline) or (heading and _heads_comments(p, heading, late)):
                return paragraphs[:n]
            if heading and _heads_teasers(p, heading):
                goes_on = goes_on or _going_on(paragraphs)
                leaves = leaves or _mostly_links_below(paragraphs)
                if (late or leaves[n] or p.level) and not goes_on[n]:
                    return paragraphs[:n]
        before += p.words if _is_text(p) else 0
    return paragraphs


def _is_text(p: Paragraph) -> bool:
    return p.noise is None and p.comments is None


def _comes_again(p: Paragraph, headline: Sequence[str]) -> bool:
    return p.level > 0 and len(headline) > 3 and _is_text(p) and _WORDS.findall(fold(p.text)) == headline


def _heads_comments(p: Paragraph, text: str, late: bool) -> bool:
    """`text` is the folded text of a short paragraph."""
    if not (late or _is_text(p)) or markers().comments_heading.match(text) is None:
        return False
    return p.level > 0 or p.kind == "strong" or any(c.isdigit() for c in text)


def _heads_teasers(p: Paragraph, text: str) -> bool:
    return (_is_text(p) or (p.level > 0 and p.noise is p.element)) and bool(markers().teaser_heading.match(text))


def _going_on(paragraphs: Sequence[Paragraph]) -> list[bool]:
    """For each paragraph whether running text stands above and below it in the same place of the tree."""
    first: dict[tuple[object, ...], int] = {}
    last: dict[tuple[object, ...], int] = {}
    for n, p in enumerate(paragraphs):
        if _is_text(p) and p.words >= 12 and p.link_share < 0.5:
            for place in _places(p):
                first.setdefault(place, n)
                last[place] = n
    steps = [0] * (len(paragraphs) + 1)
    for place, n in first.items():
        if last[place] > n:
            steps[n + 1] += 1
            steps[last[place]] -= 1
    return [opened > 0 for opened in accumulate(steps)]


def _places(p: Paragraph) -> list[tuple[object, ...]]:
    parent = p.element.getparent()
    if parent is None:
        return []
    return [(parent, p.element.tag), (parent.getparent(), parent.tag, parent.get("class"), p.element.tag)]


def _mostly_links_below(paragraphs: Sequence[Paragraph]) -> list[bool]:
    """For each paragraph whether what follows it is made of links."""
    found = []
    words, linked_words, linked = 0, 0.0, 0
    for count, p in enumerate(reversed(paragraphs)):
        found.append(linked > 0.3 * count or linked_words > 0.5 * words)
        words += p.words
        linked_words += p.words * p.link_share
        linked += p.link_share > 0.8
    return found[::-1]
