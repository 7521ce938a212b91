"""An oracle: it knows every document that a stack was given, and what must become of each, whatever happens meanwhile.

The documents are invented: every third text is an article of its own, the two after it are reprints of it elsewhere, so
that the body of each and who shares a story with whom are known beforehand. What the stack shows is asked of search
itself. The ledger is read beside its work, again and again: its sums must hold at every sample.
"""

import hashlib
import json
import re
import threading
import time
import tomllib
import urllib.request
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psycopg
from support.pages import article
from support.stack import Stack

from libs.adapters.postgres.consistency import RULES

CANARY_SECONDS: Final = 60.0  # from the end of a fault until a new live page must be found
SAMPLE_SECONDS: Final = 0.2
TELLINGS: Final = 3  # of each text: the source and its reprints
PARAGRAPH: Final = re.compile(r"<p>(.*?)</p>")
ADDED_FROM: Final = 1_000_000  # numbers of texts that only lend a paragraph
SHOWN: Final = 10_000  # most documents that one search gives


@dataclass(frozen=True, slots=True)
class Document:
    """A page that was submitted; those with the same `text` belong into one story."""

    url: str
    html: str
    text: int

    @property
    def body_sha256(self) -> str:
        return _sha256("\n\n".join(PARAGRAPH.findall(self.html)))


def document(number: int, place: str) -> Document:
    """The source, or a reprint of it with a paragraph more."""
    text, telling = divmod(number, TELLINGS)
    html = article(text)
    if telling:
        added = PARAGRAPH.findall(article(ADDED_FROM + number))[0]
        html = html.replace("</article>", f"<p>{added}</p></article>")
    return Document(f"https://{place}-{telling}.example/page-{number}.html", html, text)


@dataclass(slots=True)
class Account:
    """What the samples of the ledger showed: how many there were, and every sum or rule that did not hold."""

    samples: int = 0
    missed: int = 0  # the database did not answer
    broken: list[str] = field(default_factory=list)


