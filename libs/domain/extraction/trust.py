"""Which marks on a page are believed.

In: a tree, and the function that chooses the part of the page with its text. Out: paragraphs, read again without the
marks that cannot be true. Class names are evidence: some sites call their article "sidebar".
"""

from collections.abc import Callable, Sequence

from lxml.html import HtmlElement

from libs.domain.extraction.paragraphs import Paragraph, Walk
from libs.domain.extraction.runs import styled_classes

Choose = Callable[[Sequence[Paragraph]], list[Paragraph]]

_LIE = 2.5  # a box with so many times the words of all else is the article, whatever its name


def _running(p: Paragraph) -> bool:
    return p.words >= 8 and p.link_share < 0.5


def _signature(element: HtmlElement) -> tuple[str, str]:
    return str(element.tag), element.get("class") or element.get("id") or ""


def read_paragraphs(root: HtmlElement, choose: Choose, css: str = "") -> tuple[list[Paragraph], list[Paragraph]]:
    """All paragraphs of a page, and those of the part that `choose` finds. Furniture marks that hold more running text
    than that part are not believed, nor are comment marks, unless an article stands before them."""
    classes = styled_classes(css) if css else {}
    trusted: set[HtmlElement] = set()
    for _ in range(8):
        found = Walk(classes, trusted).read(root)
        part = choose(found)
        lying = (
            _lying(found, sum(p.words for p in part if _running(p) and p.noise is None and p.comments is None))
            - trusted
        )
        if not lying:
            break
        trusted |= lying
    return found, part


def _lying(paragraphs: Sequence[Paragraph], free: int) -> set[HtmlElement]:
    """The marked elements that hold, alone or with others of their class, the most running text, if that is far more
    than `free` words; empty when no mark hides so much."""
    marked: dict[tuple[str, str], int] = {}
    roots: dict[tuple[str, str], set[HtmlElement]] = {}
    for p in paragraphs:
        mark = p.comments if p.comments is not None else p.noise
        if mark is not None and mark.tag != "nav" and _running(p):
            key = _signature(mark)
            marked[key] = marked.get(key, 0) + p.words
            roots.setdefault(key, set()).add(mark)
    for key, words in sorted(marked.items(), key=lambda item: -item[1]):
        if words > max(_LIE * free, 40) and not any(_early(paragraphs, root) for root in roots[key]):
            return roots[key]
    return set()


def _early(paragraphs: Sequence[Paragraph], root: HtmlElement) -> bool:
    """Whether `root` marks comments and running text stands before it: then it may be comments, however long."""
    before = 0
    for p in paragraphs:
        if p.comments is root:
            return before >= 40
        if p.noise is None and p.comments is None and _running(p):
            before += p.words
    return False
