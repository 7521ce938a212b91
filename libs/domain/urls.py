"""Addresses of pages: one spelling for each, and whose they are.

In: URLs as asked, linked or declared. Out: canonical spellings, hosts, registrable domains. Syntax is WHATWG's (Ada);
nothing is sorted, folded or dropped that might pick another page: only fragments, default ports, credentials, known
tracking parameters (`trackers.toml`), AMP caches and AMP or print forms that say so in so many words.
`file:` addresses stay as they are. No network: the list of public suffixes is the one that tldextract carries.
"""

import re
import tomllib
from functools import lru_cache
from importlib import resources
from ipaddress import ip_address
from urllib.parse import urljoin, urlsplit

import can_ada
import tldextract

_AMP_CACHE = re.compile(
    r"^https?://[^/]+\.cdn\.ampproject\.org/[cv]/(s/)?(.+)$|^https?://(?:www\.)?google\.[a-z.]+/amp/(s/)?(.+)$"
)
_AMP_PATH = re.compile(r"(?<=[^/])/amp/?$|\.amp(?=\.html?$)")
_HOME_FILE = re.compile(r"/(?:index|home|default|main)\.\w{3,5}$", re.I)
_HOME_PATH = re.compile(r"/?(?:[a-z]{2}(?:[-_][a-zA-Z]{2})?/?)?")


class UrlInvalid(ValueError):
    """An address that no browser would open; the message holds it, cut to 200 characters."""


@lru_cache(maxsize=1)
def _trackers() -> tuple[frozenset[str], tuple[str, ...], dict[str, frozenset[str]]]:
    table = tomllib.loads(resources.files("libs.domain").joinpath("trackers.toml").read_text(encoding="utf-8"))
    names, prefixes, forms = table.get("names"), table.get("prefixes"), table.get("forms")
    if not isinstance(names, list) or not isinstance(prefixes, list) or not isinstance(forms, dict):
        raise ValueError("trackers.toml: needs the lists `names` and `prefixes` and the table `forms`")
    return (
        frozenset(str(n).lower() for n in names),
        tuple(str(p).lower() for p in prefixes),
        {str(k).lower(): frozenset(map(str, v)) for k, v in forms.items()},
    )


def canonicalize(url: str) -> str:
    """The one spelling of an address. Idempotent. Raises UrlInvalid for what cannot be parsed or is no web address;
    `file:` addresses are returned unchanged."""
    url = url.strip()
    if url[:5].lower() == "file:":
        return url
    cached = _AMP_CACHE.match(url)
    if cached:
        secure, rest = (cached.group(1), cached.group(2)) if cached.group(2) else (cached.group(3), cached.group(4))
        url = f"{'https' if secure else 'http'}://{rest}"
    try:
        parsed = can_ada.parse(url)
    except ValueError:
        raise UrlInvalid(f"cannot be parsed as an address: {url[:200]!r}") from None
    if parsed.protocol not in ("http:", "https:") or not parsed.hostname:
        raise UrlInvalid(f"no web address: {url[:200]!r}")
    parsed.hash = ""
    parsed.username = ""
    parsed.password = ""
    parsed.search = _without_trackers(parsed.search)
    path = parsed.pathname
    if _AMP_PATH.search(path):
        parsed.pathname = re.sub(r"\.amp(?=\.html?$)", "", re.sub(r"(?<=[^/])/amp(/?)$", r"\1", path))
    return str(parsed.href).removesuffix("?")


def _without_trackers(search: str) -> str:
    if not search or search == "?":
        return ""
    names, prefixes, forms = _trackers()
    kept = []
    for pair in search[1:].split("&"):
        name, _, value = pair.partition("=")
        name = name.lower()
        if not pair or name in names or name.startswith(prefixes) or value.lower() in forms.get(name, frozenset()):
            continue
        kept.append(pair)
    return "?" + "&".join(kept) if kept else ""


def host(url: str) -> str:
    """Lower-case host name of an address; empty where there is none."""
    return (urlsplit(url).hostname or "").rstrip(".")


@lru_cache(maxsize=1)
def _suffixes() -> tldextract.TLDExtract:
    """Public suffixes from the package's own snapshot: nothing is fetched, nothing written."""
    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, fallback_to_snapshot=True)


@lru_cache(maxsize=10_000)
def _registrable(name: str) -> str:
    try:
        ip_address(name)
    except ValueError:
        pass
    else:
        return name
    found = _suffixes().extract_str(name)
    if found.domain and found.suffix:
        return f"{found.domain}.{found.suffix}"
    return ".".join(name.split(".")[-2:])


def registrable_domain(url: str) -> str:
    """The domain that someone registered ("bbc.co.uk"); of unlisted endings the last two labels; an IP address or a
    bare host name itself. Takes a URL or a host name; empty for `file:` addresses."""
    name = host(url) if "//" in url or ":" in url else url.lower().strip("./ ")
    return _registrable(name) if name else ""


def is_home(url: str) -> bool:
    """Whether an address is a site's front page, in one language or another."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or parts.query:
        return False
    return _HOME_PATH.fullmatch(_HOME_FILE.sub("/", parts.path)) is not None


def resolve_canonical(asked_url: str, declared: str | None, *, trust_any: bool) -> tuple[str, str | None]:
    """The address of a page, and the original that it declares elsewhere.

    `declared` is the page's rel=canonical. It counts within the asked address's registrable domain, unless it points
    at a front page and the asked page is none. Across domains it is returned second: or any site could overwrite
    another's article. `trust_any` takes it wherever it points, for files of which it is the only address.
    Raises UrlInvalid only for `asked_url`.
    """
    page = canonicalize(asked_url)
    if not declared or not declared.strip():
        return page, None
    try:
        target = canonicalize(urljoin(asked_url, declared.strip()))
    except (UrlInvalid, ValueError):
        return page, None
    if target[:5].lower() == "file:" or (is_home(target) and not is_home(page)):
        return page, None
    if trust_any or registrable_domain(target) == registrable_domain(page):
        return target, None
    return page, target
