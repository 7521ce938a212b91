"""What a command says when its work fails: one sentence on stderr that tells what to do next.

Exit codes: 1 the work failed, 2 wrong usage.
"""

EXIT_FAILED = 1
EXIT_USAGE = 2


class CommandFailed(Exception):
    """The work failed; the message is for a person."""

    exit_code = EXIT_FAILED


class WrongUsage(CommandFailed):
    """What was asked makes no sense."""

    exit_code = EXIT_USAGE


def explained(error: BaseException) -> CommandFailed | None:
    """The failure in a person's words; None for an error that nobody foresaw."""
    if isinstance(error, CommandFailed):
        return error
    for names, kind, hint in _FORESEEN:
        if {f"{t.__module__.split('.')[0]}.{t.__name__}" for t in type(error).__mro__} & names:
            return kind(f"{_first_line(error)}{hint}")
    return None


# By name, because importing every client library would make each command slow to start.
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
