"""Children that take too long, too much, or die: the caller gets a reason and the next call works."""

import asyncio
import os
from collections.abc import Iterator

import psutil
import pytest
import sandboxed_work

from libs.runtime.sandbox import NICENESS, Sandbox, SandboxCrash, SandboxError, SandboxMemory, SandboxTimeout


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox[str]]:
    sandbox = Sandbox(sandboxed_work.work, workers=1, timeout_seconds=1.5, memory_bytes=1024**3)
    yield sandbox
    sandbox.close()


@pytest.mark.parametrize(
    ("what", "error"), [("sleep", SandboxTimeout), ("eat", SandboxMemory), ("die", SandboxCrash), ("raise", ValueError)]
)
async def test_what_goes_wrong_in_a_child_is_told_and_the_next_call_works(
    sandbox: Sandbox[str], what: str, error: type[Exception]
) -> None:
    assert await sandbox.run("first") == "first"
    with pytest.raises(error) as caught:
        await sandbox.run(what)
    assert isinstance(caught.value, SandboxError) is (error is not ValueError)
    assert await sandbox.run("next") == "next"


@pytest.mark.parametrize(("what", "error"), [("eat", SandboxMemory), ("die", SandboxCrash), ("raise", ValueError)])
def test_it_is_told_to_code_that_blocks_as_well(sandbox: Sandbox[str], what: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        sandbox.call(what)
    assert sandbox.call("next") == "next"


async def test_a_child_gives_way_to_its_service(sandbox: Sandbox[str]) -> None:
    assert int(await sandbox.run("niceness")) == min(os.nice(0) + NICENESS, 19)


async def test_started_children_are_there_before_the_first_task() -> None:
    sandbox: Sandbox[str] = Sandbox(sandboxed_work.work, workers=2, timeout_seconds=1.5, memory_bytes=1024**3)
    known = {child.pid for child in psutil.Process().children(recursive=True)}
    try:
        sandbox.start()
        async with asyncio.timeout(30):
            while len({child.pid for child in psutil.Process().children(recursive=True)} - known) < 2:
                await asyncio.sleep(0.05)
    finally:
        sandbox.close()
