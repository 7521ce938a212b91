"""The whole stack over a mirrored web: engines, all services, broker and index, as `newsfold up` runs them.

    python -m benchmarks.pipeline DIR [--pages N [--changed SHARE]] [--no-baseline] [--json]

DIR is a mirror (`DIR/<host>/<path>`). With `--pages` it is a folder as `benchmarks.extraction` reads it, and N pages
are made of its pages, repeated under new URLs with changed words. Printed: pages and articles a second from the first
page queued to the last article indexed; the share of processor time of each stage and engine; p50, p95 and p99 from a
page's capture to its article in the index (a search sees it at the next refresh); and trafilatura alone over the same
pages in one process of the same run, with the ratio. Starting and stopping do not count.
"""

import argparse
import asyncio
import json
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
import psycopg
import trafilatura

from benchmarks.many_pages import make_mirror, mirrored
from libs.adapters.engines import forget
from libs.adapters.postgres.fetches import PostgresFetches
from libs.contracts.pipeline import Lane
from services.cli.gathering import from_mirror
from services.cli.roster import SERVICES
from services.cli.running import run_detached, stop
from services.cli.state import RunState
from services.cli.target import Target
from services.cli.waits import wait_until_done

PATIENCE_SECONDS = 3600.0
ENGINE_MARKS = {"nats-server": "nats", "postgres": "postgres", "java": "opensearch"}
_COUNTS = """SELECT (SELECT count(*) FROM captures), (SELECT count(*) FROM revisions WHERE "end" = 'indexed')"""
_DELAYS = """SELECT percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (
    ORDER BY extract(epoch FROM r.ended_at - c.recorded_at)) FROM revisions r JOIN captures c USING (capture_id)
    WHERE r."end" = 'indexed'"""


@dataclass(frozen=True, slots=True)
class Report:
    """Speeds per second, delays in seconds, `processor_seconds` by stage and engine."""

    pages: int
    articles: int
    seconds: float
    pages_per_second: float
    articles_per_second: float
    p50_seconds: float
    p95_seconds: float
    p99_seconds: float
    processor_seconds: Mapping[str, float]
    baseline_pages_per_second: float | None = None
    baseline_processor_seconds: float | None = None  # for all pages

    @property
    def ratio(self) -> float | None:
        """Our pages a second over those of the baseline."""
        return self.pages_per_second / self.baseline_pages_per_second if self.baseline_pages_per_second else None


def measure(mirror: Path, *, baseline: bool) -> Report:
    """Run the stack over a mirror, and the baseline while the stack is idle."""
    with data_folder() as data:
        state = run_detached(data, dict.fromkeys(SERVICES, 1), watch=lambda _: None)
        try:
            before, began = processor_seconds(state), time.monotonic()
            asyncio.run(_take_in(data, mirror))
            seconds = time.monotonic() - began
            spent = {name: used - before.get(name, 0.0) for name, used in processor_seconds(state).items()}
            pages, articles, delays = _counts(state.urls["postgres_url"])
            alone = baseline_speed(mirror) if baseline else (None, None)
        finally:
            stop(data, watch=lambda _: None)
    p50, p95, p99 = delays
    return Report(pages, articles, seconds, pages / seconds, articles / seconds, p50, p95, p99, spent, *alone)


@contextmanager
def data_folder() -> Iterator[Path]:
    """A data folder that the engines' account can enter, removed afterwards."""
    root = Path(tempfile.mkdtemp(prefix="newsfold-benchmark-"))
    root.chmod(0o755)
    try:
        yield root / "data"
    finally:
        forget(root / "data")
        shutil.rmtree(root, ignore_errors=True)


async def _take_in(data: Path, mirror: Path) -> None:
    async with Target(data).open_postgres() as engine:
        await PostgresFetches(engine).enqueue(from_mirror(mirror, Lane.BACKFILL).work)
    done, aside = await wait_until_done(data, PATIENCE_SECONDS)
    if not done.done:
        raise RuntimeError(f"not done after {PATIENCE_SECONDS:.0f} s: {done.unfinished}")
    for entry in aside:
        print(f"quarantined by {entry['stage']}: {entry['reason']}")


def _counts(postgres_url: str) -> tuple[int, int, tuple[float, float, float]]:
    with psycopg.connect(postgres_url) as connection:
        counts, delays = connection.execute(_COUNTS).fetchone(), connection.execute(_DELAYS).fetchone()
    assert counts is not None
    assert delays is not None
    p50, p95, p99 = (float(seconds) for seconds in delays[0] or (0, 0, 0))
    return int(counts[0]), int(counts[1]), (p50, p95, p99)


def processor_seconds(state: RunState) -> dict[str, float]:
    """Processor time so far, user and system, of each service with its children and of each engine."""
    spent: dict[str, float] = {}
    names = {entry.pid: entry.name for entry in state.services}
    for process in psutil.Process(state.pid).children(recursive=True):
        try:
            name = next((names[p.pid] for p in [process, *process.parents()] if p.pid in names), None)
            name = name or ENGINE_MARKS.get(process.name())
            used = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        if name is not None:
            spent[name] = spent.get(name, 0.0) + used.user + used.system
    return spent


def baseline_speed(mirror: Path) -> tuple[float, float]:
    """Pages a second, and processor seconds, of trafilatura with its defaults over all pages, in this process."""
    pages = mirrored(mirror)
    trafilatura.extract(pages[0])  # loads its tables; not part of the time
    began, used = time.perf_counter(), time.process_time()
    for page in pages:
        trafilatura.extract(page, include_comments=False)
    return len(pages) / (time.perf_counter() - began), time.process_time() - used


def show(report: Report) -> None:
    """For people."""
    print(
        f"newsfold     {report.pages_per_second:.1f} pages/s, {report.articles_per_second:.1f} articles/s "
        f"({report.pages} pages, {report.articles} articles, {report.seconds:.1f} s)"
    )
    print(
        f"captured to indexed: p50 {report.p50_seconds:.2f} s, p95 {report.p95_seconds:.2f} s, "
        f"p99 {report.p99_seconds:.2f} s"
    )
    total = sum(report.processor_seconds.values())
    for name, used in sorted(report.processor_seconds.items(), key=lambda item: -item[1]):
        print(f"  {name:12} {used / total:6.1%}  {1000 * used / max(report.pages, 1):7.1f} ms of processor a page")
    if report.ratio is not None:
        print(
            f"trafilatura  {report.baseline_pages_per_second:.1f} pages/s; newsfold runs at {report.ratio:.2f}x of it"
        )


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pages", type=int, help="make so many pages out of those of the folder")
    parser.add_argument(
        "--changed", type=float, default=0.3, help="share of the words that a repeated page has changed"
    )
    parser.add_argument("--no-baseline", action="store_true", help="do not run trafilatura beside it")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="newsfold-pages-") as made:
        mirror = args.folder
        if args.pages:
            mirror = make_mirror(args.folder, Path(made), args.pages, changed=args.changed)
        report = measure(mirror, baseline=not args.no_baseline)
    if args.json:
        print(json.dumps({**asdict(report), "ratio": report.ratio}))
    else:
        show(report)


if __name__ == "__main__":
    main()
