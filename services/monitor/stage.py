"""The use case: look at one engine after the other and show what was found.

In: readings of the bus, the database, the work under way, the account and the index. Out: metrics. While an engine does
not answer, `engine_up` is 0 and what was read of it before is gone, so that no rule judges by old values.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from prometheus_client.metrics import MetricWrapperBase

from libs.adapters.nats.readings import BusReading
from libs.adapters.opensearch.readings import IndexReading
from libs.adapters.postgres.readings import AccountReading, DatabaseReading, WorkReading
from libs.runtime.failures import Classifier, classify
from libs.runtime.logging import get_logger
from libs.runtime.metrics import Metrics
from services.monitor import showing

ANSWER_SECONDS: Final = 10.0  # an engine that takes longer for its own statistics is not well
ACCOUNT_SECONDS: Final = 120.0

log = get_logger("monitor")


class Engines(Protocol):
    """Where readings come from; each raises the error of its client."""

    async def bus(self) -> BusReading: ...

    async def database(self) -> DatabaseReading: ...

    async def work(self) -> WorkReading: ...

    async def account(self) -> AccountReading: ...

    async def index(self) -> IndexReading: ...


@dataclass(frozen=True, slots=True)
class _Look:
    """One reading: from which engine, how, where it is shown, which metrics hold it."""

    engine: str
    read: Callable[[], Awaitable[Any]]
    show: Callable[[Metrics, Any], None]
    shown: Callable[[Metrics], Sequence[MetricWrapperBase]]
    seconds: float = ANSWER_SECONDS


@dataclass(frozen=True, slots=True)
class Look:
    """Looks at all engines at once; one that fails hides no other."""

    engines: Engines
    metrics: Metrics
    classifiers: Sequence[Classifier] = ()

    async def __call__(self) -> None:
        """What is cheap to know."""
        await asyncio.gather(
            self._take([_Look("nats", self.engines.bus, showing.bus, showing.bus_metrics)]),
            self._take([_Look("opensearch", self.engines.index, showing.index, showing.index_metrics)]),
            self._take(
                [
                    _Look("postgres", self.engines.database, showing.database, showing.database_metrics),
                    _Look("postgres", self.engines.work, showing.work, showing.work_metrics),
                ]
            ),
        )

    async def account(self) -> AccountReading | None:
        """What takes a walk through whole tables; None when it could not be read."""
        look = _Look("postgres", self.engines.account, showing.account, showing.account_metrics, ACCOUNT_SECONDS)
        found: AccountReading | None = await self._read(look)
        return found

    async def _take(self, looks: Sequence[_Look]) -> None:
        readings = [await self._read(look) for look in looks]
        self.metrics.engine_up.labels(looks[0].engine).set(all(reading is not None for reading in readings))

    async def _read(self, look: _Look) -> Any:
        try:
            reading = await asyncio.wait_for(look.read(), timeout=look.seconds)
        except Exception as error:
            showing.forget(look.shown(self.metrics))
            failure = classify(error, self.classifiers)
            if failure is None and not isinstance(error, TimeoutError):
                log.exception("not_read", engine=look.engine)
            else:
                log.warning("engine_does_not_answer", engine=look.engine, detail=str(failure or "too slow"))
            return None
        look.show(self.metrics, reading)
        return reading
