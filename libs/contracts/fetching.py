"""The records that the fetcher and its stores exchange: work to do, what was received, what is known of a URL."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from libs.contracts.pipeline import Lane
from libs.contracts.reasons import CaptureEnd, Reason


class FetchKind(StrEnum):
    """What kind of thing is fetched: a page by HTTP, a page that lies in a file, a feed by HTTP."""

    PAGE = "page"
    FILE = "file"
    FEED = "feed"


class NothingReceived(Exception):
    """A fetch has no answer. `transient`: it may have one later; `retry_after_seconds` is what the other side asked."""

    def __init__(
        self,
        reason: Reason,
        detail: str,
        *,
        transient: bool = False,
        status: int | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail, self.transient = reason, detail, transient
        self.status, self.retry_after_seconds = status, retry_after_seconds


@dataclass(frozen=True, slots=True)
class Answer:
    """What was received, by whatever way. `not_modified`: nothing new, what was received before still holds."""

    final_url: str
    body: bytes
    received_at: datetime  # of a file: when it was last written
    status: int | None = None
    content_type: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    wire_bytes: int = 0
    not_modified: bool = False


@dataclass(frozen=True, slots=True)
class NewFetch:
    """Work to be put into the due-time table. `path` is for files: absolute, as `path_to_text` spells it."""

    kind: FetchKind
    url: str
    lane: Lane
    path: str | None = None
    trust_canonical: bool = False  # the page's canonical link counts whatever its host (files of a plain folder)
    source_id: str | None = None
    published_hint: str | None = None  # when it was published, as the feed or sitemap that lists it says


@dataclass(frozen=True, slots=True)
class FetchJob:
    """Work in hand: a claimed row of the due-time table."""

    fetch_id: str
    kind: FetchKind
    url: str
    path: str | None
    host: str
    trust_canonical: bool
    lane: Lane
    source_id: str | None
    published_hint: str | None
    attempts: int  # tries that failed so far
    claims: int  # this claim's number; a later claim takes the work away
    capture_id: str | None  # committed already: only to be published


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was received once, to be recorded as a capture. Without bytes it has its end already."""

    capture_id: str
    asked_url: str
    final_url: str
    captured_at: datetime
    sha256: str | None
    bytes: int | None = None
    status: int | None = None
    content_type: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    end: CaptureEnd | None = None
    reason: Reason | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Settled:
    """How a job ended for now: done, or again after `retry_seconds`. Its host rests for `pause_seconds`."""

    job: FetchJob
    retry_seconds: float | None = None
    reason: Reason | None = None
    pause_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class KnownUrl:
    """What an earlier fetch of a URL left."""

    etag: str | None
    last_modified: str | None
    sha256: str | None
    final_url: str | None
    refused: bool = False  # its page was erased


@dataclass(frozen=True, slots=True)
class Source:
    """A standing source, as `newsfold source list` shows it."""

    source_id: str
    kind: FetchKind
    url: str
    lane: Lane
    paused: bool
    period_seconds: int
    next_poll_at: datetime
    last_polled_at: datetime | None
    last_success_at: datetime | None
    last_new_item_at: datetime | None
    last_items: int | None
    last_new_items: int | None
    failures: int
    last_reason: str | None
