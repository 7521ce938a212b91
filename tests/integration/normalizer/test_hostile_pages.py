"""Hostile pages through the normalizer's child process: each ends with an answer inside its limits, the next is fine."""

from collections.abc import Iterator

import pytest

from libs.contracts.reasons import Reason
from libs.runtime.sandbox import Sandbox
from services.normalizer.reader import warm_up
from services.normalizer.settings import NormalizerSettings
from tests.integration.normalizer.hostile_pages import ANYHOW, BESIDE, LINES, MANY, Told, page, read_and_measure
from tests.unit.extraction import pages

MOST_SECONDS = 5  # of the processor, so that a busy machine does not count
MOST_BYTES = 512 * 1024**2  # resident, the child's models included
ARTICLE = "\n\n".join(pages.texts())


@pytest.fixture(scope="module")
def child() -> Iterator[Sandbox[Told]]:
    """One child with the service's own limit of memory."""
    memory = NormalizerSettings.model_fields["normalizer_memory_bytes"].default
    sandbox = Sandbox(read_and_measure, workers=1, timeout_seconds=60, memory_bytes=memory, prepare=warm_up)
    yield sandbox
    sandbox.close()


def inside_limits(child: Sandbox[Told], raw: bytes) -> Told:
    """What became of a page; the child that read it reads the next one too."""
    told = child.call(raw)
    assert told.seconds < MOST_SECONDS
    assert told.peak_bytes < MOST_BYTES
    assert child.call(page("")).bodies == (ARTICLE,)
    return told


@pytest.mark.parametrize("name", BESIDE)
def test_the_article_beside_it_is_whole(child: Sandbox[Told], name: str) -> None:
    assert inside_limits(child, BESIDE[name]()).bodies == (ARTICLE,)


@pytest.mark.parametrize("name", [*ANYHOW, *(pytest.param(name, marks=pytest.mark.slow) for name in MANY)])
def test_it_ends_with_a_reason_or_an_article(child: Sandbox[Told], name: str) -> None:
    told = inside_limits(child, (ANYHOW | MANY)[name]())
    assert told.bodies or told.rejected in set(Reason)
    for body in told.bodies:
        assert body.encode("utf-8")  # no lone surrogate
        assert "\x00" not in body
        assert "root:" not in body


@pytest.mark.parametrize("bits", LINES)
def test_no_pattern_stumbles_over_a_line_made_for_it(child: Sandbox[Told], bits: str) -> None:
    told = inside_limits(child, LINES[bits]())
    assert told.bodies or told.rejected in set(Reason)
