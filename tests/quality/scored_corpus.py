"""The corpus's web sites, read page by page and scored by the corpus's own script, as the acceptance checks do."""

import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from types import ModuleType
from typing import Any

from libs.domain.extraction import extract_page

CORPUS = Path(__file__).resolve().parents[2] / "demo" / "corpus"
_SITEMAP_ENTRY = re.compile(r"<loc>(.*?)</loc><lastmod>(.*?)</lastmod>")


def build_sites(target: Path) -> Path:
    """The corpus rendered as web sites into `target`, which is given back."""
    subprocess.run([sys.executable, str(CORPUS / "build_sites.py"), str(target)], check=True, capture_output=True)
    return target


def rows(sites: Path) -> Iterator[dict[str, Any]]:
    """Every page of the sites through `extract_page`: a row for each article, in the shape of `articles --full`."""
    told = {m[1]: m[2] for f in sites.glob("*/sitemap*.xml") for m in _SITEMAP_ENTRY.finditer(f.read_text("utf-8"))}
    for path in sorted(sites.rglob("*.htm*")):
        url = "https://" + path.relative_to(sites).as_posix().removesuffix("index.html")
        page = extract_page(path.read_bytes(), url=url, content_type="text/html", published_hint=told.get(url))
        yield from ({"url": url, **asdict(article)} for article in page.articles)


def score_sites(sites: Path) -> dict[str, Any]:
    """What the corpus's `score_articles.py` says of the reading."""
    script = _script(CORPUS / "score_articles.py")
    result: dict[str, Any] = script.score(list(rows(sites)), script.load("initial"))
    return result


def share(text: str) -> float:
    """`12/15 ...` as a number from 0 to 1."""
    done, _, of = text.split(" ")[0].partition("/")
    return int(done) / int(of)


def _script(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
