"""JSON Schema of everything on the wire, generated from the models and checked in beside this module.

`python -m libs.contracts.schema` writes the files anew; a test fails when they differ from the models.
"""

import json
import re
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from libs.contracts.events import EVENTS
from libs.contracts.quarantine import QuarantineEntry

FOLDER = Path(__file__).parent
MODELS: tuple[type[BaseModel], ...] = (*EVENTS, QuarantineEntry)
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def documents() -> dict[str, str]:
    """File name -> text, for each event and the quarantine envelope: `page_fetched.v1.json`."""
    return {_file_name(model): _text(model) for model in MODELS}


def write(folder: Path = FOLDER) -> None:
    """Write all files and remove those of models that are gone."""
    wanted = documents()
    for stale in folder.glob("*.json"):
        if stale.name not in wanted:
            stale.unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text, encoding="utf-8")


def _file_name(model: type[BaseModel]) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", model.__name__).lower()
    return f"{words}.v{model.model_fields['version'].default}.json"


def _text(model: type[BaseModel]) -> str:
    schema: dict[str, Any] = {"$schema": DIALECT, **model.model_json_schema()}
    return json.dumps(schema, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
