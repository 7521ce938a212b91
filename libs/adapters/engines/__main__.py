"""`python -m libs.adapters.engines fetch` gets all program files; `... forget DIR` removes a data folder.

Exit codes: 0 done, 1 it failed (said why), 2 wrong usage.
"""

import sys
from pathlib import Path

from libs.adapters.engines.accounts import engine_account
from libs.adapters.engines.errors import EngineError
from libs.adapters.engines.local import forget
from libs.adapters.engines.programs import Programs

USAGE = "usage: python -m libs.adapters.engines fetch | forget DIR"


def main(arguments: list[str]) -> int:
    """Run one of the commands."""
    try:
        match arguments:
            case ["fetch"]:
                programs = Programs(engine_account(), report=_say)
                for find in (programs.nats_server, programs.postgres, programs.java, programs.opensearch):
                    find()
            case ["forget", folder]:
                forget(Path(folder))
            case _:
                _say(USAGE)
                return 2
    except EngineError as error:
        _say(f"error: {error}")
        return 1
    return 0


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
