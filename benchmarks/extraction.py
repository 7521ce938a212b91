"""How good and how fast the normalizer's reading is: its own code over a folder of pages, no bus, no database.

    python -m benchmarks.extraction DIR --out FILE [--no-baseline | --tools]

In: `DIR/<id>.html[.gz]` or `DIR/html/<id>.html[.gz]`; the addresses and the true texts from `DIR/ground-truth.json`
(`{id: {"url", "articleBody"}}`) where it is there. Out: `FILE` with `{id: {"articleBody", "title", "authors",
"published"}}`; printed: pages a second of processor time, the same for trafilatura's defaults (or, with `--tools`, for
every single tool that is installed) in the same run, their ratio, and precision, recall and F1 over 4-word shingles (the metric of article-extraction-benchmark) for both halves of the pages: rules are
written looking at ids with an odd first hex digit only, so a gap between the halves would show fitting.
"""

import argparse
import gzip
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from benchmarks.extraction_tools import Tool, missing, tools
from libs.domain.extraction import extract_page

_WORD = re.compile(r"\w+")
_SHINGLE_WORDS = 4
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the folder; `truth` is its article's text where it is known."""

    id: str
    raw: bytes
    url: str
    truth: str | None


@dataclass(frozen=True, slots=True)
class Score:
    """Means over pages, each from 0 to 1; `exact` is the share of pages with equal words."""

    precision: float
    recall: float
    exact: float
    pages: int

    @property
    def f1(self) -> float:
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


def read_pages(folder: Path) -> list[Page]:
    """The pages of a folder, by id. Raises FileNotFoundError when it has none."""
    truth_file = folder / "ground-truth.json"
    truth = json.loads(truth_file.read_text(encoding="utf-8")) if truth_file.is_file() else {}
    root = folder / "html" if (folder / "html").is_dir() else folder
    pages = []
    for path in sorted([*root.glob("*.html"), *root.glob("*.html.gz")]):
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        name = path.name.removesuffix(".gz").removesuffix(".html")
        known = truth.get(name, {})
        pages.append(Page(name, raw, known.get("url") or f"https://unknown.example/{name}", known.get("articleBody")))
    if not pages:
        raise FileNotFoundError(f"{root}: no .html or .html.gz files")
    return pages


def read(page: Page) -> dict[str, Any]:
    """What the normalizer finds in a page; several articles are joined."""
    found = extract_page(page.raw, url=page.url, content_type="text/html").articles
    return {
        "articleBody": "\n\n".join(a.body for a in found),
        "title": found[0].title if found else "",
        "authors": list(found[0].bylines) if found else [],
        "published": found[0].published if found else None,
    }


def timed(pages: Iterable[Page], work: Callable[[Page], _Result]) -> tuple[dict[str, _Result], float]:
    """Results by id, and seconds of the processor: a busy machine does not count."""
    started = time.process_time()
    results = {page.id: work(page) for page in pages}
    return results, time.process_time() - started


def shingles(text: str) -> Counter[tuple[str, ...]]:
    """The multiset of a text's 4-word shingles; a shorter text is one shingle."""
    words = _WORD.findall(text)
    if not words:
        return Counter()
    return Counter(tuple(words[i : i + _SHINGLE_WORDS]) for i in range(max(1, len(words) - _SHINGLE_WORDS + 1)))


def score(pages: Iterable[Page], bodies: Mapping[str, str]) -> Score:
    """Precision over pages with a prediction, recall over pages with a truth."""
    precisions, recalls, exact, count = [], [], 0, 0
    for page in pages:
        truth, mine = shingles(page.truth or ""), shingles(bodies[page.id])
        shared = sum((truth & mine).values())
        count += 1
        exact += _WORD.findall(page.truth or "") == _WORD.findall(bodies[page.id])
        if mine:
            precisions.append(1.0 if truth == mine else shared / sum(mine.values()))
        if truth:
            recalls.append(1.0 if truth == mine else shared / sum(truth.values()))
    return Score(_mean(precisions), _mean(recalls), exact / count if count else 0.0, count)


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def halves(pages: list[Page]) -> dict[str, list[Page]]:
    """All pages, and those whose id begins with an odd or an even hex digit."""
    known = [p for p in pages if p.truth is not None and p.id[:1] in "0123456789abcdef"]
    return {
        "odd half": [p for p in known if int(p.id[0], 16) % 2],
        "even half": [p for p in known if not int(p.id[0], 16) % 2],
        "all": known,
    }


def report(pages: list[Page], name: str, bodies: Mapping[str, str]) -> None:
    """Print a line for each half that has pages with known texts."""
    for half, members in halves(pages).items():
        if members:
            s = score(members, bodies)
            print(
                f"{name:21} {half:9} {s.pages:4} pages  F1 {s.f1:.4f}  P {s.precision:.4f}  R {s.recall:.4f}  exact {s.exact:.3f}"
            )


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    beside = parser.add_mutually_exclusive_group()
    beside.add_argument("--no-baseline", action="store_true", help="do not run trafilatura beside it")
    beside.add_argument("--tools", action="store_true", help="run every single tool that is installed beside it")
    args = parser.parse_args()
    pages = read_pages(args.folder)
    read(pages[0])  # loads models and rules; not part of the time
    results, seconds = timed(pages, read)
    args.out.write_text(json.dumps(results, ensure_ascii=False, indent=1), encoding="utf-8")
    print(f"newsfold     {len(pages) / seconds:.1f} pages/s over {len(pages)} pages")
    report(pages, "newsfold", {k: v["articleBody"] for k, v in results.items()})
    for name, tool in tools().items():
        if args.tools or (name == "trafilatura" and not args.no_baseline):
            beside_it(pages, name, tool, seconds)
    if args.tools and missing():
        print(f"not installed: {', '.join(missing())}")


def beside_it(pages: list[Page], name: str, tool: Tool, seconds: float) -> None:
    """Print another tool's figures; `seconds` is what the normalizer's reading took."""
    raised: list[str] = []

    def work(page: Page) -> str:
        try:
            return tool(page.raw)
        except Exception:  # of whatever kind: the page counts as one without text
            raised.append(page.id)
            return ""

    work(pages[0])
    raised.clear()
    texts, other = timed(pages, work)
    print(f"{name}  {len(pages) / other:.1f} pages/s; newsfold runs at {other / seconds:.2f}x of it", end="")
    print(f"; it raised on {len(raised)} pages" if raised else "")
    report(pages, name, texts)


if __name__ == "__main__":
    main()
