"""Logs go to stderr, or nowhere: they never end the work that they tell of."""

import subprocess
import sys

FULL = "/dev/full"  # every write to it finds no room
TELLS = """
import logging
from libs.runtime.logging import configure_logging, get_logger
configure_logging("probe")
for _ in range(100):
    get_logger("probe").info("told", words="x" * 1000)
    logging.getLogger("library").warning("told as well")
print("went on")
"""


def test_a_log_on_a_full_disk_ends_nothing() -> None:
    with open(FULL, "wb") as full:  # noqa: PTH123 - a device
        done = subprocess.run([sys.executable, "-c", TELLS], stdout=subprocess.PIPE, stderr=full, check=False)
    assert done.stdout == b"went on\n"


def test_a_log_is_a_line_of_json_for_each_event() -> None:
    done = subprocess.run([sys.executable, "-c", TELLS], capture_output=True, check=True)
    lines = done.stderr.splitlines()
    assert len(lines) == 200
    assert all(line.startswith(b"{") and line.endswith(b"}") for line in lines)
