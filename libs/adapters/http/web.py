"""Builds the HTTP client for strangers from the settings."""

from importlib.metadata import version

from libs.adapters.http.addresses import AddressPolicy
from libs.adapters.http.client import HttpClient, HttpLimits, open_ports, user_agent
from libs.adapters.http.polite import Pace, PoliteHttp
from libs.adapters.http.settings import WebSettings


def open_web(settings: WebSettings) -> PoliteHttp:
    """The HTTP client as the settings want it."""
    limits = HttpLimits(
        connect_seconds=settings.fetcher_connect_seconds,
        first_byte_seconds=settings.fetcher_first_byte_seconds,
        total_seconds=settings.fetcher_total_seconds,
        wire_bytes=settings.fetcher_wire_bytes,
        decoded_bytes=settings.fetcher_decoded_bytes,
        ports=open_ports(settings.fetcher_allow_ports),
    )
    client = HttpClient(
        user_agent(version("newsfold"), settings.fetcher_contact),
        AddressPolicy.opening(settings.fetcher_allow_networks),
        limits,
    )
    return PoliteHttp(client, Pace(least_seconds=settings.fetcher_host_pause_seconds))
