"""What is set aside: the entry, the record's end, and the way back."""

from dataclasses import replace

import pytest
from postgres_rig import Desk, article
from sqlalchemy import delete, insert, select, update

from libs.adapters.postgres.quarantine import PostgresQuarantine, QuarantineDesk
from libs.adapters.postgres.queries.progress import progress
from libs.adapters.postgres.readings import read_work
from libs.adapters.postgres.reconcile import unfinished
from libs.adapters.postgres.tables import ledger, quarantine, revisions, stories
from libs.contracts.events import ArticleNormalized, Event, PageFetched, StoryChanged
from libs.contracts.quarantine import QuarantineEntry
from libs.contracts.reasons import Reason
from libs.runtime.settle import SetAside


def set_aside(event: Event | None, *, sequence: int = 1, reason: Reason = Reason.PARSE_CRASH) -> SetAside:
    return SetAside(
        stage="normalizer",
        reason=reason,
        error="the child ended",
        subject=event.subject if event else "page.fetched.live",
        stream="PAGES_FETCHED",
        stream_sequence=sequence,
        deliveries=2,
        payload=event.model_dump_json().encode() if event else b"\xff\x00 no json",
        headers={"Nats-Msg-Id": event.message_id if event else "?"},
        event=event,
    )


async def _entries(desk: Desk, event: Event) -> list[str]:
    rows = await desk.rows(select(quarantine).where(quarantine.c.trace_id == event.trace_id))
    return [row.quarantine_id for row in rows]


async def test_an_entry_ends_its_capture_with_the_same_reason_everywhere(desk: Desk) -> None:
    event = await desk.receive(0)
    await PostgresQuarantine(desk.engine).put(set_aside(event))
    assert await desk.end(0) == ("quarantined", "parse_crash")
    [told] = await desk.rows(select(ledger).where(ledger.c.capture_id == event.capture_id))
    assert (told.outcome, told.reason, told.stage) == ("quarantined", "parse_crash", "normalizer")
    [key] = await _entries(desk, event)
    shown = await QuarantineDesk(desk.engine).shown(key[:12])
    assert shown is not None
    entry = QuarantineEntry.of(shown)
    assert (entry.stage, entry.reason, entry.subject, entry.stream_sequence, entry.deliveries) == (
        "normalizer",
        "parse_crash",
        "page.fetched.live",
        1,
        2,
    )
    assert entry.payload_text == event.model_dump_json()
    assert entry.headers == {"Nats-Msg-Id": event.message_id}


async def test_the_same_message_twice_is_one_entry(desk: Desk) -> None:
    event = await desk.receive(0)
    for _ in range(2):
        await PostgresQuarantine(desk.engine).put(set_aside(event))
    assert len(await _entries(desk, event)) == 1


async def test_bytes_that_are_no_event_are_kept_too(desk: Desk) -> None:
    entry = set_aside(None, sequence=77, reason=Reason.MESSAGE_MALFORMED)
    await PostgresQuarantine(desk.engine).put(replace(entry, error="nul \0 inside", headers={"x": "a\0b"}))
    [row] = await desk.rows(select(quarantine).where(quarantine.c.stream_sequence == 77))
    assert (bytes(row.payload), row.error, row.headers) == (entry.payload, "nul \ufffd inside", {"x": "a\ufffdb"})
    assert await QuarantineDesk(desk.engine).replayed(row.quarantine_id) is None


async def test_a_replay_opens_the_capture_again_and_its_message_is_a_new_one(desk: Desk) -> None:
    event = await desk.receive(0)
    await PostgresQuarantine(desk.engine).put(set_aside(event))
    [key] = await _entries(desk, event)
    again = await QuarantineDesk(desk.engine).replayed(key)
    assert isinstance(again, PageFetched)
    assert (again.capture_id, again.lane, again.attempt) == (event.capture_id, event.lane, event.attempt + 1)
    assert again.message_id != event.message_id
    assert await desk.end(0) == (None, None)
    [row] = await desk.rows(select(quarantine).where(quarantine.c.quarantine_id == key))
    assert (row.state, row.replays) == ("replayed", 1)
    [normalized] = (await desk.record(again, article("It was readable after all."))).events
    assert isinstance(normalized, ArticleNormalized)
    assert await desk.end(0) == ("extracted", None)
    assert await QuarantineDesk(desk.engine).replayed(key) is None  # it has its end by now


