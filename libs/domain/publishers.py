"""Which publisher stands behind an outlet.

In: an outlet's domain, address or name. Out: its publisher family. Counts of independent voices are by publisher: two
papers of one house that print the same words are one voice. The families are data (`publishers.toml`).
"""

import tomllib
from functools import lru_cache
from importlib import resources

from libs.domain.urls import registrable_domain


class PublisherFileError(ValueError):
    """`publishers.toml` has not the shape that the code reads; the message says where."""


@lru_cache(maxsize=1)
def _families() -> dict[str, str]:
    """Domain or name in lower case -> family; raises PublisherFileError."""
    table = tomllib.loads(resources.files("libs.domain").joinpath("publishers.toml").read_text(encoding="utf-8"))
    families = table.get("families")
    if not isinstance(families, dict):
        raise PublisherFileError("publishers.toml: needs the table [families]")
    found: dict[str, str] = {}
    for family, outlets in families.items():
        if not isinstance(outlets, list) or not all(isinstance(o, str) and o.strip() for o in outlets):
            raise PublisherFileError(f"publishers.toml: {family!r} must be a list of domains or names")
        for outlet in outlets:
            if found.setdefault(_key(outlet), family) != family:
                raise PublisherFileError(f"publishers.toml: {outlet!r} stands in two families")
    return found


def _key(outlet: str) -> str:
    return " ".join(outlet.casefold().split())


def publisher_of(outlet: str) -> str:
    """The family of an outlet given by domain, address or name; without one the registrable domain, or the name."""
    families = _families()
    name = _key(outlet)
    if name in families:
        return families[name]
    if " " in name or "." not in name:
        return outlet.strip()
    domain = registrable_domain(name)
    return families.get(domain, domain or outlet.strip())


def outlet_of(url: str, site_name: str | None) -> str:
    """The outlet that a page belongs to: the registrable domain of its address, so that every page of a site has the
    same one whatever the page says about itself. A page without a web address goes by the name it prints, else "local".
    """
    return registrable_domain(url) or (site_name or "").strip() or "local"
