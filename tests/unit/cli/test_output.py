"""Words of strangers reach a terminal as text."""

import pytest

from services.cli.output import print_table, print_text

TITLE = "News\x1b]0;owned\x07 \x1b[2J\x9b31m\r\u2026\tend"
SHOWN = "News\ufffd]0;owned\ufffd \ufffd[2J\ufffd31m\ufffd\u2026"


def test_a_terminal_obeys_nothing_that_a_page_says(capsys: pytest.CaptureFixture[str]) -> None:
    print_text(TITLE)
    print_table(("title",), [(TITLE,)])
    said = capsys.readouterr().out
    assert said.count(SHOWN) == 2
    assert "\x1b" not in said