async def test_an_entry_ends_its_revision_and_a_replay_opens_it_again(desk: Desk) -> None:
    [event] = (await desk.take(0, article("A text."))).events
    assert isinstance(event, ArticleNormalized)
    entry = replace(set_aside(event, reason=Reason.UNEXPECTED_ERROR), stage="deduplicator")
    await PostgresQuarantine(desk.engine).put(entry)
    query = select(revisions.c.end, revisions.c.reason).where(revisions.c.revision_id == event.revision_id)
    [ended] = await desk.rows(query)
    assert tuple(ended) == ("quarantined", "unexpected_error")
    [key] = await _entries(desk, event)
    again = await QuarantineDesk(desk.engine).replayed(key)
    assert again == event.model_copy(update={"attempt": 1})
    [opened] = await desk.rows(query)
    assert tuple(opened) == (None, None)


async def test_an_entry_about_something_that_has_its_end_changes_no_end(desk: Desk) -> None:
    await desk.take(0, article("A text."))
    await PostgresQuarantine(desk.engine).put(set_aside(desk.event(0)))
    assert await desk.end(0) == ("extracted", None)


@pytest.mark.parametrize("prefix", ["", "%", "no such"])
async def test_an_id_that_names_no_single_entry_shows_nothing(desk: Desk, prefix: str) -> None:
    for hour in (0, 1):
        await PostgresQuarantine(desk.engine).put(set_aside(await desk.receive(hour), sequence=hour + 1))
    assert await QuarantineDesk(desk.engine).shown(prefix) is None


async def test_a_story_that_was_set_aside_rests_until_it_is_replayed_or_changes(desk: Desk) -> None:
    story_id, trace_id = "5" * 32, "7" * 32
    event = StoryChanged(lane="live", trace_id=trace_id, story_id=story_id, projection=1, change="created")
    row = {"story_id": story_id, "size": 1, "projection": 1, "lane": "live", "trace_id": trace_id}

    async def is_due() -> bool:
        return story_id in {record.key for record in await unfinished(desk.engine) if record.kind == "story"}

    async def is_waited_for() -> bool:
        open_ = (await progress(desk.engine)).unfinished.get("stories")
        watched = (await read_work(desk.engine)).unfinished[("story", "live")]
        assert watched == (0 if open_ is None else open_.count)
        return open_ is not None and story_id in open_.oldest

    async with desk.engine.begin() as connection:
        await connection.execute(insert(stories).values(row))
    assert await is_due()
    await PostgresQuarantine(desk.engine).put(
        replace(set_aside(event, reason=Reason.INDEX_MAPPING), stage="indexer", stream="STORIES_CHANGED")
    )
    assert not await is_due()
    assert not await is_waited_for()

    [key] = [row.quarantine_id for row in await desk.rows(select(quarantine).where(quarantine.c.stage == "indexer"))]
    again = await QuarantineDesk(desk.engine).replayed(key)
    assert again == event.model_copy(update={"attempt": 1, "change": "changed"})
    assert await is_due()
    assert await is_waited_for()

    await PostgresQuarantine(desk.engine).put(
        replace(set_aside(event, sequence=2, reason=Reason.INDEX_MAPPING), stage="indexer", stream="STORIES_CHANGED")
    )
    assert not await is_due()
    async with desk.engine.begin() as connection:
        await connection.execute(update(stories).where(stories.c.story_id == story_id).values(projection=2))
    assert await is_due()
    async with desk.engine.begin() as connection:
        await connection.execute(delete(stories).where(stories.c.story_id == story_id))
    assert await QuarantineDesk(desk.engine).replayed(key) is None
