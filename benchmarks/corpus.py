"""The demo corpus as articles: its sites are rendered, and every page is read as the normalizer reads it."""

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.revisions import Made
from libs.domain.extraction import extract_page

FOLDER = Path(__file__).resolve().parents[1] / "demo" / "corpus"
_SITEMAP_ENTRY = re.compile(r"<loc>(.*?)</loc><lastmod>(.*?)</lastmod>")


def corpus_articles() -> list[Made]:
    """All articles of the first state of the corpus, by address."""
    with tempfile.TemporaryDirectory() as folder:
        sites = Path(folder) / "sites"
        subprocess.run([sys.executable, str(FOLDER / "build_sites.py"), str(sites)], check=True, capture_output=True)
        return [made for path in sorted(sites.rglob("*.htm*")) for made in _articles(sites, path)]


def _articles(sites: Path, path: Path) -> Iterator[Made]:
    host = path.relative_to(sites).parts[0]
    maps = "".join(f.read_text("utf-8") for f in sorted((sites / host).glob("sitemap*.xml")))
    told = {m[1]: m[2] for m in _SITEMAP_ENTRY.finditer(maps)}
    url = "https://" + path.relative_to(sites).as_posix().removesuffix("index.html")
    page = extract_page(path.read_bytes(), url=url, content_type="text/html", published_hint=told.get(url))
    for n, article in enumerate(page.articles):
        yield Made(
            url,
            article.body,
            article.title,
            n,
            page.outlet or host,
            article.published,
            article.language,
            article.credit,
            article.kind,
            article.facts,
            article.turns,
            article.quotes,
        )
