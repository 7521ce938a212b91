"""Settings: frozen, secret where they should be, refused where they would do nothing."""

from pathlib import Path

import pytest
from pydantic import Field, ValidationError

from libs.runtime.settings import Settings, SettingsError, refuse_unknown


class Probe(Settings):
    probe_workers: int = Field(2, ge=1, description="Workers of the probe.")


def test_a_variable_sets_its_field(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSFOLD_PROBE_WORKERS", "7")
    assert Probe().probe_workers == 7


def test_a_secret_is_read_from_a_file_and_never_printed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://newsfold:hush@db/newsfold\n")
    monkeypatch.setenv("NEWSFOLD_POSTGRES_URL_FILE", str(tmp_path / "url"))
    settings = Probe()
    assert settings.postgres_url.get_secret_value() == "postgresql://newsfold:hush@db/newsfold"
    assert "hush" not in repr(settings) + str(settings.model_dump(mode="json"))


def test_both_forms_of_a_setting_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "url").write_text("x")
    monkeypatch.setenv("NEWSFOLD_NATS_URL", "nats://here:4222")
    monkeypatch.setenv("NEWSFOLD_NATS_URL_FILE", str(tmp_path / "url"))
    with pytest.raises(SettingsError, match="keep one"):
        Probe()


def test_a_file_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NEWSFOLD_NATS_URL_FILE", str(tmp_path / "absent"))
    with pytest.raises(SettingsError, match="NEWSFOLD_NATS_URL_FILE: cannot read"):
        Probe()


def test_a_value_out_of_range_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSFOLD_PROBE_WORKERS", "0")
    with pytest.raises(ValidationError, match="probe_workers"):
        Probe()


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError):
        Probe().probe_workers = 3  # type: ignore[misc]


def test_a_variable_that_would_do_nothing_is_an_error() -> None:
    with pytest.raises(SettingsError, match="NEWSFOLD_PROBE_WORKRES is no setting"):
        refuse_unknown((Probe,), {"NEWSFOLD_PROBE_WORKRES": "7"})
    refuse_unknown((Probe,), {"NEWSFOLD_PROBE_WORKERS": "7", "NEWSFOLD_NATS_URL_FILE": "x", "PATH": "/bin"})
