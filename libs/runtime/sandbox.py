"""Runs one function in child processes that can be stopped: untrusted bytes are read there and nowhere else.

A child that exceeds its time or memory, or dies, is replaced; the caller gets a reason and the service lives on.
"""

import asyncio
import gc
import os
import resource
from collections.abc import Callable, Iterator
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any, Generic, TypeVar

from pebble import ProcessExpired, ProcessPool

R = TypeVar("R")
NICENESS = 10  # the heaviest work gives way to all that waits behind it and to whoever looks
COLLECT_AFTER = (50_000, 20, 100)  # Python's own numbers run ten collections a page, 3 % of a page's time, for nothing
RENEW_AFTER_TASKS = 2000  # a fresh child now and then, so that no parser's leak can grow for long


class SandboxError(RuntimeError):
    """The child did not return a result."""


class SandboxTimeout(SandboxError):
    """It took longer than allowed and was killed."""


class SandboxMemory(SandboxError):
    """It asked for more memory than allowed."""


class SandboxCrash(SandboxError):
    """It ended without an answer."""


def _limit(memory_bytes: int, prepare: Callable[[], None] | None) -> None:
    # prepare first: what it loads once (models, tables) is the child's base, the limit is for the work on top of it
    if prepare is not None:
        prepare()
    gc.collect()
    gc.freeze()  # what stays for the child's whole life is not looked through again and again
    gc.set_threshold(*COLLECT_AFTER)
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _nothing() -> None:
    """A first task, which lets the children be begun and prepared."""


class Sandbox(Generic[R]):
    """`workers` children that run `function`, a module-level function of picklable arguments and result."""

    def __init__(
        self,
        function: Callable[..., R],
        *,
        workers: int,
        timeout_seconds: float,
        memory_bytes: int,
        prepare: Callable[[], None] | None = None,
    ) -> None:
        self._function = function
        self._timeout_seconds = timeout_seconds
        self._pool = ProcessPool(
            max_workers=workers,
            max_tasks=RENEW_AFTER_TASKS,
            initializer=_limit,
            initargs=(memory_bytes, prepare),
            context=get_context("forkserver"),
        )

    def start(self) -> None:
        """Begin the children now, in the background, rather than with the first task."""
        self._pool.schedule(_nothing)

    async def run(self, *args: Any) -> R:
        """The function's result. Its own exceptions come through; else SandboxTimeout, SandboxMemory or SandboxCrash."""
        future = self._pool.schedule(self._function, args=args, timeout=self._timeout_seconds)
        with self._explained():
            result: R = await asyncio.wrap_future(future)
        return result

    def call(self, *args: Any) -> R:
        """The same for code that may block."""
        future = self._pool.schedule(self._function, args=args, timeout=self._timeout_seconds)
        with self._explained():
            result: R = future.result()
        return result

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (FutureTimeout, TimeoutError) as error:
            raise SandboxTimeout(f"longer than {self._timeout_seconds:g} s") from error
        except MemoryError as error:
            raise SandboxMemory("more memory than allowed") from error
        except ProcessExpired as error:
            raise SandboxCrash(f"the child ended with {error.exitcode}") from error

    def close(self) -> None:
        """End all children, finished or not."""
        self._pool.stop()
        self._pool.join()
