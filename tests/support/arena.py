"""A stack whose engines can be struck: each stands behind a proxy of its own, and an oracle knows what must come out.

The broker is the arena's own and is set up as the product sets it up; PostgreSQL and OpenSearch are those of the session.
"""

import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Protocol

from support.bulk_faults import BulkFaults
from support.fixtures import Stacks
from support.loops import LoopThread
from support.oracle import Oracle
from support.proxy import Proxy
from support.stack import Stack

from libs.adapters.engines import LocalEngines


class Engines(Protocol):
    """Those of the session, by name: `postgres`, `opensearch`."""

    @property
    def opensearch(self) -> str: ...

    def kill(self, name: str) -> None: ...

    def restart(self, name: str) -> None: ...

    def pid(self, name: str) -> int: ...


class Arena:
    """`wires` are the proxies by engine; `bulk` alters what OpenSearch answers to bulk requests."""

    def __init__(
        self,
        stack: Stack,
        oracle: Oracle,
        wires: Mapping[str, Proxy],
        bulk: BulkFaults,
        broker: LocalEngines,
        engines: Engines,
    ) -> None:
        self.stack, self.oracle, self.wires, self.bulk = stack, oracle, wires, bulk
        self.broker, self.engines = broker, engines

    def load(self, count: int, *, under_way: int = 1) -> None:
        """Submit pages and return while they are being worked on: the normalizer has finished so many of them."""
        done = self.stack.progress().normalizer
        self.oracle.submit(count)
        self.stack.until_progress("normalizer", done + under_way)

    @contextmanager
    def struck(self, what: str) -> Iterator[None]:
        """The fault is made, and undone, within; work is unfinished when it comes, and news flows after it."""
        self.oracle.assert_unfinished(f"before {what}")
        yield
        self.oracle.assert_canary()

    @contextmanager
    def frozen(self, *names: str) -> Iterator[None]:
        """Services (`indexer`, `indexer-2`), or the broker, that do nothing for a while."""
        pids = [self._pid(name) for name in names]
        for pid in pids:
            os.kill(pid or 0, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid or 0, signal.SIGCONT)

    def _pid(self, name: str) -> int | None:
        if name == "nats":
            return self.broker.pid("nats")
        service, _, number = name.partition("-")
        return self.stack.service(service, int(number or 1)).pid

    def starts(self) -> dict[str, int]:
        return {f"{service.name}-{service.number}": service.starts for service in self.stack.services()}


class Arenas:
    """Opens arenas, one at a time."""

    def __init__(self, stacks: Stacks, folder: Path, postgres_database: Callable[[], str], engines: Engines) -> None:
        self._stacks, self._folder = stacks, folder
        self._postgres_database, self._engines = postgres_database, engines
        self._count = 0

    @contextmanager
    def open(
        self,
        environment: Mapping[str, str] | None = None,
        *,
        broker_folder: Path | None = None,
        postgres_url: str | None = None,
        data: Path | None = None,
        **scale: int,
    ) -> Iterator[Arena]:
        """A running stack. At the end everything that was submitted must be whole, and every sample of the ledger sound.

        A folder or URL that is given takes the place of the arena's own.
        """
        self._count += 1
        folder = self._folder / f"arena-{self._count}"
        folder.mkdir()
        with ExitStack() as opened:
            loop = opened.enter_context(LoopThread())
            broker = LocalEngines(broker_folder or folder / "broker", which={"nats"})
            opened.callback(broker.forget)
            urls = {"nats": broker.start().nats, "postgres": postgres_url or self._postgres_database()}
            bulk = BulkFaults(self._engines.opensearch)
            opened.callback(bulk.stop)
            wires = {name: Proxy(loop, url) for name, url in {**urls, "opensearch": bulk.url}.items()}
            for wire in wires.values():
                wire.start()
                opened.callback(wire.stop)
            through = {f"NEWSFOLD_{name.upper()}_URL": wire.url for name, wire in wires.items()}
            stack = self._stacks.fresh({**through, **(environment or {})}, data=data)
            opened.callback(self._stacks.close)
            stack.up(**scale)
            oracle = Oracle(stack, folder, postgres=urls["postgres"], opensearch=self._engines.opensearch)
            with oracle.sampling():
                yield Arena(stack, oracle, wires, bulk, broker, self._engines)
                oracle.assert_whole()
