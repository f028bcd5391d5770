"""What stands between a browser and this server: proxies, tunnels, mDNS, load balancers."""

import asyncio
import socket
from pathlib import Path

import pytest

from chaosmonkey.config import ServerSettings
from tests.patience import connect
from tests.unit.api.conftest import Site, opened

PUBLIC = "https://chaos.example:8443"
SECRET = "a secret of the presenter"


@pytest.mark.parametrize("host", ["chaos.example", "chaos.example:8443", "127.0.0.1:8080"])
async def test_pages_at_the_public_url_may_act_whatever_host_a_proxy_passes_on(
    tmp_path: Path, host: str
) -> None:
    """The usual settings pass on the name without its port."""
    server = ServerSettings(public_url=PUBLIC, presenter_token=SECRET)
    async with opened(tmp_path, server=server) as site:
        headers = {"Host": host, "Origin": PUBLIC, "Authorization": f"Bearer {SECRET}"}
        assert (await site.client.post("/kill/node3", headers=headers)).status_code == 200
        here = {"host": "127.0.0.1", "port": int(site.url.rpartition(":")[2])}
        async with connect(f"ws://{host}/ws", origin=PUBLIC, **here) as stream:
            assert '"snapshot"' in await stream.recv()
        foreign = headers | {"Origin": "https://chaos.example:9"}
        assert (await site.client.post("/halt", headers=foreign)).status_code == 403


async def test_without_its_pages_files_the_server_answers_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chaosmonkey.api.routes.pages.FOLDER", tmp_path / "nowhere")
    async with opened(tmp_path) as site:
        page = await site.client.get("/")
        assert page.status_code == 503
        assert "This installation has no built pages" in page.text
        assert (await site.client.post("/halt")).status_code == 200


def own_names() -> list[str]:
    own = socket.gethostname().partition(".")[0]
    return [
        own,
        f"{own}.local",
        f"{own}-2.local",
        f"{own}.lan",
        f"{own}.local.",
        f"{own}.fritz.box",
    ]


@pytest.mark.parametrize("number", range(6))
async def test_this_machines_names_are_ours_as_mdns_and_home_routers_write_them(
    site: Site, number: int
) -> None:
    for name in (own_names()[number], own_names()[number].upper()):
        answer = await site.client.get("/api/state", headers={"Host": f"{name}:8080"})
        assert answer.status_code == 200, name


@pytest.mark.parametrize("form", ["x{}", "{}.evil.example", "{}-2x.local", "{}.local.evil.example"])
async def test_names_that_only_look_like_this_machines_are_not(site: Site, form: str) -> None:
    name = form.format(own_names()[0])
    assert (await site.client.get("/", headers={"Host": name})).status_code == 421


async def chunked(site: Site, path: str, *chunks: bytes) -> str:
    """Status line of the answer to a POST whose body does not say how long it is."""
    host, port = site.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n"
        "Content-Type: application/json\r\nX-Chaosmonkey: 1\r\n\r\n".encode()
    )
    for chunk in (*chunks, b""):
        writer.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
    status = (await reader.readline()).decode()
    writer.close()
    return status.split(maxsplit=2)[1]


async def test_a_body_in_chunks_is_read_and_an_empty_one_is_none(site: Site) -> None:
    assert await chunked(site, "/halt") == "200"
    assert await chunked(site, "/release") == "200"
    assert await chunked(site, "/api/show", b'{"sce', b'ne": "qr"}') == "200"
    assert site.room.show.scene == "qr"
    assert await chunked(site, "/api/show", *[b"x" * 4096] * 5) == "413"


async def test_what_only_shows_something_is_answered_to_head_and_no_command_is(site: Site) -> None:
    for path in ("/healthz", "/readyz", "/api/state", "/api/outages", "/", "/console"):
        answer = await site.client.head(path)
        assert answer.status_code != 405, path
        assert answer.content == b""
    for path in ("/kill/node3", "/arm", "/halt", "/release", "/restore/node3"):
        assert (await site.client.head(path)).status_code == 405
    assert site.table.diary == []
    assert site.table.monkey.safety.halted is None
