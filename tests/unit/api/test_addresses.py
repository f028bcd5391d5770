"""Under which address phones reach this server."""

import ipaddress
from urllib.parse import urlsplit

import pytest
from pydantic import ValidationError

from chaosmonkey.api.addresses import Interface, choose, join_url
from chaosmonkey.config import ServerSettings


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        (ServerSettings(), "http://127.0.0.1:8080/play"),
        (ServerSettings(host="::1"), "http://[::1]:8080/play"),
        (ServerSettings(public_url="http://chaos.local/"), "http://chaos.local/play"),
        (ServerSettings(host="192.168.1.5", port=80), "http://192.168.1.5/play"),
    ],
)
def test_the_configured_name_wins_then_the_address(server: ServerSettings, expected: str) -> None:
    assert join_url(server, server.port) == expected


def test_a_server_that_listens_everywhere_names_an_address_of_this_machine() -> None:
    host = urlsplit(join_url(ServerSettings(host="0.0.0.0"), 8080)).hostname
    assert host is not None
    assert not ipaddress.ip_address(host).is_unspecified


WIRED = Interface("eth0", "10.0.0.2")
WIFI = Interface("wlan0", "192.168.7.9")
POD_NETWORK = Interface("cni0", "10.42.0.1")
DUMMY = Interface("dummy0", "203.0.113.254")
"""What k3s needs where there is no default route."""


@pytest.mark.parametrize(
    ("interfaces", "way_out", "address", "why"),
    [
        ([WIRED, WIFI], "192.168.7.9", "192.168.7.9", "wlan0: it has the default route"),
        ([WIRED, WIFI], "10.0.0.2", "10.0.0.2", "this machine has 192.168.7.9 (wlan0) too"),
        ([WIRED, WIFI], "", "192.168.7.9", "there is no default route, and it is Wi-Fi"),
        ([POD_NETWORK, DUMMY, WIRED], "203.0.113.254", "10.0.0.2", "eth0"),
        ([DUMMY, WIRED, WIFI], "203.0.113.254", "192.168.7.9", "wlan0"),
        ([Interface("eth0", "169.254.3.4"), WIFI], "", "192.168.7.9", "wlan0"),
        ([Interface("lo", "127.0.0.1"), POD_NETWORK], "", "127.0.0.1", "no network"),
    ],
)
def test_an_audience_is_sent_to_an_address_that_it_can_reach(
    interfaces: list[Interface], way_out: str, address: str, why: str
) -> None:
    found = choose(interfaces, way_out)
    assert found.host == address
    assert why in found.why
    assert bool(found.trouble) == (address == "127.0.0.1")


@pytest.mark.parametrize(
    ("url", "origin", "prefix"),
    [
        ("https://chaos.example", "https://chaos.example", ""),
        ("https://chaos.example:443/", "https://chaos.example", ""),
        ("http://chaos.local:8080", "http://chaos.local:8080", ""),
        ("https://Example.org/chaos/", "https://example.org", "/chaos"),
    ],
)
def test_a_public_url_is_an_origin_and_a_prefix(url: str, origin: str, prefix: str) -> None:
    server = ServerSettings(public_url=url)
    assert (server.public_origin, server.prefix) == (origin, prefix)


@pytest.mark.parametrize(
    "url", ["chaos.local:8080", "chaos.local", "ftp://chaos.local", "http://", "http://a:b@c/",
            "http://chaos.local/?a", "http://chaos.local:99999"]
)  # fmt: skip
def test_a_public_url_that_no_phone_could_open_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        ServerSettings(public_url=url)