class Oracle:
    """`stack` takes in what is submitted here. `postgres` and `opensearch` are the engines themselves, past any proxy."""

    def __init__(self, stack: Stack, folder: Path, *, postgres: str, opensearch: str) -> None:
        self.stack, self._folder = stack, folder
        self.postgres, self.opensearch = postgres, opensearch
        self.documents: dict[str, Document] = {}
        self.set_aside: Counter[str] = Counter()  # how many entries in quarantine are expected, by reason
        self.canaries: list[float] = []  # seconds that each took
        self.account = Account()

    # --- what goes in

    def submit(self, count: int) -> int:
        """Hand over `count` new pages as a first load; how many there are now."""
        self._ingest([document(len(self.documents) + n, "desk") for n in range(count)], "backfill")
        return len(self.documents)

    def _ingest(self, documents: Sequence[Document], lane: str) -> None:
        folder = self._folder / f"submitted-{len(self.documents)}"
        for one in documents:
            path = folder / one.url.removeprefix("https://")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(one.html, encoding="utf-8")
            self.documents[one.url] = one
        self.stack.command("ingest", "mirror", str(folder), "--lane", lane)

    # --- what must be so

    def assert_unfinished(self, what: str) -> None:
        """A fault that strikes when all is done proves nothing."""
        assert self._ask(_UNFINISHED)[0][0] > 0, f"{what}: nothing was unfinished"

    def assert_canary(self) -> None:
        """A new page of the live lane is found by search within a minute, whatever waits in bulk."""
        began = time.monotonic()
        canary = document(len(self.documents), "canary")
        self._ingest([canary], "live")
        self.stack.until(lambda: self._shown({"term": {"url": canary.url}}), "the canary to be found")
        took = time.monotonic() - began
        assert took < CANARY_SECONDS, f"the canary took {took:.0f} s"
        self.canaries.append(took)

    def assert_whole(self) -> None:
        """Everything has its end, and it is the right one: nothing lost, nothing made up, no word or story altered."""
        self.stack.wait()
        self.stack.verify()
        found = self._shown({"exists": {"field": "url"}})
        urls = Counter(row["url"] for row in found)
        assert sorted(self.documents.keys() - urls.keys()) == [], "lost"
        assert sorted((urls - Counter(list(self.documents))).elements()) == [], "spurious or repeated"
        altered = [row["url"] for row in found if _sha256(row["body"]) != self.documents[row["url"]].body_sha256]
        assert altered == [], "altered"
        assert _groups({row["url"]: row["story_id"] for row in found}) == _groups(
            {url: one.text for url, one in self.documents.items()}
        ), "stories"
        entries = self._ask("SELECT reason, count(*) FROM quarantine GROUP BY 1")
        assert dict(entries) == self.set_aside, "set aside"

    def _shown(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        """What search gives for a query now."""
        _post(f"{self.opensearch}/articles/_refresh", {})
        found = _post(f"{self.opensearch}/articles/_search", {"size": SHOWN, "query": query, "_source": SOURCE})
        assert found["_shards"]["failed"] == 0
        return [hit["_source"] for hit in found["hits"]["hits"]]

    def _ask(self, query: str) -> list[Any]:
        with psycopg.connect(self.postgres) as connection:
            return connection.execute(query).fetchall()  # type: ignore[call-overload,no-any-return]

    # --- the account, beside the work

    @contextmanager
    def sampling(self) -> Iterator[None]:
        """Read the ledger again and again until the end; then every sample must have held."""
        finished = threading.Event()
        thread = threading.Thread(target=self._sample, args=(finished,))
        thread.start()
        try:
            yield
        finally:
            finished.set()
            thread.join()
        assert self.account.broken == []
        assert self.account.samples > 0

    def _sample(self, finished: threading.Event) -> None:
        ended = 0
        while not finished.wait(SAMPLE_SECONDS):
            try:
                ended = self._look(ended)
            except psycopg.OperationalError:  # struck; the next sample says what became of it
                self.account.missed += 1

    def _look(self, ended: int) -> int:
        """One sample, all of it of one moment; the captures that have ended."""
        with psycopg.connect(self.postgres, connect_timeout=5) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            total, now_ended, under_way = connection.execute(_CAPTURES).fetchone() or (0, 0, 0)
            told = [rule for rule, query in _rules() if connection.execute(query).fetchall()]  # type: ignore[call-overload]
        if total != now_ended + under_way:
            told.append(f"{total} captures, {now_ended} ended and {under_way} under way")
        if total > len(self.documents):
            told.append(f"{total} captures of {len(self.documents)} documents")
        if now_ended < ended:
            told.append(f"{ended} captures had ended, and now {now_ended}")
        self.account.broken += told
        self.account.samples += 1
        return int(now_ended)


SOURCE: Final = ["url", "body", "story_id"]
_CAPTURES: Final = """SELECT count(*), count(*) FILTER (WHERE "end" IN ('unchanged', 'extracted', 'rejected', 'quarantined')),
    count(*) FILTER (WHERE "end" IS NULL) FROM captures"""
_UNFINISHED: Final = """SELECT (SELECT count(*) FROM fetches WHERE NOT done)
    + (SELECT count(*) FROM captures WHERE "end" IS NULL) + (SELECT count(*) FROM revisions WHERE "end" IS NULL)
    + (SELECT count(*) FROM articles WHERE projection > indexed_projection)"""


def _rules() -> list[tuple[str, str]]:
    """The words of each rule of the ledger, and a query that finds what breaks it."""
    data = tomllib.loads(RULES.read_text(encoding="utf-8"))
    return [
        (r["text"], f"WITH shown AS ({data['shown']}) SELECT id FROM ({r['broken']}) AS b LIMIT 1")
        for r in data["rule"]
    ]


def _groups(labels: Mapping[str, Hashable]) -> set[frozenset[str]]:
    """Who is together with whom, whatever the groups are called."""
    groups: dict[Hashable, set[str]] = {}
    for name, label in labels.items():
        groups.setdefault(label, set()).add(name)
    return {frozenset(members) for members in groups.values()}


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _post(url: str, body: object) -> Any:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)
