"""The events, in the order of the flow. Small, frozen, versioned; unknown fields are refused; keys, never bodies.

`attempt` comes from the ledger and is raised whenever something is sent on purpose once more, because the broker
swallows a repeated `Nats-Msg-Id`; a redelivery keeps it.
"""

from typing import Annotated, ClassVar, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from libs.contracts.pipeline import (
    ARTICLES_INDEXED,
    ARTICLES_NORMALIZED,
    PAGES_FETCHED,
    STORIES_ASSIGNED,
    STORIES_CHANGED,
    Lane,
    StreamSpec,
)
from libs.contracts.reasons import Reason

# Ids of ours are lower-case hex strings; what else comes in must at least be safe in a header and in PostgreSQL.
Key = Annotated[str, Field(pattern=r"^[0-9A-Za-z_.:-]{1,128}$")]
E = TypeVar("E", bound="Event")


class MalformedMessage(ValueError):
    """Bytes that are no event of the expected kind. `reason` says which way."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class Event(BaseModel):
    """What all events share. `version` is the version of this event's schema."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    stream: ClassVar[StreamSpec]

    version: Literal[1] = 1
    lane: Lane
    attempt: int = Field(0, ge=0, description="raised by reconcile and replay; part of the message id")
    trace_id: Key = Field(description="32 hex digits, the same through all stages of one capture")

    @property
    def subject(self) -> str:
        return f"{self.stream.event}.{self.lane}"

    @property
    def key(self) -> str:
        """What the message is about, unique within its stream."""
        raise NotImplementedError

    @property
    def message_id(self) -> str:
        """Deterministic `Nats-Msg-Id`: the same result sent twice is stored once."""
        return f"{self.key}.{self.attempt}"


class PageFetched(Event):
    """A capture is committed and its bytes are in the blob store."""

    stream = PAGES_FETCHED
    capture_id: Key

    @property
    def key(self) -> str:
        return self.capture_id


class ArticleNormalized(Event):
    """A new revision of an article is recorded."""

    stream = ARTICLES_NORMALIZED
    revision_id: Key
    article_id: Key

    @property
    def key(self) -> str:
        return self.revision_id


class StoryAssigned(Event):
    """An article's text, story, lead or links changed: its projection number rose to `projection`."""

    stream = STORIES_ASSIGNED
    article_id: Key
    story_id: Key | None = Field(description="null for an article that was withdrawn: it stands in none")
    projection: int = Field(ge=1)

    @property
    def key(self) -> str:
        return f"{self.article_id}.{self.projection}"


class StoryChanged(Event):
    """A story came up, changed its members or lead, or was merged away: its projection number rose to `projection`."""

    stream = STORIES_CHANGED
    story_id: Key
    projection: int = Field(ge=1)
    change: Literal["created", "changed", "redirected"]

    @property
    def key(self) -> str:
        return f"{self.story_id}.{self.projection}"


class ArticleIndexed(Event):
    """The index acknowledged an article at a projection number."""

    stream = ARTICLES_INDEXED
    article_id: Key
    projection: int = Field(ge=1)

    @property
    def key(self) -> str:
        return f"{self.article_id}.{self.projection}"


EVENTS: tuple[type[Event], ...] = (PageFetched, ArticleNormalized, StoryAssigned, StoryChanged, ArticleIndexed)


def decode(kind: type[E], data: bytes) -> E:
    """Read an event from its JSON bytes.

    Raises MalformedMessage: with reason `message_unknown_version` when only the version is not ours.
    """
    try:
        return kind.model_validate_json(data)
    except ValidationError as error:
        places = {e["loc"] for e in error.errors()}
        reason = Reason.MESSAGE_UNKNOWN_VERSION if ("version",) in places else Reason.MESSAGE_MALFORMED
        raise MalformedMessage(reason, str(error.errors(include_url=False, include_input=False))[:500]) from error
