"""What `LocalEngines` needs to know of an engine, and where an engine finds its things."""

from dataclasses import dataclass
from typing import Protocol

from libs.adapters.engines.accounts import Account
from libs.adapters.engines.folder import DataFolder
from libs.adapters.engines.process import Launch
from libs.adapters.engines.programs import Programs


@dataclass(frozen=True, slots=True)
class Place:
    """Where an engine runs: its data folder, the account it runs as, where its program files are."""

    data: DataFolder
    account: Account | None
    programs: Programs


class Engine(Protocol):
    """One kind of engine. An instance belongs to one data folder."""

    name: str
    """As in URLs, folders and settings: `nats`."""
    title: str
    """As people call it: `NATS`."""
    start_seconds: float
    """How long a start may take on a slow machine."""

    def prepare(self, port: int) -> Launch:
        """Make configuration and state for listening on `port` of loopback. Raises EngineError."""

    def url(self, port: int) -> str:
        """Where clients connect."""

    def probe(self, url: str) -> None:
        """Use the engine once, for real. Raises any exception while it is not ready."""

    def port_taken(self, output: str) -> bool:
        """Whether this output of an engine that ended says that its port is taken."""

    def wipe(self) -> None:
        """Remove what the stopped engine stored."""
