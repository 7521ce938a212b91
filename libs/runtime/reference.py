"""The reference pages of settings, metrics and messages, made from the classes themselves.

`python -m libs.runtime.reference` writes docs/reference/; a test fails when the pages differ from the code.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.metrics import MetricWrapperBase
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from libs.contracts import asyncapi
from libs.runtime.metrics import Metrics
from libs.runtime.service_settings import settings_classes
from libs.runtime.settings import PREFIX, Settings

CHECKOUT = Path(__file__).resolve().parents[2]
FOLDER = CHECKOUT / "docs" / "reference"
COMMAND = "python -m libs.runtime.reference"


def settings_page(classes: Iterable[type[Settings]]) -> str:
    """One table for all services, then one for each."""
    lines = [
        "# Settings",
        "",
        f"Made by `{COMMAND}`; do not edit.",
        "",
        "Every setting is an environment variable; the same name with `_FILE` names a file that holds the value. Unknown",
        "`NEWSFOLD_*` variables are errors. Secrets are masked in logs.",
    ]
    for kind in classes:
        if not (rows := list(_setting_rows(kind))):
            continue  # the service has no settings of its own
        title = "All services" if kind is Settings else kind.__module__.split(".")[1].capitalize()
        lines += ["", f"## {title}", "", *_table(("variable", "default", "meaning"), rows)]
    return "\n".join(lines) + "\n"


def _setting_rows(kind: type[Settings]) -> Iterator[tuple[str, str, str]]:
    for name, field in kind.model_fields.items():
        if kind is Settings or name not in Settings.model_fields:
            yield f"`{PREFIX}{name.upper()}`", f"`{_default(field)}`", field.description or ""


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, tuple | list | set | frozenset):
        value = ",".join(str(item) for item in value)
    return "" if value is None else str(value)


def metrics_page() -> str:
    """All metrics in the order of the catalogue."""
    found = [m for m in vars(Metrics(CollectorRegistry())).values() if isinstance(m, MetricWrapperBase)]
    return "\n".join(
        [
            "# Metrics",
            "",
            f"Made by `{COMMAND}`; do not edit.",
            "",
            "Every service serves its metrics at `/metrics`. Each name, its labels and its meaning stand in",
            "`libs/runtime/metrics.py`; the values of `reason` are those of `libs/contracts/reasons.py`.",
            "",
            *_table(("metric", "type", "labels", "meaning"), (_metric_row(metric) for metric in found)),
            "",
        ]
    )


def _metric_row(metric: MetricWrapperBase) -> tuple[str, ...]:
    [family] = list(metric.describe())
    suffix = "_total" if family.type == "counter" else ""
    labels = ", ".join(f"`{label}`" for label in metric._labelnames)
    return f"`{family.name}{suffix}`", family.type, labels, family.documentation


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    head = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return head + ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]


def pages() -> dict[str, str]:
    """File name -> text."""
    return {
        "settings.md": settings_page(settings_classes()),
        "metrics.md": metrics_page(),
        "asyncapi.json": asyncapi.text(),
    }


def main() -> None:
    """Write the pages."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
        print(f"wrote {FOLDER / name}")


if __name__ == "__main__":
    main()
