"""The Compose file as it is, on images that are already here: it comes up, works, and what must be refused is refused."""

import json
import os
import secrets
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.cli.credentials import write_credentials

CHECKOUT = Path(__file__).resolve().parents[2]
IMAGES = ("nats:2.15-alpine", "postgres:18.4", "opensearchproject/opensearch:3.8.0", "newsfold:0.1.0")
UP = ("up", "--detach", "--pull", "never", "--no-build", "--wait")
PROBE = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=5).status)"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


class Deployment:
    """A project of its own name, in a folder of its own."""

    files: tuple[str, ...] = ()  # other than docker-compose.yml alone

    def __init__(self, folder: Path) -> None:
        self._folder, self._name = folder, f"newsfold-test-{secrets.token_hex(4)}"

    def compose(self, *words: str, code: int | None = 0, profiles: tuple[str, ...] = ()) -> str:
        """What `docker compose WORDS` prints on both streams; fails when it does not exit with `code` (None: any)."""
        chosen = [word for name in profiles for word in ("--profile", name)]
        files = [word for name in self.files for word in ("--file", name)]
        command = ["docker", "compose", "-p", self._name, *files, *chosen, *words]
        environment = {**os.environ, "NEWSFOLD_SEARCH_PORT": "0"}  # any that is free
        done = subprocess.run(
            command, cwd=self._folder, env=environment, capture_output=True, text=True, timeout=900, check=False
        )
        assert code is None or done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def newsfold(self, *words: str, by: str = "cli") -> str:
        return self.compose("run", "--rm", "--no-deps", "-T", by, *words)

    def result(self) -> list[str]:
        """All that there is to say of all articles."""
        return sorted(line for line in self.newsfold("articles", "--full", "--json").splitlines() if line[:1] == "{")

    def running(self) -> list[str]:
        """Containers that run; asked of the engine, for Compose stumbles over those that are just going."""
        command = ["docker", "ps", "--quiet", "--filter", f"label=com.docker.compose.project={self._name}"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()

    def wipe(self) -> None:
        """End everything and remove every volume but the backups."""
        self.compose("down", "--timeout", "10", profiles=("full", "tools"))
        for volume in ("blobs", "postgres-18", "nats-data", "opensearch-data"):
            subprocess.run(["docker", "volume", "rm", f"{self._name}_{volume}"], check=True, capture_output=True)


def _has_images() -> bool:
    if shutil.which("docker") is None:
        return False
    looked = subprocess.run(["docker", "image", "inspect", *IMAGES], capture_output=True, check=False)
    return looked.returncode == 0


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    if not _has_images():
        pytest.skip(f"needs Docker and the images {', '.join(IMAGES)} (`docker compose pull`, `docker compose build`)")
    shutil.copy(CHECKOUT / "docker-compose.yml", tmp_path)
    shutil.copytree(CHECKOUT / "deploy", tmp_path / "deploy", ignore=shutil.ignore_patterns("secrets"))
    shutil.copytree(CHECKOUT / "demo" / "corpus", tmp_path / "corpus")
    tmp_path.chmod(0o755)
    found = Deployment(tmp_path)
    try:
        yield found
    finally:
        found.compose("down", "--volumes", "--timeout", "5", code=None, profiles=("full", "tools"))


@pytest.fixture
def outside() -> Iterator[str]:
    """A web server behind this machine, as the internet is: another network, that the machine routes to."""
    name, ours, theirs = f"nf{secrets.token_hex(3)}", "198.51.100.1", "198.51.100.2"  # RFC 5737: nobody's

    def ip(*words: str) -> None:
        subprocess.run(["ip", *words], check=True, capture_output=True)

    try:
        ip("netns", "add", name)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs network namespaces (root, iproute2)")
    served = None
    try:
        ip("link", "add", f"{name}a", "type", "veth", "peer", "name", f"{name}b", "netns", name)
        ip("addr", "add", f"{ours}/24", "dev", f"{name}a")
        ip("link", "set", f"{name}a", "up")
        for words in (("addr", "add", f"{theirs}/24", "dev", f"{name}b"), ("link", "set", f"{name}b", "up")):
            ip("-n", name, *words)
        ip("-n", name, "route", "add", "default", "via", ours)
        command = ["ip", "netns", "exec", name, sys.executable, "-m", "http.server", "--bind", theirs, "8080"]
        served = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        yield f"http://{theirs}:8080/"
    finally:
        if served is not None:
            served.terminate()
            served.wait()
        subprocess.run(["ip", "link", "del", f"{name}a"], check=False, capture_output=True)
        ip("netns", "del", name)


@pytest.mark.skipif(os.geteuid() != 0, reason="files of secrets can be given to containers' users by root alone")
def test_the_stack_works_and_only_the_fetcher_reaches_out(deployment: Deployment, outside: str, tmp_path: Path) -> None:
    write_credentials(tmp_path / "deploy" / "secrets")
    build = [sys.executable, str(tmp_path / "corpus" / "build_sites.py"), str(tmp_path / "inbox" / "demo")]
    subprocess.run(build, check=True, capture_output=True)
    deployment.compose(*UP)

    deployment.newsfold("ingest", "mirror", "/inbox/demo")
    deployment.newsfold("wait", "--timeout-seconds", "600")
    assert deployment.newsfold("verify").rstrip().endswith("clean")
    before = deployment.result()
    assert len(before) > 100
    assert not [line for line in deployment.compose("logs").splitlines() if "iolation" in line or "denied" in line]

    assert "200" in deployment.compose("exec", "-T", "fetcher", "python", "-c", PROBE, outside)
    for service in ("normalizer", "deduplicator", "indexer", "reconciler"):
        said = deployment.compose("exec", "-T", service, "python", "-c", PROBE, outside, code=1)
        assert "timed out" in said or "unreachable" in said, service
    for service, command in {
        "nats": ("wget", "-q", "-T", "5", "-O", "/dev/null", outside),
        "opensearch": ("curl", "-sS", "-m", "5", outside),
        "postgres": ("timeout", "5", "bash", "-c", "exec 3<>/dev/tcp/198.51.100.2/8080"),
    }.items():
        assert _failed(deployment, service, *command), service

    deployment.newsfold("backup", "/backups", by="admin")
    deployment.wipe()
    deployment.compose(*UP)
    assert deployment.result() == []
    place = deployment.compose("run", "--rm", "--no-deps", "-T", "--entrypoint", "ls", "admin", "/backups").split()
    deployment.newsfold("restore", f"/backups/{next(name for name in place if name.endswith('Z'))}", by="admin")
    deployment.newsfold("wait", "--timeout-seconds", "600")
    assert deployment.newsfold("verify").rstrip().endswith("clean")
    assert deployment.result() == before


def test_the_index_can_be_published_on_loopback_for_newsroom_tools(deployment: Deployment, tmp_path: Path) -> None:
    write_credentials(tmp_path / "deploy" / "secrets")
    deployment.files = ("docker-compose.yml", "deploy/compose.search.yml")
    deployment.compose("up", "--detach", "--pull", "never", "--no-build", "--wait", "opensearch")
    place = deployment.compose("port", "opensearch", "9200").strip()
    assert place.startswith("127.0.0.1:")
    with urllib.request.urlopen(f"http://{place}/_cluster/health", timeout=30) as answer:
        assert json.load(answer)["status"] in ("green", "yellow")


def _failed(deployment: Deployment, service: str, *command: str) -> bool:
    """Whether a command in a container was found and could not do its work."""
    said = deployment.compose("exec", "-T", service, "sh", "-c", 'command -v "$1" && ! "$@" 2>&1', "sh", *command)
    return bool(said)


@pytest.mark.parametrize("missing", ["postgres_password", "nats_url_provision", "nats_url_indexer", "nats"])
def test_nothing_starts_that_needs_a_secret_which_is_missing(
    deployment: Deployment, tmp_path: Path, missing: str
) -> None:
    folder = tmp_path / "deploy" / "secrets"
    write_credentials(folder)
    (folder / missing).rename(tmp_path / "elsewhere")
    said = deployment.compose("up", "--detach", "--pull", "never", "--no-build", code=1)
    assert f"bind source path does not exist: {folder / missing}" in said
    assert deployment.running() == []


def test_the_image_lists_what_the_lock_names() -> None:
    if not _has_images():
        pytest.skip("needs Docker and the image newsfold:0.1.0 (`docker compose build`)")
    command = ["docker", "run", "--rm", "--network", "none", "--entrypoint", "cat", "newsfold:0.1.0"]
    done = subprocess.run([*command, "/usr/share/newsfold/sbom.cdx.json"], check=True, capture_output=True, text=True)
    told = json.loads(done.stdout)
    assert (told["bomFormat"], told["metadata"]["component"]["name"]) == ("CycloneDX", "newsfold")
    listed = {(part["name"].lower().replace("_", "-"), part["version"]) for part in told["components"]}
    lines = (CHECKOUT / "requirements-services.txt").read_text(encoding="utf-8").splitlines()
    pins = {tuple(line.split(" ")[0].split("==")) for line in lines if "==" in line and ";" not in line}
    assert len(pins) > 40
    assert pins <= listed
