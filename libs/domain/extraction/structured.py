"""What a page says about itself to machines: JSON-LD, meta tags, microdata.

In: the JSON scripts and the tree of a page. Out: one `Declared` with the fields that the project uses. JSON that does
not parse is read leniently for its dates, headline and author. Nothing here is believed yet; `titles`, `dates` and
`bylines` weigh it against the visible page.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml.html import HtmlElement

from libs.domain.extraction.decode import clean
from libs.domain.extraction.rules import declared_names

_ARTICLE = re.compile(
    r"(?:^|\W)\w*(?:Article|NewsArticle|BlogPosting|Report|Review|LiveBlogPosting|SocialMediaPosting|Interview)$"
)
_FLAT = re.compile(r'"(datePublished|dateModified|headline|alternativeHeadline)"\s*:\s*"((?:[^"\\]|\\.){1,600})"')
_TAGS = re.compile(r"<[^>]{0,500}>")
_MAX_NODES = 4_000
_PROPERTIES = frozenset(
    ("datePublished", "dateModified", "headline", "author", "image", "articleSection", "keywords")
)  # of microdata


@dataclass(slots=True)
class Declared:
    """Declared facts, in the order of trust inside each list."""

    titles: list[str] = field(default_factory=list)
    authors: list[str] = field(default_factory=list)
    published: list[str] = field(default_factory=list)
    modified: list[str] = field(default_factory=list)
    site_name: str | None = None
    page_title: str = ""
    canonical: str | None = None
    language: str | None = None
    kind: str | None = None  # og:type
    article: bool = False  # some source calls the page an article
    collection: bool = False  # JSON-LD calls it a front page, list, profile or search page
    free: bool | None = None  # isAccessibleForFree
    locked: bool | None = None  # some source says that parts of the text are for payers
    images: list[str] = field(default_factory=list)
    sections: list[str] = field(default_factory=list)
    crumbs: list[str] = field(default_factory=list)  # BreadcrumbList, from the front page down
    tags: list[list[str]] = field(default_factory=list)  # one list a source
    keywords: list[str] = field(default_factory=list)  # of the page or of its whole site
    summary: str = ""  # the page's description, often its first sentence
    body: str = ""  # articleBody, often cut


def read_declared(root: HtmlElement, scripts: tuple[str, ...]) -> Declared:
    """Collect the declared facts of a page. Never raises on malformed data."""
    found = Declared()
    for script in scripts:
        _read_script(script, found)
    meta = _metas(root)
    names = declared_names()
    for listed, values in (
        (names.published, found.published),
        (names.modified, found.modified),
        (names.authors, found.authors),
        (names.titles, found.titles),
        (names.section, found.sections),
    ):
        values += [meta[name][0] for name in listed if name in meta]
    found.images[:0] = [meta[name][0] for name in names.image if name in meta]
    found.tags += [meta[name] for name in names.tags if name in meta]
    found.keywords = [word for name in names.keywords for word in meta.get(name, ())]
    _read_access([meta[name][0] for name in names.access if name in meta], found)
    found.site_name = found.site_name or _first(meta, "og:site_name", "application-name")
    found.summary = _first(meta, "og:description", "description") or ""
    found.kind = _first(meta, "og:type")
    found.article = found.article or (found.kind or "").lower() in ("article", "news", "blog", "news.article")
    found.language = (
        root.get("lang")
        or root.get("{http://www.w3.org/XML/1998/namespace}lang")
        or _first(meta, "og:locale", "content-language")
    )
    titles = root.xpath("//head/title | //title[not(ancestor::svg)]")
    found.page_title = _line(titles[0].text_content()) if titles else ""
    links = root.xpath("//link[translate(@rel, 'CANONIL', 'canonil')='canonical']/@href")
    found.canonical = links[0].strip() if links and links[0].strip() else None
    _read_microdata(root, found)
    return found


def _first(meta: dict[str, list[str]], *names: str) -> str | None:
    return next((meta[name][0] for name in names if name in meta), None)


def _metas(root: HtmlElement) -> dict[str, list[str]]:
    """The contents of meta tags by their name, in order."""
    values: dict[str, list[str]] = {}
    for meta in root.iter("meta"):
        name = meta.get("property") or meta.get("name") or meta.get("http-equiv") or meta.get("itemprop")
        content = meta.get("content")
        if name and content and content.strip():
            values.setdefault(name.strip().lower(), []).append(_line(content))
    return values


def _read_access(values: list[str], found: Declared) -> None:
    names = declared_names()
    for value in values:
        if found.locked is None and value.lower() in names.locked | names.free:
            found.locked = value.lower() in names.locked


def _line(text: str) -> str:
    return clean(" ".join(_TAGS.sub(" ", text[:2_000]).split()))


def _read_script(script: str, found: Declared) -> None:
    text = script.strip().removeprefix("<!--").removesuffix("-->").strip().rstrip(";")
    text = re.sub(r"^//\s*<!\[CDATA\[|//\s*\]\]>$|^<!\[CDATA\[|\]\]>$", "", text).strip()
    try:
        data = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        data = _repaired(text)
    if data is None:
        _read_flat(text, found)
        return
    for node in _nodes(data):
        _read_node(node, found)


def _repaired(text: str) -> object | None:
    """JSON with trailing commas, the commonest of the faults; None when that does not help."""
    try:
        data: object = json.loads(re.sub(r",\s*([}\]])", r"\1", text), strict=False)
    except (ValueError, RecursionError):
        return None
    return data


def _read_flat(text: str, found: Declared) -> None:
    """Dates and headline out of JSON that no parser accepts."""
    for name, value in _FLAT.findall(text[:200_000]):
        target = {"datePublished": found.published, "dateModified": found.modified}.get(name, found.titles)
        target.append(_line(value.replace('\\"', '"')))
        found.article = True


def _nodes(data: object) -> Iterator[dict[str, object]]:
    queue, seen = [data], 0
    while queue and seen < _MAX_NODES:
        node = queue.pop(0)
        seen += 1
        if isinstance(node, list):
            queue[:0] = node
        elif isinstance(node, dict):
            yield node
            queue += [
                v
                for k, v in node.items()
                if k in ("@graph", "mainEntity", "mainEntityOfPage", "itemListElement", "item")
                and isinstance(v, dict | list)
            ]


def _types(node: dict[str, object]) -> list[str]:
    kind = node.get("@type")
    return [k for k in (kind if isinstance(kind, list) else [kind]) if isinstance(k, str)]


def _read_node(node: dict[str, object], found: Declared) -> None:
    kinds = _types(node)
    if any(k in ("CollectionPage", "SearchResultsPage", "ProfilePage", "AboutPage", "ContactPage") for k in kinds):
        found.collection = True
    if "WebSite" in kinds and isinstance(node.get("name"), str):
        found.site_name = found.site_name or _line(str(node["name"]))
    if "BreadcrumbList" in kinds:
        found.crumbs = found.crumbs or _crumbs(node.get("itemListElement"))
    if not any(_ARTICLE.search(k) for k in kinds) or (found.article and found.published and found.titles):
        if found.locked is None and "headline" not in node and "name" not in node:
            _read_locks(node, found)  # a node of its own, as those add who sell what others print
        return
    found.article = True
    for key, values in (
        ("alternativeHeadline", found.titles),
        ("headline", found.titles),
        ("datePublished", found.published),
        ("dateModified", found.modified),
    ):
        value = node.get(key)
        if isinstance(value, str) and value.strip():
            values.append(_line(value))
    found.authors += _names(node.get("author")) or _names(node.get("creator"))
    publisher = node.get("publisher")
    if isinstance(publisher, dict) and isinstance(publisher.get("name"), str):
        found.site_name = found.site_name or _line(publisher["name"])
    _read_filing(node, found)
    _read_locks(node, found)
    body = node.get("articleBody")
    found.body = re.sub(r"<[^>]{0,500}>", "\n", body) if isinstance(body, str) else found.body


def _read_filing(node: dict[str, object], found: Declared) -> None:
    """Pictures, section and tags."""
    found.images += _addresses(node.get("image")) or _addresses(node.get("thumbnailUrl"))
    found.sections += _names(node.get("articleSection"))
    found.tags += filter(None, [_names(node.get("keywords"))])


def _read_locks(node: dict[str, object], found: Declared) -> None:
    """Who may read the article or parts of it."""
    free = node.get("isAccessibleForFree")
    if free is not None:
        found.free = _is_true(free)
        found.locked = not found.free
    parts = node.get("hasPart")
    for part in parts if isinstance(parts, list) else [parts]:
        if isinstance(part, dict) and "isAccessibleForFree" in part and not _is_true(part["isAccessibleForFree"]):
            found.locked = True


def _is_true(value: object) -> bool:
    """JSON's true, and the forms that schema.org gives it: "True", "https://schema.org/True"."""
    return str(value).lower().rpartition("/")[2] == "true"


