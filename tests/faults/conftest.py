"""Leaves nothing running behind a module of faults."""

from collections.abc import Callable, Iterator

import pytest
from support.arena import Arenas, Engines
from support.fixtures import Stacks


@pytest.fixture(autouse=True, scope="module")
def _closed(stacks: Stacks) -> Iterator[None]:
    yield
    stacks.close()


@pytest.fixture(scope="session")
def arenas(
    stacks: Stacks,
    postgres_database: Callable[[], str],
    engines: Engines,
    tmp_path_factory: pytest.TempPathFactory,
) -> Arenas:
    return Arenas(stacks, tmp_path_factory.mktemp("arenas"), postgres_database, engines)
