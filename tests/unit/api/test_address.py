"""Under which address phones reach this server."""

import ipaddress
from urllib.parse import urlsplit

import pytest

from chaosmonkey.api.address import join_url
from chaosmonkey.config import Server


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        (Server(), "http://127.0.0.1:8080/play"),
        (Server(host="::1"), "http://[::1]:8080/play"),
        (Server(public_url="http://chaos.local/"), "http://chaos.local/play"),
        (Server(host="192.168.1.5", port=80), "http://192.168.1.5/play"),
    ],
)
def test_the_configured_name_wins_then_the_address(server: Server, expected: str) -> None:
    assert join_url(server, server.port) == expected


def test_a_server_that_listens_everywhere_names_an_address_of_this_machine() -> None:
    host = urlsplit(join_url(Server(host="0.0.0.0"), 8080)).hostname
    assert host is not None
    assert not ipaddress.ip_address(host).is_unspecified
