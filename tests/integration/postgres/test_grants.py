"""Each role of PostgreSQL can do its service's work and nothing else."""

import secrets
from collections.abc import Callable

import psycopg
import pytest
from postgres_rig import Desk, article, refuse
from psycopg.errors import InsufficientPrivilege, ReadOnlySqlTransaction
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from libs.adapters.postgres.engine import open_postgres
from libs.adapters.postgres.errors import postgres_failure
from libs.adapters.postgres.grants import PREFIX, GrantsError, apply_grants, passwords, roles, wanted
from libs.adapters.postgres.pages import PostgresPages
from libs.adapters.postgres.tables import metadata
from libs.runtime.failures import DependencyDown
from services.__main__ import SERVICES

PASSWORDS = {role: secrets.token_hex(8) for role in roles()}


@pytest.fixture(scope="module")
def granted(postgres_url: str) -> Callable[[str], str]:
    """`granted(role)`: the URL of that role in a database with all grants."""
    apply_grants(postgres_url, PASSWORDS)
    place = postgres_url.rpartition("@")[2]
    return lambda role: f"postgresql://{PREFIX}{role}:{PASSWORDS[role]}@{place}"


def test_no_service_was_forgotten() -> None:
    assert set(SERVICES) <= set(roles()), "a service without a role: see libs/adapters/postgres/grants.toml"


def test_no_table_was_forgotten() -> None:
    """A table that only the operator's commands may write is one that its service cannot use."""
    operators = {PREFIX + role for role in ("cli", "reader", "monitor")}
    writable = {g.table for g in wanted() if g.role not in operators and g.privilege != "SELECT"}
    only_by_command = {"reindex_runs", "corrections", "correction_articles", "backups"}
    assert set(metadata.tables) - writable == only_by_command, "see libs/adapters/postgres/grants.toml"


def test_a_second_run_and_a_check_find_nothing_to_do(granted: Callable[[str], str], postgres_url: str) -> None:
    assert apply_grants(postgres_url, PASSWORDS) == []
    assert apply_grants(postgres_url, PASSWORDS, check=True) == []


def test_what_was_given_or_taken_by_hand_is_told_and_put_right(
    postgres_url: str, granted: Callable[[str], str]
) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as owner:
        owner.execute("GRANT DELETE ON revisions TO newsfold_indexer")
        owner.execute("GRANT CONNECT ON DATABASE template1 TO newsfold_indexer")  # another database is not ours
        owner.execute("REVOKE UPDATE (indexed_projection) ON articles FROM newsfold_indexer")
    told = [
        "postgres: role newsfold_indexer lacks UPDATE (indexed_projection) on table articles",
        "postgres: role newsfold_indexer has DELETE on table revisions, which is not its right",
    ]
    assert apply_grants(postgres_url, PASSWORDS, check=True) == told
    assert apply_grants(postgres_url, PASSWORDS, check=True) == told
    assert apply_grants(postgres_url, PASSWORDS) == told
    assert apply_grants(postgres_url, PASSWORDS) == []


REFUSED = [
    ("fetcher", "SELECT 1 FROM stories"),
    ("fetcher", "SELECT body FROM revisions"),
    ("fetcher", 'UPDATE captures SET "end" = NULL'),
    ("fetcher", "DELETE FROM captures"),
    ("fetcher", "UPDATE ledger SET outcome = 'indexed'"),
    ("normalizer", "UPDATE revisions SET body = ''"),
    ("normalizer", "UPDATE articles SET story_id = NULL"),
    ("normalizer", "DELETE FROM revisions"),
    ("normalizer", "SELECT 1 FROM stories"),
    ("normalizer", "INSERT INTO fetches (fetch_id, kind, url, lane) VALUES ('1', 'page', 'http://10.0.0.1/', 'live')"),
    ("deduplicator", "UPDATE revisions SET title = '', body = ''"),
    ("deduplicator", "UPDATE captures SET sha256 = ''"),
    ("deduplicator", "INSERT INTO revisions (revision_id) VALUES ('1')"),
    ("deduplicator", "SELECT 1 FROM fetches"),
    ("indexer", "UPDATE revisions SET body = ''"),
    ("indexer", "UPDATE articles SET story_id = NULL"),
    ("indexer", "SELECT asked_url FROM captures"),
    ("indexer", "DELETE FROM stories"),
    ("reconciler", "UPDATE articles SET projection = 0"),
    ("reconciler", "SELECT 1 FROM fingerprints"),
    ("reconciler", "INSERT INTO ledger (stage, outcome) VALUES ('indexer', 'indexed')"),
    ("monitor", "UPDATE revisions SET body = ''"),
    ("cli", "DELETE FROM ledger"),
    ("cli", "UPDATE ledger SET outcome = 'indexed'"),
    ("cli", "UPDATE alembic_version SET version_num = '1'"),
    ("reader", "DELETE FROM comments"),
]
EVERYBODY = [
    "ALTER TABLE articles ADD COLUMN more text",
    "ALTER TABLE articles OWNER TO CURRENT_USER",
    "DROP TABLE articles",
    "TRUNCATE articles",
    "CREATE TABLE more (n int)",
    "CREATE TEMPORARY TABLE more (n int)",
    "CREATE INDEX ON articles (lane)",
    "CREATE TRIGGER watch AFTER INSERT ON articles EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "CREATE ROLE more SUPERUSER",
    "CREATE DATABASE more",
    "ALTER ROLE newsfold_cli SUPERUSER",
    "GRANT newsfold TO CURRENT_USER",
    "SET ROLE newsfold",
    "UPDATE alembic_version SET version_num = '1'",
    "DELETE FROM ledger",
    "SELECT rolpassword FROM pg_authid",
    "SELECT pg_read_file('postgresql.conf')",
    "COPY articles TO PROGRAM 'cat'",
]
REFUSALS = (InsufficientPrivilege, ReadOnlySqlTransaction)


