"""Leaves nothing running behind a module of faults."""

from collections.abc import Callable, Iterator

import pytest
from support.arena import Arena, Arenas, Engines
from support.fixtures import Stacks


@pytest.fixture(autouse=True, scope="module")
def _closed(request: pytest.FixtureRequest) -> Iterator[None]:
    """Asks for `stacks` only where some test of the module does: engines are not started for nothing."""
    mine = [item for item in request.session.items if item.path == request.path]
    used = any("stacks" in getattr(item, "fixturenames", ()) for item in mine)
    stacks: Stacks | None = request.getfixturevalue("stacks") if used else None
    yield
    if stacks is not None:
        stacks.close()


@pytest.fixture(scope="session")
def arenas(
    stacks: Stacks,
    postgres_database: Callable[[], str],
    engines: Engines,
    tmp_path_factory: pytest.TempPathFactory,
) -> Arenas:
    return Arenas(stacks, tmp_path_factory.mktemp("arenas"), postgres_database, engines)


@pytest.fixture(scope="module")
def arena(arenas: Arenas) -> Iterator[Arena]:
    """One for all faults of a module: new pages come in before each, and when it is closed everything must be whole."""
    with arenas.open() as opened:
        yield opened
