"""Which pages a folder, a mirror or a list holds, as work for the fetcher."""

import random
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from libs.contracts.fetching import FetchKind, NewFetch
from libs.contracts.pipeline import Lane
from libs.domain.sources import (
    SNIFFED_BYTES,
    folder_url,
    is_folder_page,
    is_mirrored_page,
    mirror_url,
    pacing_host,
    path_to_text,
)
from services.cli.failures import WrongUsage
from services.cli.naming import absolute

LISTS = frozenset({".xml", ".rss", ".atom", ".rdf", ".json"})  # suffixes of feeds and sitemaps


@dataclass(frozen=True, slots=True)
class Gathered:
    """`skipped` counts files that are no pages."""

    work: tuple[NewFetch, ...]
    skipped: int = 0


def from_folder(folder: Path, lane: Lane, *, base_url: str | None = None) -> Gathered:
    """The text and HTML files of a folder; a canonical link in one names its page whatever the host."""
    root = absolute(folder)
    files = list(_files(root))
    pages = [path for path in files if is_folder_page(path)]
    work = tuple(
        NewFetch(FetchKind.FILE, folder_url(base_url, root, path), lane, path=path_to_text(path), trust_canonical=True)
        for path in pages
    )
    return Gathered(work, len(files) - len(pages))


def from_mirror(folder: Path, lane: Lane) -> Gathered:
    """The pages of a mirrored web, a folder for each host. A file beside the hosts' folders is no page.

    Feeds and sitemaps that lie in it say when their pages were published.
    """
    root = absolute(folder)
    work, skipped = [], 0
    files = list(_files(root))
    hint_for = _hints(root, files)
    for path in files:
        host, relative = _place(root, path)
        if relative and is_mirrored_page(relative, _head(path)):
            url = mirror_url(host, relative)
            work.append(NewFetch(FetchKind.FILE, url, lane, path=path_to_text(path), published_hint=hint_for(url)))
        else:
            skipped += 1
    return Gathered(tuple(work), skipped)


def from_urls(urls: Iterable[str], lane: Lane, *, kind: FetchKind = FetchKind.PAGE) -> Gathered:
    """Each URL once, in the order given."""
    return Gathered(tuple(NewFetch(kind, url, lane) for url in dict.fromkeys(urls)))


def asked_urls(urls: Sequence[str]) -> Sequence[str]:
    """The same, when each is one that can be asked for. Raises WrongUsage: what a person types is looked at first.

    What a list or a feed holds is not: there one bad line must not stop the others, and the ledger says how it ended.
    """
    for url in urls:
        if not url.lower().startswith(("http://", "https://")) or not pacing_host(url):
            raise WrongUsage(f"{url!r} is no URL: write it in full, as in https://www.example.org/news")
    return urls


def listed_in(path: Path) -> list[str]:
    """The URLs of a list in UTF-8; `-` is standard input. Raises WrongUsage when it cannot be read."""
    try:
        text = (sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()).decode("utf-8")
    except OSError as error:
        raise WrongUsage(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise WrongUsage(f"{path} is no list of URLs: it is no text in UTF-8") from error
    return list(listed_urls(text.splitlines()))


def listed_urls(lines: Iterable[str]) -> Iterator[str]:
    """The URLs of a list, one a line; empty lines and those that begin with `#` are none."""
    for line in lines:
        url = line.strip().lstrip("\ufeff")
        if url and not url.startswith("#"):
            yield url


def shuffled(work: Sequence[NewFetch], seed: int | None) -> list[NewFetch]:
    """In an order that only the seed decides; without one as it is."""
    ordered = list(work)
    if seed is not None:
        random.Random(seed).shuffle(ordered)
    return ordered


def lane_of(asked: str | None, default: Lane) -> Lane:
    """`live` or `backfill`. Raises WrongUsage."""
    if asked is None:
        return default
    if asked not in (Lane.LIVE, Lane.BACKFILL):
        raise WrongUsage(f"--lane {asked}: write live or backfill")
    return Lane(asked)


def _hints(root: Path, files: Iterable[Path]) -> Callable[[str], str | None]:
    """When a page was published, as the lists among the files say. Most mirrors have none, and need no feed reader."""
    lists = [path for path in files if path.suffix.lower() in LISTS and path.parent != root]
    if not lists:
        return lambda _: None
    from services.cli.feeds import told_times

    return told_times((path, mirror_url(*_place(root, path))) for path in lists)


def _place(root: Path, path: Path) -> tuple[str, str]:
    """The host and the path on it."""
    host, *rest = path.relative_to(root).parts
    return host, "/".join(rest)


def _files(root: Path) -> Iterator[Path]:
    """All files below a folder in the order of their names. A file that is given instead of a folder is wrong usage."""
    if not root.is_dir():
        raise WrongUsage(f"{root} is no folder")
    yield from sorted(path for path in root.rglob("*") if path.is_file())


def _head(path: Path) -> bytes:
    """The first bytes; a file that cannot be read is left to the fetcher, which records why."""
    try:
        with path.open("rb") as file:
            return file.read(SNIFFED_BYTES)
    except OSError:
        return b"<html>"