@pytest.mark.parametrize(("role", "statement"), [*REFUSED, *((role, s) for role in roles() for s in EVERYBODY)])
def test_it_is_refused(granted: Callable[[str], str], role: str, statement: str) -> None:
    refused = pytest.raises(REFUSALS, match=r"permission denied|must be|read-only")
    with psycopg.connect(granted(role), autocommit=True) as connection, refused:
        connection.execute(statement)  # type: ignore[call-overload]


async def test_the_normalizer_may_record_that_a_page_is_gone_and_let_its_articles_be_judged_again(
    granted: Callable[[str], str], postgres_url: str
) -> None:
    owner, role = (open_postgres(url, application="tests") for url in (postgres_url, granted("normalizer")))
    desk = Desk(owner, url="https://gone.example/")
    [first] = (await desk.take(0, article("The one text of this page."))).events
    await desk.give_story(first.article_id)  # type: ignore[union-attr]
    desk.pages = PostgresPages(role)
    [again] = (await refuse(desk, 1)).events
    await owner.dispose()
    await role.dispose()
    assert again.attempt == 1


def test_the_reader_reads_everything(granted: Callable[[str], str]) -> None:
    with psycopg.connect(granted("reader")) as connection:
        for table in metadata.tables:
            connection.execute(f'SELECT count(*) FROM "{table}"')  # type: ignore[arg-type]


def test_nobody_enters_with_another_password(granted: Callable[[str], str]) -> None:
    url = granted("cli").replace(PASSWORDS["cli"], "newsfold")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url)


def test_a_role_of_the_cluster_has_no_rights_in_a_database_that_was_not_provisioned(
    granted: Callable[[str], str], postgres_database: Callable[[], str]
) -> None:
    name = postgres_database().rpartition("/")[2]
    url = f"{granted('cli').rpartition('/')[0]}/{name}"
    with psycopg.connect(url) as connection, pytest.raises(InsufficientPrivilege):
        connection.execute("SELECT 1 FROM articles")


def test_a_new_password_counts_from_the_next_run(postgres_url: str, granted: Callable[[str], str]) -> None:
    apply_grants(postgres_url, {**PASSWORDS, "reader": "another"})
    psycopg.connect(granted("reader").replace(PASSWORDS["reader"], "another")).close()
    apply_grants(postgres_url, PASSWORDS)
    psycopg.connect(granted("reader")).close()


def test_the_server_is_given_no_password_in_clear(postgres_url: str, granted: Callable[[str], str]) -> None:
    with psycopg.connect(postgres_url) as owner:
        row = owner.execute("SELECT rolpassword FROM pg_authid WHERE rolname = 'newsfold_cli'").fetchone()
    assert row is not None
    assert row[0].startswith("SCRAM-SHA-256$")


@pytest.mark.parametrize(("password", "said"), [(PASSWORDS["fetcher"], "permission denied for table stories"), ("wrong", "password authentication failed")])  # fmt: skip
async def test_a_right_that_is_missing_is_waited_out_and_blamed_on_no_message(
    granted: Callable[[str], str], password: str, said: str
) -> None:
    engine = open_postgres(granted("fetcher").replace(PASSWORDS["fetcher"], password), application="tests")
    with pytest.raises(DBAPIError) as raised:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT 1 FROM stories"))
    await engine.dispose()
    failure = postgres_failure(raised.value)
    assert isinstance(failure, DependencyDown)
    assert said in failure.detail


def test_roles_without_a_password_are_named() -> None:
    listed = "\n".join(f"{role}=x" for role in roles() if role != "reader")
    with pytest.raises(GrantsError, match="no password for the roles reader: run `newsfold init`"):
        passwords(listed)
    assert passwords(listed + "\nreader=y=z")["reader"] == "y=z"
