"""All settings classes there are: what the reference page lists, and by which an unknown variable is told."""

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

from libs.runtime.settings import Settings

SERVICES = Path(__file__).resolve().parents[2] / "services"


def settings_classes(services: Path = SERVICES) -> tuple[type[Settings], ...]:
    """`Settings` and the class of each service, found by file name: the runtime names no service."""
    for module in sorted(m.name for m in pkgutil.iter_modules([str(services)]) if m.ispkg):
        if (services / module / "settings.py").exists():
            importlib.import_module(f"services.{module}.settings")
    ours = (kind for kind in _descendants(Settings) if kind.__module__.startswith("services."))
    return (Settings, *sorted(ours, key=lambda kind: kind.__module__))


def _descendants(kind: type[Settings]) -> Iterator[type[Settings]]:
    for below in kind.__subclasses__():
        yield below
        yield from _descendants(below)
