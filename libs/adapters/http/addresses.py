"""Which addresses may be dialled: the public Internet, and what the operator opened.

In: an address as it will be dialled. Out: allowed or not. The table is explicit because `ipaddress.is_global` changed
its mind between patch releases of Python. It is the union of stripe/smokescreen (`smokescreen.go`) and mastodon
(`private_address_check.rb`), with the registries of RFC 6890 behind both.
"""

import socket
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

DENIED_V4 = tuple(
    IPv4Network(n)
    for n in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, cloud metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
GLOBAL_UNICAST_V6 = IPv6Network("2000::/3")  # all else is unspecified, loopback, local, multicast, NAT64 or reserved
DENIED_V6 = tuple(
    IPv6Network(n)
    for n in (
        "2001::/23",  # protocol assignments: Teredo, benchmarks, ORCHID 2001:10::/28 and 2001:20::/28
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4 carries any IPv4 address
        "3fff::/20",  # documentation
    )
)
V4_MAPPED = IPv6Network("::ffff:0:0/96")
V4_COMPATIBLE = IPv6Network("::/96")


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """Judges addresses. `opened` networks are allowed although the table denies them."""

    opened: tuple[Network, ...] = field(default=())

    @classmethod
    def opening(cls, networks: Iterable[str]) -> "AddressPolicy":
        """From CIDR strings. Raises ValueError for what is none."""
        return cls(tuple(ip_network(network.strip()) for network in networks if network.strip()))

    def allows(self, address: Address) -> bool:
        """Whether `address` may be dialled."""
        return self.is_opened(address) or not (is_denied(address) or is_own(address))

    def is_opened(self, address: Address) -> bool:
        """Whether the operator opened it, in either spelling of an IPv4 address."""
        inner = embedded_v4(address)
        return any(a in n for n in self.opened for a in (address, inner) if a is not None and a.version == n.version)


def is_denied(address: Address) -> bool:
    """Whether the table denies `address`."""
    if isinstance(address, IPv4Address):
        return any(address in network for network in DENIED_V4)
    inner = embedded_v4(address)
    if inner is not None and int(inner) > 1:  # `::` and `::1` are addresses of their own
        return is_denied(inner)
    return address not in GLOBAL_UNICAST_V6 or any(address in network for network in DENIED_V6)


def embedded_v4(address: Address) -> IPv4Address | None:
    """The IPv4 address that a mapped or compatible IPv6 address stands for."""
    if isinstance(address, IPv6Address) and (address in V4_MAPPED or address in V4_COMPATIBLE):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def is_own(address: Address) -> bool:
    """Whether `address` is one of this machine: its packets would leave from that same address. Sends nothing."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((str(address), 9))  # a datagram socket only looks up the route
            return bool(ip_address(probe.getsockname()[0]) == address)
    except OSError:
        return False  # no route: dialling will say so
