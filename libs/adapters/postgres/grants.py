"""The roles of PostgreSQL and what each may do, from `grants.toml`; applied by `provision` as the owner of the tables.

In: the owner's URL and a password for each role. Out: what was changed, or with a check what differs, a line each.
Roles are `newsfold_<service>` and belong to the cluster, rights to the database. A password is sent as its SCRAM
verifier, so that no statement and no log of the server holds it.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

from psycopg import Connection, connect
from psycopg.sql import SQL, Composed, Identifier
from psycopg.sql import Literal as Value

from libs.adapters.postgres.tables import metadata

PREFIX = "newsfold_"
PUBLIC = "public"
DATABASE = ""  # in the place of a table's name
LOCK = 0x6E665F6772616E74  # "nf_grant"
_RIGHT = re.compile(r"(?P<privilege>select|insert|update|delete)(\((?P<columns>\w+(, \w+)*)\))?")

_FOUND = """
SELECT r.rolname, c.relname, a.privilege_type, ''
FROM pg_class c, aclexplode(c.relacl) a JOIN pg_roles r ON r.oid = a.grantee
WHERE c.relnamespace = 'public'::regnamespace AND r.rolname = ANY(%(roles)s)
UNION ALL
SELECT r.rolname, c.relname, a.privilege_type, t.attname
FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid, aclexplode(t.attacl) a JOIN pg_roles r ON r.oid = a.grantee
WHERE c.relnamespace = 'public'::regnamespace AND r.rolname = ANY(%(roles)s)
UNION ALL
SELECT coalesce(r.rolname, 'public'), '', a.privilege_type, ''
FROM pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a LEFT JOIN pg_roles r ON r.oid = a.grantee
WHERE d.datname = current_database() AND (a.grantee = 0 OR r.rolname = ANY(%(roles)s))"""


class GrantsError(ValueError):
    """`grants.toml` names something that is not there, or a role has no password."""


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """One privilege of one role; `column` is empty where it reaches the whole table."""

    role: str
    table: str
    privilege: str
    column: str = ""

    def __str__(self) -> str:
        what = f"table {self.table}" if self.table else "the database"
        return f"{self.privilege}{f' ({self.column})' if self.column else ''} on {what}"


@cache
def _data() -> Mapping[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("grants.toml").read_text(encoding="utf-8"))


def roles() -> tuple[str, ...]:
    """The names without prefix: a service's, `cli`, `reader`."""
    return tuple(_data()["roles"])


def wanted() -> frozenset[Grant]:
    """All that `grants.toml` gives. Raises GrantsError for a table, column or word that is not known."""
    return frozenset(grant for role in roles() for grant in _of_role(role))


def _of_role(role: str) -> Iterator[Grant]:
    columns = {name: set(table.columns.keys()) for name, table in metadata.tables.items()}
    columns["alembic_version"] = {"version_num"}
    given: dict[str, list[str]] = dict(_data()["roles"][role])
    rest = given.pop("*", [])
    if unknown := set(given) - set(columns):
        raise GrantsError(f"grants.toml: {role} is given {sorted(unknown)}, which are no tables")
    yield Grant(PREFIX + role, DATABASE, "CONNECT")
    for table, known in columns.items():
        for right in given.get(table, rest):
            yield from _rights(role, table, right, known)


def _rights(role: str, table: str, right: str, known: set[str]) -> Iterator[Grant]:
    found = _RIGHT.fullmatch(right)
    if found is None:
        raise GrantsError(f"grants.toml: {role}, {table}: {right!r} is no right")
    privilege, listed = found["privilege"].upper(), found["columns"]
    for column in (listed or "").split(", "):
        if column and column not in known:
            raise GrantsError(f"grants.toml: {role}, {table}: there is no column {column}")
        yield Grant(PREFIX + role, table, privilege, column)


def passwords(text: str) -> dict[str, str]:
    """`role=password` a line, by role. Raises GrantsError unless every role has one."""
    given = dict(line.split("=", 1) for line in text.split())
    if missing := [role for role in roles() if not given.get(role)]:
        raise GrantsError(f"no password for the roles {', '.join(missing)}: run `newsfold init` of this release")
    return given


def apply_grants(url: str, given: Mapping[str, str], *, check: bool = False) -> list[str]:
    """Make roles and rights those of `grants.toml`; answer what was different, a line each. `given`: passwords by role.

    The tables must be those of this release. Idempotent, safe from several places at once. With `check` nothing changes.
    """
    with connect(url, connect_timeout=5, application_name="grants") as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        lines = [f"postgres: role {role} is missing" for role in _missing(connection)]
        if not check:
            _make_roles(connection, given)
        found = _found(connection)
        lacking, excess = wanted() - found, found - wanted()
        if not check:
            for grant in sorted(excess):
                connection.execute(_statement("REVOKE", grant, connection.info.dbname))
            for grant in sorted(lacking):
                connection.execute(_statement("GRANT", grant, connection.info.dbname))
        lines += [f"postgres: role {grant.role} lacks {grant}" for grant in sorted(lacking)]
        return lines + [f"postgres: role {grant.role} has {grant}, which is not its right" for grant in sorted(excess)]


def _names() -> list[str]:
    return [PREFIX + role for role in roles()]


def _missing(connection: Connection[Any]) -> list[str]:
    there = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
    return [name for name in _names() if name not in there]


def _make_roles(connection: Connection[Any], given: Mapping[str, str]) -> None:
    for name in _missing(connection):
        connection.execute(SQL("CREATE ROLE {}").format(Identifier(name)))
    for role in roles():
        name = PREFIX + role
        verifier = connection.pgconn.encrypt_password(given[role].encode(), name.encode(), b"scram-sha-256")
        connection.execute(
            SQL("ALTER ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD {}").format(
                Identifier(name), Value(verifier.decode())
            )
        )
        if group := _data()["members"].get(role):
            connection.execute(SQL("GRANT {} TO {}").format(Identifier(group), Identifier(name)))
        for setting, value in _data()["settings"].get(role, {}).items():
            connection.execute(
                SQL("ALTER ROLE {} SET {} = {}").format(Identifier(name), Identifier(setting), Value(value))
            )


def _found(connection: Connection[Any]) -> frozenset[Grant]:
    return frozenset(Grant(*row) for row in connection.execute(_FOUND, {"roles": _names()}))


def _statement(verb: Literal["GRANT", "REVOKE"], grant: Grant, database: str) -> Composed:
    """The words of `grant` come from our own file and from the server's catalogue."""
    columns = SQL("({})").format(Identifier(grant.column)) if grant.column else SQL("")
    where = Identifier("public", grant.table) if grant.table else Identifier(database)
    who = SQL("PUBLIC") if grant.role == PUBLIC else Identifier(grant.role)
    kind, towards = SQL("TABLE" if grant.table else "DATABASE"), SQL("TO" if verb == "GRANT" else "FROM")
    return SQL("{} {} {} ON {} {} {} {}").format(SQL(verb), SQL(grant.privilege), columns, kind, where, towards, who)
