"""The frame of every service: broker, settings, logs, metrics, health, watchdog, orderly end.

An `app.py` builds its stage, names what it consumes, and calls `run`. Exit codes: 0 asked to stop, 3 a consumer of
ours vanished, 4 the broker closed the connection for good, 5 a consumer has other settings than this release expects,
6 the broker does not let us listen.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version

from faststream import AckPolicy, FastStream
from faststream.nats import NatsMessage, PullSub
from nats.aio.msg import Msg
from nats.js.api import ConsumerConfig
from nats.js.errors import NotFoundError
from prometheus_client import CollectorRegistry

from libs.contracts.events import Event
from libs.contracts.pipeline import LANES, Lane, StageSpec, StreamSpec
from libs.runtime.bus import Publisher, nats_failure, open_broker, own_inbox, stream_of
from libs.runtime.delivery import give_back, keep_alive
from libs.runtime.failures import Classifier, DependencyDown, classify
from libs.runtime.gathering import Gathering
from libs.runtime.health import Health, serve
from libs.runtime.lanes import LaneShares
from libs.runtime.logging import configure_logging, get_logger
from libs.runtime.metrics import Metrics
from libs.runtime.policy import FailurePolicy
from libs.runtime.settings import Settings
from libs.runtime.settle import Handler, QuarantineStore, Settler
from libs.runtime.topology import consumer_config, consumer_drift
from libs.runtime.tracing import open_tracing

log = get_logger("service")

EXIT_CONSUMER_GONE = 3
EXIT_CONSUMER_DRIFT = 5
WATCH_SECONDS = 5.0
TICK_SECONDS = 1.0


class Service:
    """One process: a stage with its consumers, or a loop that publishes."""

    def __init__(self, name: str, settings: Settings, *, classifiers: Sequence[Classifier] = ()) -> None:
        configure_logging(name, level=settings.log_level)
        self.name, self.settings = name, settings
        self.metrics = Metrics(CollectorRegistry())
        self.metrics.build.labels(name, release()).set(1)
        self.metrics.started.labels(name).set_to_current_time()
        self.health = Health(name)
        self._stopping = asyncio.Event()
        self._drained = asyncio.Event()
        nats_url = settings.nats_url.get_secret_value()
        self.broker = open_broker(nats_url, service=name, stopping=self._stopping)
        self._inbox = own_inbox(nats_url)
        self.tracing = open_tracing(name, release())
        self.publisher = Publisher(self.broker, stage=name, metrics=self.metrics, tracing=self.tracing)
        self.classifiers = (*classifiers, nats_failure)
        self._consumers: list[tuple[str, ConsumerConfig]] = []  # by stream
        self._work: set[asyncio.Task[None]] = set()
        self._starting: list[Callable[[], Awaitable[None]]] = []
        self._loops: list[Callable[[], Awaitable[None]]] = []
        self._closing: list[Callable[[], Awaitable[None]]] = []

    def consume(
        self,
        spec: StageSpec,
        handlers: Mapping[StreamSpec, tuple[type[Event], Handler]],
        *,
        quarantine: QuarantineStore,
        slots: int = 2,
        policy: FailurePolicy | None = None,
    ) -> None:
        """Subscribe to every stream and lane of `spec`. `slots` batches may be in hand at once, and one more of live."""
        shares = LaneShares(slots + 1, bulk=slots)
        for stream, (kind, handler) in handlers.items():
            settler = Settler(
                spec,
                handler,
                quarantine,
                self.publisher,
                self.metrics,
                self.health,
                self.classifiers,
                policy or FailurePolicy(),
                self._stopping,
                self.tracing,
            )
            for lane in LANES:
                self._subscribe(spec, stream, lane, kind, settler, shares)

    def _subscribe(
        self, spec: StageSpec, stream: StreamSpec, lane: Lane, kind: type[Event], settler: Settler, shares: LaneShares
    ) -> None:
        self._consumers.append((stream.name, consumer_config(spec, stream, lane)))

        async def work(messages: list[Msg]) -> None:
            try:
                await settler(kind, lane, messages)
            except Exception:
                log.exception("batch_not_settled", stage=spec.name)  # unsettled messages come back after ack_wait
            finally:
                shares.release(lane)

        async def take(messages: list[Msg]) -> None:
            # Returning before the work is done lets the next batch be pulled while this one is in hand.
            async with keep_alive(messages, every_seconds=spec.ack_wait_seconds / 3):
                await shares.acquire(lane)
            if self._stopping.is_set():
                shares.release(lane)
                await give_back(messages)
                await self._drained.wait()  # returning now would pull the next batch
                return
            task = asyncio.create_task(work(messages))
            self._work.add(task)
            task.add_done_callback(self._work.discard)

        gathering = Gathering(take)

        @self.broker.subscriber(
            f"{stream.event}.{lane}",
            stream=stream_of(stream),
            durable=spec.durable(stream, lane),
            pull_sub=PullSub(batch_size=spec.batch, timeout=spec.pull_wait_seconds),
            ack_policy=AckPolicy.MANUAL,
            inbox_prefix=self._inbox,
            decoder=_as_it_came,
            title=f"{spec.name}:{stream.event}.{lane}",
        )
        async def on_message(message: Msg) -> None:
            await gathering.put(message)

    def before_start(self, hook: Callable[[], Awaitable[None]]) -> None:
        """Run `hook` before anything is consumed."""
        self._starting.append(hook)

    def loop(self, body: Callable[[], Awaitable[None]]) -> None:
        """Run `body` beside the consumers until the service stops; it must watch `stopping`."""
        self._loops.append(body)

    def at_end(self, hook: Callable[[], Awaitable[None]]) -> None:
        """Run `hook` after the last message is settled."""
        self._closing.append(hook)

    @property
    def stopping(self) -> asyncio.Event:
        """Set once the service was asked to end."""
        return self._stopping

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT."""
        server = serve(
            self.health, self.metrics.registry, host=self.settings.metrics_host, port=self.settings.metrics_port
        )
        log.info("starting", metrics_port=server.server_address[1], settings=self.settings.model_dump(mode="json"))
        app = FastStream(self.broker, logger=None)
        tasks: list[asyncio.Task[None]] = []

        @app.on_startup
        async def starting() -> None:
            tasks.append(asyncio.create_task(self._tick()))
            await self.broker.connect()
            for hook in self._starting:
                await self._patiently(hook)
            await self._wait_for_consumers()

        @app.after_startup
        async def started() -> None:
            tasks.append(asyncio.create_task(self._watch()))
            tasks.extend(asyncio.create_task(_ending_process(body)) for body in self._loops)
            log.info("started")

        @app.on_shutdown
        async def ending() -> None:
            self._stopping.set()
            running = [*self._work, *tasks[2:]]
            if running:
                await asyncio.wait(running, timeout=self.settings.grace_seconds)
            self._drained.set()

        await app.run()
        for task in tasks:
            task.cancel()
        for hook in self._closing:
            await hook()
        await asyncio.to_thread(self.tracing.close)
        server.shutdown()
        server.server_close()
        log.info("ended")

    async def _tick(self) -> None:
        while True:
            self.health.tick()
            await asyncio.sleep(TICK_SECONDS)

    async def _patiently(self, hook: Callable[[], Awaitable[None]]) -> None:
        """Run `hook`, again and again while what it needs is down."""
        while True:
            try:
                return await hook()
            except Exception as error:
                failure = classify(error, self.classifiers)
                if not isinstance(failure, DependencyDown):
                    raise
                log.warning("dependency_down", dependency=failure.dependency, detail=failure.detail)
                await asyncio.sleep(TICK_SECONDS)

    async def _wait_for_consumers(self) -> None:
        """Nothing is consumed before `provision` has made our consumers; a service must not make its own."""
        js = self.broker.config.connection_state.stream
        told = False
        for stream, wanted in self._consumers:
            while True:
                try:
                    info = await js.consumer_info(stream, wanted.durable_name)
                    break
                except Exception as error:
                    if not told:
                        log.warning("waiting_for_consumer", consumer=wanted.durable_name, error=repr(error))
                        told = True
                    await asyncio.sleep(0.5)
            if drift := consumer_drift(wanted, info.config):
                log.error("consumer_drift", drift=drift, do="run `newsfold provision` of this release")
                os._exit(EXIT_CONSUMER_DRIFT)
        self.health.consumers_exist = True

    async def _watch(self) -> None:
        """End the process when a consumer of ours is gone: its subscription would wait in silence for ever."""
        js = self.broker.config.connection_state.stream
        watched = [(stream, str(wanted.durable_name)) for stream, wanted in self._consumers]
        while True:
            for stream, durable in watched:
                try:
                    info = await js.consumer_info(stream, durable, timeout=5)
                except NotFoundError:
                    log.error("consumer_gone", stream=stream, consumer=durable)
                    os._exit(EXIT_CONSUMER_GONE)
                except Exception as error:
                    self.health.waiting_for.add("nats")
                    log.warning("consumer_unknown", consumer=durable, error=repr(error))
                else:
                    self.health.waiting_for.discard("nats")
                    self.metrics.consumer_pending.labels(durable).set(info.num_pending or 0)
                    self.metrics.consumer_unacked.labels(durable).set(info.num_ack_pending or 0)
            self.metrics.progress.labels(self.name).set_to_current_time()
            await asyncio.sleep(WATCH_SECONDS)


async def _as_it_came(message: NatsMessage) -> Msg:
    """Each message is decoded by the settler: FastStream's decoder would refuse a whole batch for one bad message."""
    return message.raw_message


def release() -> str:
    """This release, as metrics and backups name it."""
    try:
        return version("newsfold")
    except PackageNotFoundError:
        return "unknown"  # run from a checkout that is not installed


async def _ending_process(body: Callable[[], Awaitable[None]]) -> None:
    """A loop that fails ends the process: the supervisor starts it anew, and silence is worse."""
    try:
        await body()
    except asyncio.CancelledError:
        raise
    except BaseException:
        log.exception("loop_failed")
        os._exit(1)
