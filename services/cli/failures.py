"""What a command says when its work fails: one sentence on stderr that tells what to do next.

Exit codes: 1 the work failed, 2 wrong usage.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from services.cli.words import without_password

EXIT_FAILED = 1
EXIT_USAGE = 2


class CommandFailed(Exception):
    """The work failed; the message is for a person."""

    exit_code = EXIT_FAILED


class WrongUsage(CommandFailed):
    """What was asked makes no sense."""

    exit_code = EXIT_USAGE


TITLES = {"nats": "NATS", "postgres": "PostgreSQL", "opensearch": "OpenSearch"}


def engine_down(engine: str, url: str, why: str) -> CommandFailed:
    """An engine that does not answer: which, where (without secrets), why, and what to do next."""
    shown = without_password(url)
    return CommandFailed(
        f"{TITLES[engine]} at {shown} cannot be used: {why}\n"
        f"See whether it runs there and may be reached: `newsfold status` shows the engines and their logs, "
        f"`newsfold doctor` what is wrong with them. Another address: NEWSFOLD_{engine.upper()}_URL."
    )


@contextmanager
def answering(engine: str, url: str) -> Iterator[None]:
    """Whatever is done with an engine inside: that it does not answer is said as `engine_down`."""
    try:
        yield
    except Exception as error:
        if (why := _no_answer(engine, error)) is None:
            raise
        raise engine_down(engine, url, why) from error


def _no_answer(engine: str, error: Exception) -> str | None:
    """Why an engine does not answer; None for an error of another kind."""
    if _names(error) & {"libs.DependencyDown"} and getattr(error, "dependency", None) == engine:
        return str(getattr(error, "detail", "")) or _first_line(error)
    if engine == "postgres":
        from libs.adapters.postgres.errors import postgres_failure as judge
    elif engine == "opensearch":
        from libs.adapters.opensearch.errors import opensearch_failure as judge
    else:
        lost = isinstance(error, OSError) and not isinstance(error, BrokenPipeError)  # that is of our own output
        known = lost or _names(error) & {"nats.Error"}
        return (_first_line(error) if str(error).strip() else _words(type(error).__name__)) if known else None
    found = judge(error)
    return str(getattr(found, "detail", "")) or None if _names(found) & {"libs.DependencyDown"} else None


def _words(name: str) -> str:
    """`NoServersError` as `no servers error`."""
    return re.sub(r"(?<!^)(?=[A-Z])", " ", name).lower()


def _names(error: object) -> set[str]:
    """The classes of an error by name, because importing every client library would make each command slow to start."""
    return {f"{kind.__module__.split('.')[0]}.{kind.__name__}" for kind in type(error).__mro__}


def explained(error: BaseException) -> CommandFailed | None:
    """The failure in a person's words; None for an error that nobody foresaw."""
    if isinstance(error, CommandFailed):
        return error
    for names, kind, hint in _FORESEEN:
        if _names(error) & names:
            return kind(f"{_first_line(error)}{hint}")
    return None


_FORESEEN: tuple[tuple[frozenset[str], type[CommandFailed], str], ...] = (
    (frozenset({"libs.SettingsError", "pydantic_core.ValidationError", "libs.BadQuery"}), WrongUsage, ""),
    (
        frozenset({"libs.EngineError", "libs.DependencyDown", "libs.SchemaMismatch", "libs.ReindexFailed"}),
        CommandFailed,
        "",
    ),
    (frozenset({"libs.ReindexUnderWay", "libs.GrantsError"}), CommandFailed, ""),
    (
        frozenset({"sqlalchemy.OperationalError", "psycopg.OperationalError"}),
        CommandFailed,
        "\nPostgreSQL cannot be used: see `newsfold doctor`",
    ),
    (
        frozenset({"sqlalchemy.ProgrammingError"}),
        CommandFailed,
        "\nThe schema is not that of this release: run `newsfold provision`",
    ),
    (
        frozenset({"opensearchpy.TransportError", "opensearchpy.ConnectionError"}),
        CommandFailed,
        "\nOpenSearch cannot be used: see `newsfold doctor`",
    ),
    (frozenset({"nats.Error", "nats.APIError"}), CommandFailed, "\nNATS cannot be used: see `newsfold doctor`"),
    (frozenset({"builtins.OSError"}), CommandFailed, ""),
)


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
