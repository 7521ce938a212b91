"""The deny table and how URLs are read: no address of a private network is dialled, however it is spelt."""

from ipaddress import ip_address

import pytest

from libs.adapters.http.addresses import AddressPolicy, is_denied
from libs.adapters.http.failures import FetchFailed
from libs.adapters.http.targets import read_target

DENIED = [
    "0.0.0.0",
    "0.255.255.255",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.170",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "febf::1",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "3fff::1",
    "3fff:fff::1",
    "100::1",
    "2001::1",
    "2001:10::1",
    "2001:20::1",
    "2002:7f00:1::",
    "2002:808:808::",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "::10.0.0.1",
    "::ffff:0:8.8.8.8",
    "5f00::1",
    "4000::1",
]
ALLOWED = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.1",
    "100.63.255.255",
    "100.128.0.1",
    "126.255.255.255",
    "128.0.0.1",
    "169.253.255.255",
    "172.15.255.255",
    "172.32.0.1",
    "192.0.1.1",
    "192.88.98.1",
    "192.167.255.255",
    "198.17.255.255",
    "198.20.0.1",
    "203.0.112.1",
    "223.255.255.255",
    "2606:4700::1111",
    "2a00:1450:4001::1",
    "2001:4860:4860::8888",
    "2003::1",
    "::ffff:8.8.8.8",
]


@pytest.mark.parametrize("address", DENIED)
def test_what_is_not_public_is_denied(address: str) -> None:
    assert is_denied(ip_address(address))


@pytest.mark.parametrize("address", ALLOWED)
def test_what_is_public_is_allowed(address: str) -> None:
    assert not is_denied(ip_address(address))


def test_opened_networks_are_allowed_in_both_spellings_and_nothing_else_is() -> None:
    policy = AddressPolicy.opening(["10.1.0.0/16", "fd00::/8"])
    assert policy.allows(ip_address("10.1.2.3"))
    assert policy.allows(ip_address("::ffff:10.1.2.3"))
    assert policy.allows(ip_address("fd12::1"))
    assert not policy.allows(ip_address("10.2.0.1"))
    assert not policy.allows(ip_address("127.0.0.1"))


@pytest.mark.parametrize("network", ["10.0.0.1/8", "everything", "10.0.0.0/33"])
def test_what_is_no_network_is_an_error_not_a_hole(network: str) -> None:
    with pytest.raises(ValueError):
        AddressPolicy.opening([network])


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://2130706433/", "127.0.0.1"),
        ("http://0x7f000001/", "127.0.0.1"),
        ("http://0177.0.0.1/", "127.0.0.1"),
        ("http://127.1/", "127.0.0.1"),
        ("http://%31%32%37.0.0.1/", "127.0.0.1"),
        ("http://１２７。０。０。１/", "127.0.0.1"),
        ("http://[::ffff:7f00:1]/", "::ffff:7f00:1"),
        ("http://EXAMPLE.com./", "example.com"),
        ("http://bücher.example/", "xn--bcher-kva.example"),
        ("http://h.example\\@evil.example/", "h.example"),
        ("ht\ntp://h.exa\tmple/", "h.example"),
        (" https://h.example ", "h.example"),
    ],
)
def test_hosts_are_read_as_they_will_be_dialled(url: str, host: str) -> None:
    assert read_target(url, ports={80, 443}).host == host


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://h.example/", "fetch_scheme"),
        ("file:///etc/passwd", "fetch_scheme"),
        ("gopher://h.example/", "fetch_scheme"),
        ("javascript:alert(1)", "fetch_scheme"),
        ("h.example/x", "fetch_url_invalid"),
        ("http://", "fetch_url_invalid"),
        ("http://user@h.example/", "fetch_url_invalid"),
        ("http://user:pw@h.example/", "fetch_url_invalid"),
        ("http://h..example/", "fetch_url_invalid"),
        ("http://.example/", "fetch_url_invalid"),
        ("http://h.example../", "fetch_url_invalid"),
        ("http://1.2.3.4.5/", "fetch_url_invalid"),
        ("http://xn--a/", "fetch_url_invalid"),
        ("http://h.example/" + "x" * 9000, "fetch_url_invalid"),
        ("http://h.example:22/", "fetch_port_denied"),
        ("http://h.example:9200/", "fetch_port_denied"),
    ],
)
def test_what_cannot_be_asked_has_its_reason(url: str, reason: str) -> None:
    with pytest.raises(FetchFailed) as caught:
        read_target(url, ports={80, 443})
    assert caught.value.reason == reason
    assert not caught.value.transient


def test_the_host_header_has_the_port_only_where_it_is_unusual() -> None:
    assert read_target("https://h.example:443/", ports={443}).authority == "h.example"
    assert read_target("http://h.example:443/", ports={443}).authority == "h.example:443"
    assert read_target("http://[2606:4700::1]:80/", ports={80}).authority == "[2606:4700::1]"
