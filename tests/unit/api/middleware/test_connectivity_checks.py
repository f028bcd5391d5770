"""Phones that check for the internet are answered if that is wanted, on these paths only."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from chaosmonkey.api.middleware.connectivity_checks import ANSWERS
from chaosmonkey.config import Audience
from tests.patience import connect
from tests.unit.api.conftest import Site, opened

CHECKS = {
    "http://captive.apple.com/hotspot-detect.html": (
        200,
        "text/html",
        "<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>",
    ),
    "http://connectivitycheck.gstatic.com/generate_204": (204, "", ""),
    "http://clients3.google.com/generate_204": (204, "", ""),
    "http://www.google.com/gen_204": (204, "", ""),
    "http://www.msftconnecttest.com/connecttest.txt": (
        200,
        "text/plain",
        "Microsoft Connect Test",
    ),
    "http://detectportal.firefox.com/canonical.html": (
        200,
        "text/html",
        '<meta http-equiv="refresh" '
        'content="0;url=https://support.mozilla.org/kb/captive-portal"/>',
    ),
    "http://detectportal.firefox.com/success.txt": (200, "text/plain", "success\n"),
    "http://detectportal.firefox.com/success.txt?ipv4": (200, "text/plain", "success\n"),
}
"""What each system fetches, and what it expects: status, type and text."""


def split(url: str) -> tuple[str, str]:
    host, _, path = url.removeprefix("http://").partition("/")
    return host, f"/{path}"


@pytest.fixture
async def answering(tmp_path: Path) -> AsyncIterator[Site]:
    async with opened(tmp_path, audience=Audience(connectivity_checks=True)) as found:
        yield found


@pytest.mark.parametrize("url", CHECKS)
async def test_a_check_gets_the_answer_that_its_system_expects(answering: Site, url: str) -> None:
    host, path = split(url)
    status, kind, text = CHECKS[url]
    for name in (host, host.upper(), f"{host}:80"):
        answer = await answering.client.get(path, headers={"Host": name})
        assert (answer.status_code, answer.text) == (status, text), name
        assert answer.headers.get("content-type", "").partition(";")[0] == kind
        assert answer.headers["cache-control"] == "no-store"
        assert "set-cookie" not in answer.headers
    head = await answering.client.head(path, headers={"Host": host})
    assert (head.status_code, head.text) == (status, "")


def test_every_answer_is_one_of_these_checks() -> None:
    assert set(ANSWERS) == {split(url.partition("?")[0]) for url in CHECKS}


@pytest.mark.parametrize("url", CHECKS)
async def test_without_the_setting_a_check_is_a_request_for_a_foreign_host(
    site: Site, url: str
) -> None:
    host, path = split(url)
    answer = await site.client.get(path, headers={"Host": host})
    assert answer.status_code == 421


@pytest.mark.parametrize("host", sorted({host for host, _ in ANSWERS}))
@pytest.mark.parametrize(
    "path", ["/", "/play", "/console", "/api/state", "/generate_204/", "//generate_204", "/halt"]
)
async def test_nothing_else_of_these_hosts_is_served(answering: Site, host: str, path: str) -> None:
    answer = await answering.client.get(answering.url + path, headers={"Host": host})
    assert answer.status_code == 421
    changed = await answering.client.post(answering.url + path, headers={"Host": host})
    assert changed.status_code == 421


@pytest.mark.parametrize("url", CHECKS)
async def test_a_check_of_another_host_or_by_another_method_is_refused(
    answering: Site, url: str
) -> None:
    host, path = split(url)
    for name in (f"{host}.evil.example", f"evil.{host}", "example.com"):
        answer = await answering.client.get(path, headers={"Host": name})
        assert answer.status_code == 421, name
    assert (await answering.client.post(path, headers={"Host": host})).status_code == 421
    assert (await answering.client.get(path)).status_code == 404  # by this server's own address


async def test_a_websocket_of_such_a_host_is_refused(answering: Site) -> None:
    host, port = answering.url.removeprefix("http://").split(":")
    with pytest.raises(InvalidStatus) as refused:
        async with connect("ws://captive.apple.com/ws/play", host=host, port=int(port)):
            pass
    assert refused.value.response.status_code == 403