def _addresses(value: object) -> list[str]:
    """Addresses of an image field: a string, an ImageObject, or a list of these."""
    if isinstance(value, list):
        return [address for v in value[:12] for address in _addresses(v)]
    if isinstance(value, dict):
        return next(filter(None, (_addresses(value.get(key)) for key in ("url", "contentUrl", "thumbnailUrl"))), [])
    return [value.strip()] if isinstance(value, str) and value.strip() else []


def _crumbs(items: object) -> list[str]:
    """The names of a BreadcrumbList, in order of position where that is told."""
    rows = [item for item in (items if isinstance(items, list) else [items]) if isinstance(item, dict)][:12]
    rows.sort(key=lambda row: row["position"] if isinstance(row.get("position"), int) else 0)
    return [name for row in rows for name in (_names(row.get("name")) or _names(row.get("item")))[:1]]


def _names(value: object) -> list[str]:
    """Names of an author field: a string, a node with a name, or a list of these."""
    if isinstance(value, list):
        return [name for v in value[:12] for name in _names(v)]
    if isinstance(value, dict):
        return _names(value.get("name"))
    return [_line(value)] if isinstance(value, str) and value.strip() else []


def _read_microdata(root: HtmlElement, found: Declared) -> None:
    """itemprop of an article on the page itself; those of comments and teasers are left out."""
    for element in root.xpath("//*[@itemprop]")[:400]:
        name = element.get("itemprop", "")
        if name not in _PROPERTIES or _foreign(element):
            continue
        value = element.get("content") or element.get("datetime") or ""
        if name == "author":
            inner = element.xpath(".//*[@itemprop='name']")
            value = value or (inner[0].get("content") or inner[0].text_content() if inner else element.text_content())
            if not found.authors or found.authors[-1] != _line(value):
                found.authors.append(_line(value))
        elif name == "image":
            found.images += filter(None, [value or element.get("src") or element.get("href")])
        elif name in ("articleSection", "keywords"):
            text = _line(value or element.text_content())
            found.sections += [text] if name == "articleSection" else []
            found.tags += [[text]] if name == "keywords" else []
        elif value or name == "headline":
            target = {"datePublished": found.published, "dateModified": found.modified}.get(name, found.titles)
            target.append(_line(value or element.text_content()))


def _foreign(element: HtmlElement) -> bool:
    for ancestor in element.iterancestors():
        kind = ancestor.get("itemtype")
        if kind and re.search(r"Comment|Answer|Rating|ItemList|WebSite|Organization", kind):
            return True
        if ancestor.tag == "aside":
            return True
    return False
