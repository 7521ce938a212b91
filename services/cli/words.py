"""Small words for people."""

from urllib.parse import urlsplit, urlunsplit


def without_password(url: str) -> str:
    """A URL that may be shown. The user in one of NATS is a key or a token, never a name."""
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    if not user or (parts.password is None and parts.scheme != "nats"):
        return url
    shown = "***" if parts.password is None else f"{user.split(':')[0]}:***"
    return urlunsplit(parts._replace(netloc=f"{shown}@{host}"))


def counted(n: int, noun: str, plural: str = "") -> str:
    """`1 page`, `2 pages`."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"
