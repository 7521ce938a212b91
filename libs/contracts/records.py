"""The records that stages and adapters exchange beside events."""

from dataclasses import dataclass
from datetime import datetime

from libs.contracts.events import ArticleNormalized, PageFetched, StoryAssigned
from libs.contracts.reasons import CaptureEnd, Reason


@dataclass(frozen=True, slots=True)
class Capture:
    """What the normalizer needs to know of a capture."""

    capture_id: str
    url: str  # where the bytes came from, after redirects
    trust_canonical: bool
    published_hint: str | None
    content_type: str | None
    sha256: str
    captured_at: datetime
    trace_id: str
    end: CaptureEnd | None
    reason: Reason | None
    gone: bool = False  # nothing was received: the server says that a page which is held is not there any more


@dataclass(frozen=True, slots=True)
class Recorded:
    """What recording a page led to: the capture's end and the events that follow from it."""

    end: CaptureEnd
    reason: Reason | None
    events: tuple[ArticleNormalized | StoryAssigned | PageFetched, ...]
    page_id: str | None = None  # known where this call did the recording
