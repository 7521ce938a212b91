"""The page about faults: every row is there, and `make faults` runs what it names."""

import re

from support.stack import CHECKOUT

PAGE = (CHECKOUT / "docs" / "faults.md").read_text(encoding="utf-8")
ROWS = {found[1]: found[0] for found in re.finditer(r"^\| ([FH]\d+) \|.*$", PAGE, re.MULTILINE)}


def test_every_row_is_there_and_names_a_test_or_says_where_it_is() -> None:
    assert ROWS.keys() == {f"F{n}" for n in range(1, 33)} | {f"H{n}" for n in range(1, 12)}
    assert [name for name, row in ROWS.items() if "`tests/" not in row and "not here: " not in row] == []


def test_what_it_names_is_run_by_the_command_or_by_hand() -> None:
    makefile = (CHECKOUT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    folders = re.search(r"^FAULTS := (.*)$", makefile, re.MULTILINE)
    assert folders
    run = tuple(folders[1].split())
    files = set(re.findall(r"`(tests/[\w/]+\.py)::", PAGE))
    assert [file for file in sorted(files) if not file.startswith(run)] == []
    by_hand = {file for file in files if "/by_hand/" in file}
    assert {name for name, row in ROWS.items() if "by_hand" in row} == {"F10"}
    assert all(not file.rpartition("/")[2].startswith("test_") for file in by_hand)
