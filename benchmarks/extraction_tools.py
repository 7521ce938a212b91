"""Other tools that find an article's text in a page, each by itself, with what makes it best here: comments off.

In: the bytes of a page. Out: the text. Those beyond the project's own dependencies are in
`benchmarks/extraction_tools.txt`; one that is not installed is left out, and `missing` names it.
"""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec

Tool = Callable[[bytes], str]


def _trafilatura(**options: bool) -> Tool:
    extract = import_module("trafilatura").extract
    return lambda raw: extract(raw, include_comments=False, **options) or ""


def _readability() -> Tool:
    document, parse = import_module("readability").Document, import_module("lxml.html").fromstring
    blocks = "p", "div", "li", "br", "h1", "h2", "h3", "h4", "blockquote", "td", "pre"

    def read(raw: bytes) -> str:
        root = parse(document(raw.decode("utf-8", "replace")).summary())
        for element in root.iter(*blocks):
            element.tail = "\n" + (element.tail or "")
        return str(root.text_content())

    return read


def _justext() -> Tool:
    justext = import_module("justext")
    words = justext.get_stoplist("English")
    return lambda raw: "\n".join(p.text for p in justext.justext(raw, words) if not p.is_boilerplate)


def _resiliparse() -> Tool:
    extract = import_module("resiliparse.extract.html2text").extract_plain_text
    return lambda raw: str(
        extract(raw.decode("utf-8", "replace"), main_content=True, comments=False, alt_texts=False, links=False)
    )


def _newspaper4k() -> Tool:
    article = import_module("newspaper").Article

    def read(raw: bytes) -> str:
        found = article("https://site.example/news/one", language="en")
        found.download(input_html=raw.decode("utf-8", "replace"))
        found.parse()
        return str(found.text)

    return read


def _goose3() -> Tool:
    goose = import_module("goose3").Goose({"enable_image_fetching": False})
    return lambda raw: goose.extract(raw_html=raw.decode("utf-8", "replace")).cleaned_text or ""


def _boilerpy3() -> Tool:
    extractor = import_module("boilerpy3.extractors").ArticleExtractor(raise_on_failure=False)
    return lambda raw: extractor.get_content(raw.decode("utf-8", "replace")) or ""


# name: the module it needs, and what makes it
_KNOWN: dict[str, tuple[str, Callable[[], Tool]]] = {
    "trafilatura": ("trafilatura", _trafilatura),
    "trafilatura precision": ("trafilatura", lambda: _trafilatura(favor_precision=True)),
    "trafilatura recall": ("trafilatura", lambda: _trafilatura(favor_recall=True)),
    "trafilatura fast": ("trafilatura", lambda: _trafilatura(fast=True)),
    "readability-lxml": ("readability", _readability),
    "newspaper4k": ("newspaper", _newspaper4k),
    "resiliparse": ("resiliparse", _resiliparse),
    "goose3": ("goose3", _goose3),
    "boilerpy3": ("boilerpy3", _boilerpy3),
    "justext": ("justext", _justext),
}


def tools() -> dict[str, Tool]:
    """Those that are installed, by name."""
    return {name: make() for name, (module, make) in _KNOWN.items() if find_spec(module)}


def missing() -> list[str]:
    """Names of those that are not installed."""
    return [name for name, (module, _) in _KNOWN.items() if not find_spec(module)]
