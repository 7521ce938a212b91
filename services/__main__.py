"""Starts one service: `python -m services normalizer`.

Child processes of a service (its parsers) import the main module of their parent again; this one costs them nothing,
where `services.normalizer.app` would load broker and database clients into each.
"""

import sys
from importlib import import_module

SERVICES = ("fetcher", "normalizer", "deduplicator", "indexer", "reconciler")


def main(arguments: list[str]) -> int:
    """Run the service that is named; 2 when none is."""
    if len(arguments) != 1 or arguments[0] not in SERVICES:
        sys.stderr.write(f"usage: python -m services {'|'.join(SERVICES)}\n")
        return 2
    import_module(f"services.{arguments[0]}.app").main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
