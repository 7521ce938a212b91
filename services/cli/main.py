"""The entry of the command `newsfold`. Exit codes: 0 done, 1 the work failed (said why), 2 wrong usage."""

import os
import sys
from contextlib import suppress

import typer

from services.cli.commands import (
    articles,
    backup,
    corrections,
    demo,
    doctor,
    ingest,
    init,
    operations,
    quarantine,
    replay,
    run,
    search,
    sources,
    status,
    stories,
    support,
    waiting,
)
from services.cli.failures import EXIT_FAILED, explained

app = typer.Typer(
    name="newsfold",
    help="Takes news in, folds every rewrite of the same interview into one story, and makes the result searchable.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
GROUPS = (
    init,
    run,
    ingest,
    sources,
    waiting,
    status,
    articles,
    stories,
    corrections,
    search,
    quarantine,
    operations,
    replay,
    backup,
    doctor,
    support,
    demo,
)
for group in GROUPS:
    group.register(app)


def main() -> None:
    """Run the command line and exit."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    try:
        _check_environment()
        app()
    except BrokenPipeError:
        with suppress(OSError):  # the reader has gone, as with `| head`; nothing more can be said to it
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(EXIT_FAILED)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        failure = explained(error)
        if failure is None:
            raise
        sys.stderr.write(f"error: {failure}\n")
        sys.exit(failure.exit_code)


def _check_environment() -> None:
    if any(name.startswith("NEWSFOLD_") for name in os.environ):
        from services.cli.roster import check_environment

        check_environment(os.environ)


if __name__ == "__main__":
    main()
