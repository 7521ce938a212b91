"""Settings of everything that asks others: the fetcher, and the command that tries a feed or adds a source."""

from ipaddress import ip_network
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from libs.runtime.settings import Settings

MIB = 1024**2


class WebSettings(Settings):
    """How others are asked, and how often. The names say `fetcher`, whose settings these are first of all."""

    fetcher_contact: str = Field(
        "https://newsfold.example/contact",
        description="URL at which the operator can be reached; sent to every host with the product's name.",
    )
    fetcher_allow_networks: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Networks (CIDR, separated by commas) that are fetched from although they are not public."
    )
    fetcher_allow_ports: Annotated[tuple[Annotated[int, Field(ge=1, le=65535)], ...], NoDecode] = Field(
        (), description="Ports (separated by commas) that are fetched from beside 80 and 443."
    )
    fetcher_host_pause_seconds: float = Field(
        0.5, ge=0, le=60, description="Least pause between two requests to one host, in seconds."
    )
    fetcher_connect_seconds: float = Field(5, gt=0, description="Seconds for a connection; as many again for TLS.")
    fetcher_first_byte_seconds: float = Field(10, gt=0, description="Seconds from the request to the last header.")
    fetcher_total_seconds: float = Field(30, gt=0, description="Seconds for a page with all its redirects.")
    fetcher_wire_bytes: int = Field(5 * MIB, ge=1024, description="Most bytes received for a page, as sent.")
    fetcher_decoded_bytes: int = Field(20 * MIB, ge=1024, description="Most bytes of a page or file, unpacked.")
    fetcher_feed_seconds: float = Field(10, gt=0, description="Seconds that a feed may take to read.")
    fetcher_feed_memory_bytes: int = Field(
        1024 * MIB, ge=256 * MIB, description="Address space of the child process that reads feeds, in bytes."
    )
    fetcher_poll_floor_seconds: float = Field(300, ge=1, description="Shortest polling period of a source, seconds.")
    fetcher_poll_cap_seconds: float = Field(86400, ge=1, description="Longest polling period of a source, seconds.")

    @field_validator("fetcher_allow_networks", "fetcher_allow_ports", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """`a, b` as an environment variable has it."""
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("fetcher_allow_networks")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            ip_network(network)
        return value
