"""TLS to the engines: whose certificates are trusted, and which one is shown, as the query of an engine's URL says.

`tls://SUA…@nats:4222?ca=/run/secrets/ca`, `https://opensearch:9200?ca=FILE&certificate=FILE`. `ca` is a file of PEM certificates and
the only authority that counts; `certificate` holds certificate and key of this process. PostgreSQL's driver has words of
its own (`sslmode`, `sslrootcert`).
"""

import ssl
from urllib.parse import parse_qs, urlsplit, urlunsplit

SCHEMES = frozenset({"tls", "https"})


def without_query(url: str) -> str:
    """The URL as an engine's client takes it."""
    return urlunsplit(urlsplit(url)._replace(query=""))


def context_of(url: str) -> ssl.SSLContext | None:
    """What a connection to `url` is verified by; None where it is not encrypted. Without `ca` the system's authorities count.

    Raises OSError (which `ssl.SSLError` is) when a file cannot be read.
    """
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES:
        return None
    said = parse_qs(parts.query)
    context = ssl.create_default_context(cafile=said.get("ca", [None])[0])
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    if "certificate" in said:
        context.load_cert_chain(said["certificate"][0])
    return context
