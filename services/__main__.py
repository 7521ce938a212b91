"""Starts one service: `python -m services normalizer`; or one of its tasks: `python -m services deduplicator rebuild`.

Child processes of a service (its parsers) import the main module of their parent again; this one costs them nothing,
where `services.normalizer.app` would load broker and database clients into each.
"""

import sys
from importlib import import_module

SERVICES = ("fetcher", "normalizer", "deduplicator", "indexer", "reconciler", "monitor")
TASKS: dict[tuple[str, ...], str] = {
    ("deduplicator", "rebuild"): "rebuild_stories",
    ("deduplicator", "correct"): "correct_stories",
}


def main(arguments: list[str]) -> int:
    """Run the service, or its task, that is named; 2 when none is."""
    service, *task = arguments or ("",)
    function = TASKS.get((service, *task)) if task else "main"
    if service not in SERVICES or function is None:
        tasks = "".join(f" | {' '.join(words)}" for words in TASKS)
        sys.stderr.write(f"usage: python -m services {' | '.join(SERVICES)}{tasks}\n")
        return 2
    getattr(import_module(f"services.{service}.app"), function)()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
