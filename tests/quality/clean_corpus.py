"""The corpus and the seeds as articles, read from their clean texts: what a perfect extraction would give."""

import importlib.util
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from libs.domain.documents import Block, BlockKind
from libs.domain.interviews import Interview, read_interview
from libs.domain.stories.retold import in_focus
from libs.domain.stories.texts import Article, Text, make_text

ROOT = Path(__file__).resolve().parents[2]
MARKUP: dict[str, BlockKind] = {"strong": "strong", "em": "em", "blockquote": "blockquote", "h2": "heading"}


def shared_folder() -> Path:
    """The folder with the seeds; skips where it is absent."""
    folder = Path(os.environ.get("NEWSFOLD_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip("needs the shared folder: set NEWSFOLD_SHARED or put it beside the checkout")
    return folder


def corpus_folder() -> Path:
    """The labelled corpus: the copy in this repository, else the shared one."""
    own = ROOT / "demo" / "corpus"
    return own if (own / "articles").is_dir() else shared_folder() / "corpus"


def corpus_script(name: str) -> ModuleType:
    """A script of the corpus (`score`, `corpus`) as a module."""
    folder = str(corpus_folder())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    spec = importlib.util.find_spec(name)
    assert spec is not None
    return importlib.import_module(name)


@dataclass(frozen=True, slots=True)
class Clean:
    """An article of the corpus with what the interview reader finds in its clean text."""

    key: str  # `url` or `url#n`
    url: str
    segment: int
    title: str
    body: str
    outlet: str
    published: str
    language: str
    read: Interview


def clean_articles(*, later: bool = False) -> list[Clean]:
    """Every article and segment of the corpus; of two versions of a page the first, or with `later` only the second."""
    found = []
    for path in sorted((corpus_folder() / "articles").glob("*.json")):
        page = json.loads(path.read_text(encoding="utf-8"))
        if bool(page["same_url_as"]) is later:
            found += [_clean(page, part, n) for n, part in enumerate(page["segments"] or [page])]
    return found


def _clean(page: dict[str, Any], part: dict[str, Any], n: int) -> Clean:
    paragraphs, markup = part["paragraphs"], part.get("markup", {})
    body, blocks, start = "\n\n".join(paragraphs), [], 0
    for k, paragraph in enumerate(paragraphs):
        blocks.append(Block(paragraph, start, MARKUP.get(markup.get(str(k), ""), "paragraph")))
        start += len(paragraph) + 2
    read = read_interview(body, blocks, title=part["title"], published=page["published"], language=page["lang"])
    key = f"{page['url']}#{n}" if page["segments"] else page["url"]
    return Clean(key, page["url"], n, part["title"], body, page["outlet"], page["published"], page["lang"], read)


def corpus_documents() -> dict[str, tuple[Article, Text]]:
    """The corpus as the stories' judgement takes it, by key."""
    return {c.key: _document(c) for c in clean_articles()}


def _document(c: Clean) -> tuple[Article, Text]:
    article = Article(
        c.key,
        c.url,
        str(c.segment),
        c.outlet,
        c.outlet,
        c.title,
        c.published,
        c.language,
        kind=c.read.kind,
        facts=c.read.facts,
        in_focus=in_focus(c.read.facts, c.read.turns, c.read.quotes),
    )
    return article, make_text(c.body, c.read.turns, c.read.quotes)


def seed_body(name: str) -> str:
    """A seed's whole text by the first digits of its file name."""
    (path,) = (shared_folder() / "seeds").glob(f"{name}_*.txt")
    return path.read_text(encoding="utf-8")
