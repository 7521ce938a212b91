"""What long work shows: a line that is written over on a terminal, a line a step elsewhere."""

import pytest

from services.cli.output import Progress


def test_elsewhere_than_on_a_terminal_each_step_is_a_line_once(capsys: pytest.CaptureFixture[str]) -> None:
    line = Progress(steps=True)
    for text in ("starting PostgreSQL", "starting PostgreSQL", "starting OpenSearch"):
        line.show(text)
    line.clear()

    assert capsys.readouterr().err == "starting PostgreSQL\nstarting OpenSearch\n"


def test_counts_that_only_rise_are_for_terminals(capsys: pytest.CaptureFixture[str]) -> None:
    line = Progress()
    line.show("1,000 articles")
    line.clear()

    assert capsys.readouterr().err == ""
