"""What commands print: JSON for programs, tables for people on stdout, and progress on stderr."""

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def print_json(value: Any) -> None:
    """One object, on one line."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=_plain) + "\n")


def print_lines(values: Iterable[Any]) -> None:
    """One object a line."""
    for value in values:
        print_json(value)


def say(text: str) -> None:
    """A line for whoever watches; never part of the result."""
    print(text, file=sys.stderr, flush=True)


def print_text(text: str = "") -> None:
    """A line of the result, for people."""
    sys.stdout.write(harmless(text) + "\n")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table that fits the terminal; whole lines when the output goes to a file."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if value is None else harmless(str(value))) for value in row))
    Console(width=None if sys.stdout.isatty() else 10_000, highlight=False).print(table, crop=False)


def print_fields(fields: Mapping[str, object]) -> None:
    """Names with their values beneath each other; unknown values are left out."""
    known = {name: value for name, value in fields.items() if value not in (None, "", [], ())}
    width = max((len(name) for name in known), default=0)
    for name, value in known.items():
        listed = isinstance(value, list | tuple)
        shown = ", ".join(map(str, value)) if listed else value  # type: ignore[call-overload]
        print_text(f"{name:<{width}}  {shown}")


def harmless(text: str) -> str:
    """Words of strangers without what a terminal would obey: control characters but line feed and tab are shown as `�`."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def shortened(text: str | None, width: int) -> str:
    """At most `width` characters on one line."""
    line = " ".join((text or "").split())
    return line if len(line) <= width else f"{line[: width - 1]}…"


class Progress:
    """A line on a terminal that is written over; elsewhere nothing, or with `steps` each step on a line of its own."""

    def __init__(self, *, steps: bool = False) -> None:
        self._on, self._steps, self._width, self._last = sys.stderr.isatty(), steps, 0, ""

    def show(self, text: str) -> None:
        if self._on:
            text = shortened(text, 110)
            sys.stderr.write(f"\r{text:<{self._width}}")
            sys.stderr.flush()
            self._width = len(text)
        elif self._steps and text not in ("", self._last):
            say(text)
        self._last = text or self._last

    def clear(self) -> None:
        self.show("")
        if self._on:
            sys.stderr.write("\r")


def _plain(value: Any) -> Any:
    """Times as ISO 8601, everything else that JSON lacks as text."""
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, set | frozenset):
        return sorted(value)
    return str(value)
