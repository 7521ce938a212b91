"""Starts the local engines and the services of one data folder, keeps them running, and stops them in order.

One thread, no event loop: it looks, restarts what has ended, notes what runs, and sleeps. A signal only leaves a mark
that the next look sees: locks, and so `threading.Event`, are not for signal handlers, which may interrupt their holder.
`docs/adr/0010-cli-and-supervisor.md` says why it is no init system.
"""

import json
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

from services.cli.child import Backoff, Child, ServicePlan
from services.cli.failures import CommandFailed
from services.cli.state import EngineEntry, Phase, RunFolder, RunState

LOOK_SECONDS = 0.1
PROBE_SECONDS = 0.3
PROBE_TIMEOUT_SECONDS = 2.0


class Engines(Protocol):
    """The local engines, see `libs.adapters.engines.LocalEngines`."""

    which: tuple[str, ...]

    def start(self) -> object: ...
    def stop(self) -> None: ...
    def poll(self) -> list[str]: ...
    def restart(self, name: str) -> None: ...
    def log(self, name: str) -> Path: ...


class StopAsked(BaseException):
    """SIGTERM or SIGINT came while an engine was being waited for."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run.

    `provision` gets the engines' URLs and makes schema, streams and indices; `heal` is called after an engine was
    restarted, with its name. `environment` gets the URLs and gives the services' environment.
    """

    services: Sequence[ServicePlan]
    urls: Callable[[object], Mapping[str, str]]
    environment: Callable[[Mapping[str, str]], Mapping[str, str]]
    provision: Callable[[Mapping[str, str]], None]
    heal: Callable[[str, Mapping[str, str]], None]
    ready_seconds: float = 120
    grace_seconds: float = 30
    host: str = "127.0.0.1"


@dataclass(slots=True)
class _Restarts:
    backoff: Backoff = field(default_factory=Backoff)
    count: int = 0
    last_start: float = field(default_factory=time.monotonic)
    due_at: float | None = None


