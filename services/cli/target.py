"""Which engines a command talks to: those that the environment names, else those that run from the data folder."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from services.cli.failures import CommandFailed, answering
from services.cli.naming import absolute
from services.cli.state import RunFolder, RunState

if TYPE_CHECKING:
    from nats.aio.client import Client as NatsClient
    from opensearchpy import AsyncOpenSearch
    from sqlalchemy.ext.asyncio import AsyncEngine

    from libs.adapters.blobs import FolderBlobs

ENGINE_SETTINGS = ("nats_url", "postgres_url", "opensearch_url")


def from_environment() -> dict[str, str]:
    """The engine URLs and the blob store's that are set, by setting's name; `*_FILE` forms are read."""
    names = (*ENGINE_SETTINGS, "blobs_url")
    variables = [f"NEWSFOLD_{name.upper()}{suffix}" for name in names for suffix in ("", "_FILE")]
    if not any(variable in os.environ for variable in variables):
        return {}
    from libs.runtime.settings import Settings

    settings = Settings()
    found = {name: getattr(settings, name) for name in names if name in settings.model_fields_set}
    return {name: value if isinstance(value, str) else value.get_secret_value() for name, value in found.items()}


def blobs_in(data: Path) -> str:
    """The blob store of a data folder."""
    return f"file:{quote(str(absolute(data) / 'blobs'))}"


class Target:
    """The engines of one command."""

    def __init__(self, data: Path, environment: Mapping[str, str] | None = None) -> None:
        self.data = data
        self._given = from_environment() if environment is None else environment

    @property
    def nats(self) -> str:
        return self._url("nats_url")

    @property
    def postgres(self) -> str:
        return self._url("postgres_url")

    @property
    def opensearch(self) -> str:
        return self._url("opensearch_url")

    @property
    def blobs(self) -> str:
        return self._given.get("blobs_url") or blobs_in(self.data)

    def running(self) -> RunState | None:
        """What runs from the data folder."""
        return RunFolder(self.data).read()

    def _url(self, name: str) -> str:
        if name in self._given:
            return self._given[name]
        state = self.running()
        if state is None:
            raise CommandFailed(
                f"nothing is running in {self.data}: start it with `newsfold up --detach --data {self.data}`"
            )
        if name not in state.urls:
            raise CommandFailed(f"{name.removesuffix('_url')} has not started yet in {self.data}: try again soon")
        return state.urls[name]

    @asynccontextmanager
    async def open_postgres(self) -> "AsyncIterator[AsyncEngine]":
        """A small pool of connections for the time of a command."""
        from libs.adapters.postgres.engine import open_postgres

        engine = open_postgres(self.postgres, application="newsfold-cli", pool_size=3)
        try:
            with answering("postgres", self.postgres):
                yield engine
        finally:
            await engine.dispose()

    @asynccontextmanager
    async def open_opensearch(self) -> "AsyncIterator[AsyncOpenSearch]":
        from libs.adapters.opensearch.client import open_client

        client = open_client(self.opensearch)
        try:
            with answering("opensearch", self.opensearch):
                yield client
        finally:
            await client.close()

    @asynccontextmanager
    async def open_nats(self) -> "AsyncIterator[NatsClient]":
        """A connection that is tried once; why it failed is in what is raised, not printed on the way."""
        from libs.adapters.nats.connection import open_nats

        with answering("nats", self.nats):
            async with open_nats(self.nats) as client:
                yield client

    def open_blobs(self) -> "FolderBlobs":
        from libs.adapters.blobs import open_blobs

        return open_blobs(self.blobs)
