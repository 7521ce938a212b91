"""Starts, watches and stops the local engines of one data folder.

Ready means used: an index made and deleted, a stream written and read, a transaction committed. All calls block;
none needs an event loop, and none minds one.
"""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from libs.adapters.engines.accounts import engine_account
from libs.adapters.engines.engine import Engine, Place
from libs.adapters.engines.errors import EngineError
from libs.adapters.engines.folder import DataFolder
from libs.adapters.engines.nats import NatsEngine
from libs.adapters.engines.opensearch import OpenSearchEngine
from libs.adapters.engines.ports import free_port, is_free
from libs.adapters.engines.postgres import PostgresEngine
from libs.adapters.engines.process import GuardedProcess
from libs.adapters.engines.programs import Programs

ENGINES = ("nats", "postgres", "opensearch")
PORT_TRIES = 5  # another program may take a port between our look and the engine's
PROBE_PAUSE_SECONDS = 0.1
TAIL_LINES = 8


@dataclass(frozen=True, slots=True)
class EngineUrls:
    """Where clients connect; empty for an engine that was not asked for. The PostgreSQL URL holds a password."""

    nats: str = ""
    postgres: str = ""
    opensearch: str = ""


class LocalEngines:
    """The engines of one data folder, as child processes that end with this one, however it ends."""

    def __init__(
        self,
        data_dir: Path,
        *,
        which: Collection[str] = ENGINES,
        nats_port: int | None = None,
        postgres_port: int | None = None,
        opensearch_port: int | None = None,
        opensearch_heap: str = "512m",
        fsync: bool = True,
        report: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`which` engines; a port that is None is a free one, the same as last time where possible.

        `fsync=False` lets PostgreSQL lose data when the machine crashes (tests). `report` is told of what takes long.
        """
        if unknown := set(which) - set(ENGINES):
            raise ValueError(f"no such engine: {', '.join(sorted(unknown))}; there are {', '.join(ENGINES)}")
        self.which = tuple(name for name in ENGINES if name in which)
        self.data = DataFolder(Path(data_dir))
        self._fixed_ports = {"nats": nats_port, "postgres": postgres_port, "opensearch": opensearch_port}
        self._heap, self._fsync, self._report = opensearch_heap, fsync, report
        self._ports: dict[str, int] = {}
        self._engines: dict[str, Engine] = {}
        self._running: dict[str, GuardedProcess] = {}
        self._lock: int | None = None
        self._place: Place | None = None

    def start(self) -> EngineUrls:
        """Start all and wait until each is ready. Raises EngineError, and then none is left running."""
        if self._lock is not None:
            raise EngineError("these engines have been started already")
        self._lock = self.data.lock()
        try:
            self._make_engines()
            self._ports = self._remembered_ports()
            for name in reversed(self.which):  # the slowest first
                self._spawn(name)
            for name in self.which:
                self._until_ready(name)
            self._remember()
        except BaseException:
            self.stop()
            raise
        return self.urls

    def stop(self) -> None:
        """Stop all gracefully, by force after their time; give the data folder free. Harmless when nothing runs."""
        for process in self._running.values():
            process.ask_to_stop()
        for process in self._running.values():
            process.wait()
        self._running.clear()
        if self._lock is not None:
            self.data.remember(ports=self._ports, urls={})
            self.data.unlock()
            self._lock = None

    def poll(self) -> list[str]:
        """Names of engines that were started and have ended by themselves; `restart` brings one back."""
        return [name for name, process in self._running.items() if process.exit_code is not None]

    def restart(self, name: str) -> None:
        """Stop it if it runs, and start it on the same port. Returns when it is ready; raises EngineError."""
        self._end(name)
        self._spawn(name)
        self._until_ready(name)
        self._remember()

    def kill(self, name: str) -> None:
        """End it by SIGKILL, as a crash would. `poll` then names it."""
        self._process(name).kill()

    def wipe(self, name: str) -> None:
        """Throw away what it stored, and start it empty on the same port."""
        self._end(name)
        self._engines[name].wipe()
        self.restart(name)

    def wipe_nats_store(self) -> None:
        """All streams and consumers are gone, as when a broker's disk is lost."""
        self.wipe("nats")

    def forget(self) -> None:
        """Stop, and remove the data folder with all its state."""
        self.stop()
        self.data.forget()

    def pid(self, name: str) -> int:
        """The process id of an engine."""
        return self._process(name).pid

    def log(self, name: str) -> Path:
        """The log file of an engine."""
        return self.data.logs / f"{name}.log"

    @property
    def urls(self) -> EngineUrls:
        """Where the started engines listen."""
        return EngineUrls(**self._urls())

    @property
    def nats_monitor_url(self) -> str | None:
        """NATS's monitoring over HTTP, for metrics."""
        engine = self._engines.get("nats")
        return engine.monitor_url() if isinstance(engine, NatsEngine) else None

    def __enter__(self) -> EngineUrls:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.data.path)!r}, which={self.which})"

    # -- parts -----------------------------------------------------------------------------------------------------

    def _make_engines(self) -> None:
        account = engine_account()
        self._place = place = Place(self.data, account, Programs(account, report=self._report))
        self._engines = {
            "nats": NatsEngine(place),
            "postgres": PostgresEngine(place, fsync=self._fsync),
            "opensearch": OpenSearchEngine(place, heap=self._heap),
        }

    def _remembered_ports(self) -> dict[str, int]:
        last = self.data.remembered().get("ports", {})
        return {name: port for name, port in last.items() if name in ENGINES and is_free(port)}

    def _remember(self) -> None:
        self.data.remember(ports=self._ports, urls=self._urls())

    def _urls(self) -> dict[str, str]:
        return {name: self._engines[name].url(self._ports[name]) for name in self.which if name in self._running}

    def _process(self, name: str) -> GuardedProcess:
        try:
            return self._running[name]
        except KeyError:
            raise EngineError(f"{name} is not running from {self.data.path}") from None

    def _end(self, name: str) -> None:
        process = self._running.pop(name, None)
        if process is not None:
            process.ask_to_stop()
            process.wait()

    def _spawn(self, name: str) -> None:
        if self._place is None or self._lock is None:
            raise EngineError("these engines have not been started")
        engine = self._engines[name]
        port = self._port(name)
        launch = engine.prepare(port)
        self._report(f"starting {engine.title}")
        self._running[name] = GuardedProcess(launch, log=self.log(name), account=self._place.account, lock=self._lock)

    def _port(self, name: str) -> int:
        fixed = self._fixed_ports[name]
        if fixed is not None:
            if not is_free(fixed):
                raise self._port_taken(name, fixed)
            self._ports[name] = fixed
        elif name not in self._ports:
            self._ports[name] = free_port()
        return self._ports[name]

    def _port_taken(self, name: str, port: int) -> EngineError:
        setting = f"NEWSFOLD_{name.upper()}_PORT"
        return EngineError(
            f"port {port} for {self._engines[name].title} is taken by another program: "
            f"stop that one, or set {setting} to another port (without {setting} a free one is taken)"
        )

    def _until_ready(self, name: str) -> None:
        engine = self._engines[name]
        deadline = time.monotonic() + engine.start_seconds
        tries = 1
        while True:
            code = self._process(name).exit_code
            if code is None:
                problem = self._probe(engine)
                if problem is None:
                    return
                if time.monotonic() > deadline:
                    raise self._failed(name, f"was not ready after {engine.start_seconds:.0f} s ({problem})")
                time.sleep(PROBE_PAUSE_SECONDS)
            elif not engine.port_taken(self._process(name).output()):
                raise self._failed(name, f"ended with code {code} while it started")
            elif self._fixed_ports[name] is not None or tries == PORT_TRIES:
                raise self._port_taken(name, self._ports[name])
            else:
                tries += 1
                del self._ports[name]
                self._spawn(name)

    def _probe(self, engine: Engine) -> Exception | None:
        """Why it is not ready, or None. Any error counts: each client library has its own."""
        try:
            engine.probe(engine.url(self._ports[engine.name]))
        except EngineError:
            raise
        except Exception as error:
            return error
        return None

    def _failed(self, name: str, what: str) -> EngineError:
        lines = self._process(name).output().strip().splitlines()[-TAIL_LINES:]
        last = "\n  ".join(["its last words:", *lines]) if lines else "it said nothing"
        return EngineError(f"{self._engines[name].title} {what}; its log is {self.log(name)}; {last}")


def find_running(data_dir: Path) -> EngineUrls | None:
    """The URLs of the engines that some process runs from this folder; None when none does."""
    data = DataFolder(Path(data_dir))
    urls = data.remembered().get("urls")
    return EngineUrls(**urls) if urls and data.owner() else None


def forget(data_dir: Path) -> None:
    """Remove a data folder with the engines' state, wherever that lies. Raises EngineError while it is in use."""
    DataFolder(Path(data_dir)).forget()
