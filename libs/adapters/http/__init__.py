"""HTTP to strangers: one client, guarded at the address actually dialled, polite, bounded in bytes and time."""

from libs.adapters.http.addresses import AddressPolicy
from libs.adapters.http.client import Fetched, HttpClient, HttpLimits, Validators
from libs.adapters.http.failures import FetchFailed
from libs.adapters.http.polite import Pace, PoliteHttp
from libs.adapters.http.robots import Robots

__all__ = [
    "AddressPolicy",
    "FetchFailed",
    "Fetched",
    "HttpClient",
    "HttpLimits",
    "Pace",
    "PoliteHttp",
    "Robots",
    "Validators",
]
