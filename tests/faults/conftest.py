"""Leaves nothing running behind a module of faults."""

from collections.abc import Iterator

import pytest
from support.fixtures import Stacks


@pytest.fixture(autouse=True, scope="module")
def _closed(stacks: Stacks) -> Iterator[None]:
    yield
    stacks.close()
