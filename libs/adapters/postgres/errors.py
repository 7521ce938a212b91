"""Judges PostgreSQL's errors: down (wait), a race (try again), or neither (a fault of ours)."""

import psycopg
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from libs.contracts.reasons import Reason
from libs.runtime.failures import DependencyDown, Failure, Retry

# SQLSTATE classes and codes, PostgreSQL 18 appendix A
# connection, resources (disk, memory, connections), shutdown, system, internal; a password or a right that is missing:
# the deployment is at fault, not the message
DOWN = ("08", "53", "57P", "58", "XX", "28", "42501")
RACES = ("40", "55P03", "57014")  # deadlock and serialization, lock not available, statement timeout
RETRY_SECONDS = 0.5


def postgres_failure(error: BaseException) -> Failure | None:
    """The Failure that a database error stands for, or None."""
    if isinstance(error, PoolTimeout):
        return DependencyDown("postgres", "no free connection")
    cause = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(cause, "sqlstate", None) or ""
    if state.startswith(RACES):
        return Retry(Reason.DEPENDENCY_DOWN, f"postgres {state}", after_seconds=RETRY_SECONDS)
    if state.startswith(DOWN):
        return DependencyDown("postgres", str(cause).splitlines()[0])
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    unreachable = isinstance(error, OperationalError | InterfaceError | psycopg.OperationalError) and not state
    if lost or unreachable:
        return DependencyDown("postgres", (str(cause).splitlines() or ["connection lost"])[0])
    return None
