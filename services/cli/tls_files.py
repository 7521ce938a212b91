"""The files of a deployment whose engines speak TLS: certificates and keys, and URLs that name them.

In: what is there, and the secrets. Out: every file with its owner. What is still good stays as it is.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

from services.cli.certificates import RENEWED_DAYS, Pair, authority, new_key, signed
from services.cli.owners import NATS_UID, OPENSEARCH_UID, POSTGRES_UID, SERVICES_UID

FOLDER = "tls"
LOCAL = ("localhost", "127.0.0.1")
# Who shows a certificate to OpenSearch, and with it its role (deploy/opensearch/security/roles_mapping.yml).
OPENSEARCH_USERS = ("indexer", "monitor", "provision", "cli")
CA = "/run/secrets/ca"  # where Compose puts the authority's certificate

File = tuple[str, int, str]  # name, owner, content
_KEY = "-----BEGIN PRIVATE KEY-----"


def tls_files(read: Callable[[str], str | None], secrets: Mapping[str, str]) -> list[File]:
    """All of them; `read` gives what a file holds now, and `secrets` are the plain URLs by name."""
    key = read(f"{FOLDER}/authority-key.pem") or new_key()
    mine = Pair(read(f"{FOLDER}/authority.pem") or authority(key).certificate, key)

    def pair(certificate: str, key_file: str, name: str, *hosts: str) -> Pair:
        """The one that is there, as long as its authority is this one and its end is far."""
        there = read(certificate)
        kept_key = read(key_file)
        if there and kept_key:
            kept = Pair(there.split(_KEY)[0], kept_key[kept_key.index(_KEY) :])
            if kept.signed_by(mine) and kept.days_left(datetime.now(UTC)) > RENEWED_DAYS:
                return kept
            return signed(mine, kept.key, name, hosts)
        return signed(mine, new_key(), name, hosts)

    return [
        (f"{FOLDER}/authority-key.pem", NATS_UID, mine.key),
        (f"{FOLDER}/authority.pem", SERVICES_UID, mine.certificate),
        *_of_engines(pair, mine),
        *_shown_to_opensearch(pair),
        *_urls(secrets),
    ]


def _of_engines(pair: Callable[..., Pair], by: Pair) -> Iterator[File]:
    named = (
        ("nats", NATS_UID, "certificate"),
        ("postgres", POSTGRES_UID, "certificate"),
        ("opensearch", OPENSEARCH_UID, "node"),
    )
    for engine, uid, file in named:
        certificate, key = f"{FOLDER}/{engine}/{file}.pem", f"{FOLDER}/{engine}/{file}-key.pem"
        found = pair(certificate, key, "node" if engine == "opensearch" else engine, engine, *LOCAL)
        yield certificate, uid, found.certificate
        yield key, uid, found.key
    yield f"{FOLDER}/opensearch/ca.pem", OPENSEARCH_UID, by.certificate


def _shown_to_opensearch(pair: Callable[..., Pair]) -> Iterator[File]:
    """Certificate and key in one file each. `health` is the container's own look, with the monitor's rights."""
    owners = {f"opensearch_{user}": (SERVICES_UID, user) for user in OPENSEARCH_USERS}
    owners |= {"opensearch/health.pem": (OPENSEARCH_UID, "monitor"), "opensearch_security": (NATS_UID, "security")}
    for name, (uid, user) in owners.items():
        file = f"{FOLDER}/{name}"
        found = pair(file, file, user)
        yield file, uid, found.certificate + found.key


def _urls(secrets: Mapping[str, str]) -> Iterator[File]:
    """The same URLs, encrypted and verified."""
    for name, url in secrets.items():
        if name.startswith("nats_url_"):
            yield f"{FOLDER}/{name}", SERVICES_UID, f"{url.replace('nats://', 'tls://', 1)}?ca={CA}"
        elif name.startswith("postgres_url"):
            yield f"{FOLDER}/{name}", SERVICES_UID, f"{url}?sslmode=verify-full&sslrootcert={CA}"
