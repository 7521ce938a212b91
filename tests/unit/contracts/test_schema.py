"""The checked-in JSON Schema is the models'."""

from libs.contracts.events import EVENTS
from libs.contracts.schema import FOLDER, documents


def test_the_files_equal_what_the_models_say() -> None:
    found = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")}
    assert found == documents(), "run `python -m libs.contracts.schema`"


def test_there_is_one_file_for_each_event_and_the_quarantine_envelope() -> None:
    assert len(documents()) == len(EVENTS) + 1
    assert {"page_fetched.v1.json", "story_assigned.v1.json", "quarantine_entry.v1.json"} <= set(documents())