class Supervisor:
    """One run of a data folder; `run` returns when it was asked to stop."""

    def __init__(
        self, folder: RunFolder, state: RunState, plan: Plan, engines: Engines | None, say: Callable[[str], None]
    ) -> None:
        self._folder, self._state, self._plan, self._engines, self._say = folder, state, plan, engines, say
        self._children: list[Child] = []
        self._restarts = {name: _Restarts() for name in (engines.which if engines else ())}
        self._unhealed: set[str] = set()
        self._asked = False
        self._interruptible = False

    def run(self, *, on_ready: Callable[[RunState], None]) -> None:
        """Start everything, call `on_ready`, keep it running. Raises CommandFailed when it does not get ready."""
        with self._signals():
            try:
                self._start()
                self._wait_until_ready()
                self._note("ready")
                on_ready(self._state)
                while not self._asked_meanwhile():
                    self._look()
            except StopAsked:
                self._say("asked to stop while starting")
            finally:
                self._stop()

    def _start(self) -> None:
        self._note("starting")
        started: object = None
        if self._engines is not None:
            with self._may_be_interrupted():
                started = self._engines.start()
        urls = dict(self._plan.urls(started))
        self._state = replace(self._state, urls=urls)
        self._note("starting")
        self._say("making schema, streams and indices those of this release")
        self._plan.provision(urls)
        environment = self._plan.environment(urls)
        self._say(f"starting {', '.join(f'{plan.name}-{plan.number}' for plan in self._plan.services)}")
        for plan in self._plan.services:
            plan.log.parent.mkdir(parents=True, exist_ok=True)
            child = Child(plan, environment)
            self._children.append(child)
            child.start()
        self._note("starting")

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + self._plan.ready_seconds
        while missing := [child for child in self._children if not self._is_ready(child)]:
            if time.monotonic() > deadline:
                raise CommandFailed("\n".join(_missing(child) for child in missing))
            pause = time.monotonic() + PROBE_SECONDS
            while time.monotonic() < pause:
                if self._asked_meanwhile():
                    raise StopAsked
                self._look()

    def _is_ready(self, child: Child) -> bool:
        return child.running and is_ready(self._plan.host, child.port)

    def _look(self) -> None:
        changed = [child.look() for child in self._children]
        changed += [self._look_at_engine(name) for name in self._ended_engines()]
        if self._unhealed:
            self._heal()
        if any(changed):
            self._note(self._state.phase)

    def _ended_engines(self) -> list[str]:
        return [] if self._engines is None else self._engines.poll()

    def _look_at_engine(self, name: str) -> bool:
        assert self._engines is not None
        restarts, now = self._restarts[name], time.monotonic()
        if restarts.due_at is None:
            restarts.due_at = now + restarts.backoff.after(now - restarts.last_start)
            self._say(f"{name} has ended; its log is {self._engines.log(name)}")
            return True
        if now < restarts.due_at:
            return False
        restarts.count, restarts.last_start, restarts.due_at = restarts.count + 1, now, None
        try:
            with self._may_be_interrupted():
                self._engines.restart(name)
        except RuntimeError as error:  # EngineError: it will be tried again
            self._say(str(error))
        else:
            self._unhealed.add(name)
        return True

    def _heal(self) -> None:
        """A store that was lost with its engine is made anew; what was in it the reconciler sends again."""
        for name in sorted(self._unhealed):
            try:
                self._plan.heal(name, self._state.urls)
            except Exception as error:
                self._say(f"{name} cannot be provisioned yet: {error}")
            else:
                self._unhealed.discard(name)

    def _stop(self) -> None:
        self._note("stopping")
        self._asked = False
        for child in self._children:
            child.ask_to_stop()
        deadline = time.monotonic() + self._plan.grace_seconds
        for child in self._children:
            while child.running and time.monotonic() < deadline and not self._asked_meanwhile():
                pass  # a second request to stop ends the patience
            child.wait_until(time.monotonic() if self._asked else deadline)
        self._note("stopping")
        if self._engines is not None:
            self._engines.stop()

    def _note(self, phase: Phase) -> None:
        engines = tuple(
            EngineEntry(name, restarts.count, str(self._engines.log(name)))
            for name, restarts in self._restarts.items()
            if self._engines is not None
        )
        services = tuple(child.entry() for child in self._children)
        self._state = replace(self._state, phase=phase, engines=engines, services=services)
        self._folder.write(self._state)

    def _asked_meanwhile(self) -> bool:
        time.sleep(LOOK_SECONDS)
        return self._asked

    @contextmanager
    def _signals(self) -> Iterator[None]:
        def asked(_: int, __: FrameType | None) -> None:
            self._asked = True
            if self._interruptible:
                raise StopAsked

        before = {number: signal.signal(number, asked) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def _may_be_interrupted(self) -> Iterator[None]:
        """Engines take seconds to start, and they clean up behind any exception."""
        self._interruptible = True
        try:
            yield
        finally:
            self._interruptible = False


def is_ready(host: str, port: int) -> bool:
    """Whether the service that serves its health there says that it is ready."""
    return health(host, port) is not None


def health(host: str, port: int) -> dict[str, Any] | None:
    """What a service says of itself; None when it is not ready or does not answer."""
    try:
        with urllib.request.urlopen(f"http://{host}:{port}/health/ready", timeout=PROBE_TIMEOUT_SECONDS) as answer:
            found: dict[str, Any] = json.loads(answer.read() or b"{}")
            return found
    except (OSError, urllib.error.URLError, ValueError):  # another program may have taken the port
        return None


def _missing(child: Child) -> str:
    if child.running:
        what = "is not ready"
    elif child.last_exit is None:
        what = "was not started"
    else:
        what = f"ended with code {child.last_exit} ({child.starts} starts)"
    lines = "".join(f"\n  {line}" for line in child.last_words())
    return f"{child.label} {what}; its log is {child.plan.log}{', its last words:' if lines else ''}{lines}"
