"""The envelope reads every row that the quarantine table can hold."""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from libs.adapters.postgres.tables import quarantine
from libs.contracts.quarantine import QuarantineEntry

ROW: dict[str, Any] = {
    **{column.name: None for column in quarantine.columns},
    "quarantine_id": "0123456789abcdef0123456789abcdef",
    "stage": "normalizer",
    "worker": "host:1",
    "recorded_at": datetime(2024, 5, 14, tzinfo=UTC),
    "reason": "blob_missing",
    "error": "no bytes",
    "headers": {"Nats-Msg-Id": "c1.0"},
    "payload": b'{"capture_id": "c1"}',
    "state": "open",
    "replays": 0,
}


def test_a_row_becomes_an_entry_with_its_bytes_and_their_text() -> None:
    entry = QuarantineEntry.of(ROW)
    assert base64.b64decode(entry.payload_base64 or "") == ROW["payload"]
    assert entry.payload_text == '{"capture_id": "c1"}'
    assert QuarantineEntry.model_validate_json(entry.model_dump_json()) == entry


def test_bytes_that_are_no_text_are_kept_as_bytes() -> None:
    entry = QuarantineEntry.of(ROW | {"payload": b"\xff\x00"})
    assert (base64.b64decode(entry.payload_base64 or ""), entry.payload_text) == (b"\xff\x00", None)


def test_a_listed_row_has_no_payload() -> None:
    entry = QuarantineEntry.of({name: value for name, value in ROW.items() if name != "payload"})
    assert entry.payload_base64 is None


def test_every_column_of_the_table_is_in_the_envelope() -> None:
    columns = {column.name for column in quarantine.columns} - {"payload"}
    assert columns <= set(QuarantineEntry.model_fields)


def test_a_reason_outside_the_closed_list_is_refused() -> None:
    with pytest.raises(ValidationError):
        QuarantineEntry.of(ROW | {"reason": "because"})
