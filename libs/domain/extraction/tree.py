"""Parsing, and the few questions that the rules ask of a tree.

In: safe markup (see `guards`). Out: an lxml tree. One parse per page.
"""

import re

from lxml import html
from lxml.etree import ParserError
from lxml.html import HtmlElement

_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")


def parse(markup: str) -> HtmlElement | None:
    """The tree of `markup`, or None when there is nothing in it."""
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True)
    try:
        root = html.document_fromstring(_DECLARATION.sub("", markup, count=1).encode("utf-8", "replace"), parser=parser)
    except (ParserError, ValueError):
        return None
    return root if isinstance(root.tag, str) else None


def contains(ancestor: HtmlElement, element: HtmlElement) -> bool:
    """Whether `element` is `ancestor` or stands inside it."""
    node: HtmlElement | None = element
    while node is not None:
        if node is ancestor:
            return True
        node = node.getparent()
    return False
