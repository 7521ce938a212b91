"""Every JSON example of the reference has the shape that the command prints now."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.integration.cli.conftest import Newsfold

REFERENCE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "cli.md"
EXAMPLES = re.findall(r'```json command="([^\n]*)"\n(.*?)\n```', REFERENCE.read_text(encoding="utf-8"), re.DOTALL)

pytestmark = pytest.mark.engines


def merged(values: list[Any]) -> Any:
    """The shape of all of them: a list's elements have one shape, null says nothing."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    if all(isinstance(value, dict) for value in known):
        keys = sorted({key for value in known for key in value})
        return {key: merged([value.get(key) for value in known]) for key in keys}
    if all(isinstance(value, list) for value in known):
        return [merged([item for value in known for item in value])]
    return {bool: "bool", int: "number", float: "number", str: "text"}[type(known[0])]


def differences(documented: Any, printed: Any, place: str = "") -> list[str]:
    if documented is None or printed is None:
        return []
    if isinstance(documented, dict) and isinstance(printed, dict):
        strange = [f"{place}.{key} in one only" for key in documented.keys() ^ printed.keys()]
        common = documented.keys() & printed.keys()
        return strange + [d for key in common for d in differences(documented[key], printed[key], f"{place}.{key}")]
    if isinstance(documented, list) and isinstance(printed, list):
        return differences(documented[0], printed[0], f"{place}[]")
    return [] if documented == printed else [f"{place}: {documented} documented, {printed} printed"]


def test_there_is_an_example_for_each_command_that_reports() -> None:
    commands = {" ".join(word for word in line.split() if not word.startswith(("-", "{"))) for line, _ in EXAMPLES}

    for wanted in ("articles", "status", "verify", "story list", "quarantine show", "trace", "why", "wait", "doctor"):
        assert any(command.startswith(wanted) for command in commands), wanted


@pytest.mark.parametrize(("command", "example"), EXAMPLES, ids=[command for command, _ in EXAMPLES])
def test_the_example_has_the_shape_of_what_is_printed(
    newsfold: Newsfold, tmp_path: Path, command: str, example: str
) -> None:
    command = command.replace("{secrets}", shlex.quote(str(tmp_path)))
    if "{story}" in command:
        command = command.replace("{story}", newsfold.lines("story", "list", "--least", "2")[0]["story_id"])
    if "{entry}" in command:
        command = command.replace("{entry}", newsfold.lines("quarantine", "list", "--all")[0]["quarantine_id"])
    if "{correction}" in command:
        command = command.replace("{correction}", str(newsfold.lines("story", "corrections")[-1]["correction_id"]))
    done = newsfold(*shlex.split(command))
    assert done.returncode in (0, 1), done.stderr

    printed = merged([json.loads(line) for line in done.stdout.splitlines()])

    assert differences(merged([json.loads(example)]), printed) == []
