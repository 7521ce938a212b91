"""What an operator, or bad luck, can do to the broker of a stack: read it, send again, take a message away, wipe it."""

import asyncio
import json
import os
import shutil
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import nats
import psutil
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import RawStreamMsg
from support.stack import Stack

from libs.contracts.pipeline import LANES, STAGES, STREAMS, Lane, StageSpec
from services.cli.state import RunFolder

T = TypeVar("T")
CONSUMED = tuple(dict.fromkeys(stream for stage in STAGES for stream in stage.consumes))
AGAIN = ".sent-again"


def _with(stack: Stack, work: Callable[[JetStreamContext], Awaitable[T]]) -> T:
    async def run() -> T:
        state = RunFolder(stack.data).read()
        assert state is not None
        client = await nats.connect(state.urls["nats_url"], connect_timeout=30)
        try:
            return await work(client.jetstream(timeout=30))
        finally:
            await client.close()

    return asyncio.run(run())


def publish(stack: Stack, messages: list[tuple[str, bytes]]) -> None:
    """Send bytes to subjects."""

    async def work(js: JetStreamContext) -> None:
        for subject, data in messages:
            await js.publish(subject, data)

    _with(stack, work)


def stored(stack: Stack) -> dict[str, int]:
    """How many messages each stream holds that some stage reads."""

    async def work(js: JetStreamContext) -> dict[str, int]:
        return {s.name: (await js.stream_info(s.name)).state.messages for s in CONSUMED}

    return _with(stack, work)


def is_idle(stack: Stack) -> bool:
    """Whether every consumer has nothing pending and nothing in hand."""

    async def work(js: JetStreamContext) -> bool:
        for stage in STAGES:
            for stream in stage.consumes:
                for lane in LANES:
                    info = await js.consumer_info(stream.name, stage.durable(stream, lane))
                    if info.num_pending or info.num_ack_pending:
                        return False
        return True

    return _with(stack, work)


class SecondCopies:
    """Sends every message once more under a new id, each time it is asked."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._seen = {stream.name: 0 for stream in STREAMS}
        self.sent = 0

    def send(self) -> int:
        """Copy what came since the last time; how many that were."""

        async def work(js: JetStreamContext) -> int:
            return sum([await self._copy(js, stream.name) for stream in STREAMS])

        count = _with(self._stack, work)
        self.sent += count
        return count

    async def _copy(self, js: JetStreamContext, stream: str) -> int:
        state = (await js.stream_info(stream)).state
        found = [await js.get_msg(stream, seq) for seq in range(self._seen[stream] + 1, state.last_seq + 1)]
        self._seen[stream] = state.last_seq
        originals = [message for message in found if not _message_id(message).endswith(AGAIN)]
        for message in originals:
            headers = {**(message.headers or {}), "Nats-Msg-Id": _message_id(message) + AGAIN}
            acknowledged = await js.publish(message.subject or "", message.data or b"", headers=headers)
            assert not acknowledged.duplicate
        return len(originals)


def _message_id(message: RawStreamMsg) -> str:
    return (message.headers or {}).get("Nats-Msg-Id", "")


def terminate_one(stack: Stack, stage: StageSpec, lane: Lane) -> bytes:
    """Take the next message of a stage away from it for good; its bytes."""
    stream = stage.consumes[0]

    async def work(js: JetStreamContext) -> bytes:
        subscription = await js.pull_subscribe_bind(stage.durable(stream, lane), stream=stream.name)
        message: Msg = (await subscription.fetch(1, timeout=60))[0]
        await message.term()
        await js._nc.flush()
        return message.data

    return _with(stack, work)


def wipe(stack: Stack) -> None:
    """The broker's disk is lost while it runs: what it stored has gone, and the process with it."""
    configuration = next(
        Path(argument)
        for process in _descendants(stack)
        for argument in process.cmdline()
        if argument.endswith("nats-server.conf")
    )
    server = next(p for p in _descendants(stack) if p.name() == "nats-server" and str(configuration) in p.cmdline())
    os.kill(server.pid, signal.SIGSTOP)  # so that it writes nothing while its store goes
    shutil.rmtree(json.loads(configuration.read_text(encoding="utf-8"))["jetstream"]["store_dir"])
    os.kill(server.pid, signal.SIGKILL)


def _descendants(stack: Stack) -> list[psutil.Process]:
    state = RunFolder(stack.data).read()
    assert state is not None
    return psutil.Process(state.pid).children(recursive=True)
