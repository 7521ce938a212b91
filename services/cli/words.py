"""Small words for people."""

from urllib.parse import urlsplit, urlunsplit


def without_password(url: str) -> str:
    """A URL that may be shown."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    user, _, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user.split(':')[0]}:***@{host}"))


def counted(n: int, noun: str, plural: str = "") -> str:
    """`1 page`, `2 pages`."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"
