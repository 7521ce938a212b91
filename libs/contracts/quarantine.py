"""The quarantine envelope: what `newsfold quarantine show --json` prints of a message or record that was set aside.

Who (stage, worker), when, what (reason, error, the original bytes), where (subject, stream, sequence), and the records
it was about.
"""

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from libs.contracts.reasons import Reason


class QuarantineEntry(BaseModel):
    """One entry. Unknown values are null."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    quarantine_id: str = Field(description="hash of stage, stream, sequence and bytes: the same message is one entry")
    stage: str
    worker: str = Field(description="host and process that set it aside")
    recorded_at: datetime
    reason: Reason
    error: str = Field(description="the error's own words, at most 2,000 characters")
    subject: str | None = None
    stream: str | None = None
    stream_sequence: int | None = Field(None, ge=1)
    deliveries: int | None = Field(None, ge=1, description="how often it was delivered, the last time included")
    headers: dict[str, str] = Field(default_factory=dict)
    payload_base64: str | None = Field(None, description="the original bytes")
    payload_text: str | None = Field(None, description="the same where they are UTF-8")
    capture_id: str | None = None
    article_id: str | None = None
    revision_id: str | None = None
    trace_id: str | None = None
    state: Literal["open", "replayed", "resolved"] = "open"
    replays: int = Field(0, ge=0)
    replayed_at: datetime | None = None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "QuarantineEntry":
        """From a row of the table `quarantine`, with or without its payload."""
        fields = {name: row[name] for name in cls.model_fields if name in row}
        payload = row.get("payload")
        if payload is not None:
            fields |= {"payload_base64": base64.b64encode(payload).decode(), "payload_text": _text(payload)}
        return cls.model_validate(fields)


def _text(payload: bytes) -> str | None:
    try:
        return payload.decode("utf-8")
    except UnicodeDecodeError:
        return None
