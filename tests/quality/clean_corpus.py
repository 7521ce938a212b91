"""The corpus and the seeds as articles, read from their clean texts: what a perfect extraction would give."""

import importlib.util
import json
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from libs.domain.documents import ArticleKind, Block, BlockKind
from libs.domain.interviews import read_interview
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


def corpus_documents() -> dict[str, tuple[Article, Text]]:
    """Every article and segment of the corpus by its key (`url` or `url#n`); of two versions the first."""
    found: dict[str, tuple[Article, Text]] = {}
    for path in sorted((corpus_folder() / "articles").glob("*.json")):
        page = json.loads(path.read_text(encoding="utf-8"))
        if page["same_url_as"]:
            continue
        for n, part in enumerate(page["segments"] or [page]):
            key = f"{page['url']}#{n}" if page["segments"] else page["url"]
            found[key] = _document(key, page, part, n)
    return found


def _document(key: str, page: dict[str, Any], part: dict[str, Any], n: int) -> tuple[Article, Text]:
    paragraphs, markup = part["paragraphs"], part.get("markup", {})
    body, blocks = "\n\n".join(paragraphs), []
    start = 0
    for k, paragraph in enumerate(paragraphs):
        blocks.append(Block(paragraph, start, MARKUP.get(markup.get(str(k), ""), "paragraph")))
        start += len(paragraph) + 2
    return article_of(
        key, page["url"], str(n), part["title"], body, blocks, page["outlet"], page["published"], page["lang"]
    )


def article_of(
    key: str,
    url: str,
    segment: str,
    title: str,
    body: str,
    blocks: list[Block],
    outlet: str,
    published: str | None,
    language: str | None,
) -> tuple[Article, Text]:
    """An article with whatever the interview reader finds in its body."""
    read = read_interview(body, blocks, title=title, published=published, language=language)
    article = Article(
        key,
        url,
        segment,
        outlet,
        outlet,
        title,
        published,
        language,
        kind=read.kind if read.turns else ArticleKind.REPORT,
        facts=read.facts,
        in_focus=in_focus(read.facts, read.turns, read.quotes),
    )
    return article, make_text(body, read.turns, read.quotes)


def seed_body(name: str) -> str:
    """A seed's whole text by the first digits of its file name."""
    (path,) = (shared_folder() / "seeds").glob(f"{name}_*.txt")
    return path.read_text(encoding="utf-8")
