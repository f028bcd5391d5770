"""The fast path answers as the application would, and leaves to it whatever is unusual."""

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send
from websockets.exceptions import ConnectionClosed, InvalidStatus

from chaosmonkey.api.fast_path import FastPath
from chaosmonkey.config import ServerSettings
from tests.patience import connect, until
from tests.unit.api.conftest import Site, opened

SCRIPT = b"export const many = 'words and words and words and words and words and words';\n" * 9
ICON = b"<svg/>"


@pytest.fixture(autouse=True)
def _build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small build of the pages."""
    folder = tmp_path / "pages"
    (folder / "assets").mkdir(parents=True)
    for name in ("stage", "console", "phone"):
        (folder / f"{name}.html").write_text(f"<!doctype html><title>{name}</title>")
    (folder / "assets/phone-1.js").write_bytes(SCRIPT)
    (folder / "assets/plug-2.svg").write_bytes(ICON)
    monkeypatch.setattr("chaosmonkey.api.routes.pages.FOLDER", folder)


@pytest.fixture
async def prefixed(tmp_path: Path) -> AsyncIterator[Site]:
    """Below a prefix, and open to the network."""
    server = ServerSettings(public_url="https://example.org/chaos")
    async with opened(tmp_path / "data", server=server, open_here=False) as found:
        yield found


class Passed:
    """The application, and what came to it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.paths: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.paths.append(scope["path"])
        await self._app(scope, receive, send)


def both(site: Site) -> tuple[httpx.AsyncClient, httpx.AsyncClient, Passed]:
    """A client of the fast path, one of the application alone, and what the fast path passes on."""
    state, passed = site.app.state, Passed(site.app)
    files = {path: file for path, file in state.static_files.items() if path != "/console"}
    settings = state.context.lab.server
    fast = FastPath(passed, settings, files=files, backend=state.phone_backend)
    return (
        httpx.AsyncClient(transport=httpx.ASGITransport(fast), base_url="http://127.0.0.1"),
        httpx.AsyncClient(transport=httpx.ASGITransport(site.app), base_url="http://127.0.0.1"),
        passed,
    )


def told(answer: httpx.Response) -> tuple[int, list[tuple[str, str]], bytes]:
    return answer.status_code, sorted(answer.headers.multi_items()), answer.content


PACKED: dict[str, str] = {"Accept-Encoding": "gzip, deflate"}
PLAIN: dict[str, str] = {"Accept-Encoding": "identity"}


@pytest.mark.parametrize("prefix", ["", "/chaos"])
@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/", {}),
        ("/play", {}),
        ("/play?code=KTX4P", {"Origin": "https://elsewhere.example", "Cookie": "seat-80=forged"}),
        ("/assets/phone-1.js", PACKED),
        ("/assets/phone-1.js", PLAIN),
        ("/assets/plug-2.svg", PACKED),
        ("/j/KTX4P", {}),
        ("/j/ktx 4p%0d%0aX-Evil:%201", {}),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_what_a_hall_requests_is_answered_without_the_application_and_the_same(
    prefixed: Site, method: str, path: str, headers: dict[str, str], prefix: str
) -> None:
    fast, alone, passed = both(prefixed)
    mine = await fast.request(method, prefix + path, headers=headers)
    assert passed.paths == []
    assert mine.status_code in (200, 302)
    assert mine.headers["content-security-policy"].startswith("default-src 'self'")
    its = await alone.request(method, prefix + path, headers=headers)
    assert told(mine) == told(its)


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/play", {"Host": "evil.example"}, 421),
        ("GET", "/assets/phone-1.js", {"Host": "evil.example"}, 421),
        ("GET", "/j/KTX4P", {"Host": "evil.example"}, 421),
        ("GET", "/play", {"Authorization": "Bearer chaos_unknown"}, 401),
        ("POST", "/play", {}, 405),
        ("DELETE", "/assets/phone-1.js", {}, 405),
        ("GET", "/assets/phone-0.js", {}, 404),
        ("GET", "/assets/../play", {}, 200),
        ("GET", "/assets/%2e%2e/phone.html", {}, 404),
        ("GET", "/play/", {}, 307),
        ("GET", "/console", {}, 303),
        ("GET", "/console?token=chaos_unknown", {}, 401),
        ("GET", "/j", {}, 302),
        ("GET", f"/j/{'K' * 41}", {}, 422),
        ("GET", "/j/a/b", {}, 404),
        ("GET", "/healthz", {}, 200),
    ],
)
async def test_whatever_is_unusual_is_the_applications(
    prefixed: Site, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    fast, alone, passed = both(prefixed)
    mine = await fast.request(method, path, headers=headers)
    its = await alone.request(method, path, headers=headers)
    assert mine.status_code == status
    assert told(mine) == told(its)
    assert len(passed.paths) == (0 if path == "/assets/../play" else 1)  # httpx tidies it


async def test_a_wrong_token_at_a_page_is_counted_and_audited(prefixed: Site) -> None:
    wrong = {"Authorization": "Bearer chaos_unknown"}
    for _ in range(10):
        assert (await prefixed.client.get("/play", headers=wrong)).status_code == 401
    assert (await prefixed.client.get("/play", headers=wrong)).status_code == 429
    rows = [row for row in await prefixed.audit.latest(100) if row.command == "GET /play"]
    assert len(rows) == 11
    assert not any(row.accepted for row in rows)


async def test_pages_come_through_the_real_server_compressed_and_by_head(site: Site) -> None:
    page = await site.client.get("/play")
    assert page.text == "<!doctype html><title>phone</title>"
    assert page.headers["cache-control"] == "no-store"
    head = await site.client.head("/play")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(page.content))
    async with site.client.stream("GET", "/assets/phone-1.js", headers=PACKED) as packed:
        raw = b"".join([chunk async for chunk in packed.aiter_raw()])
    assert gzip.decompress(raw) == SCRIPT
    assert packed.headers["vary"] == "Accept-Encoding"
    assert "immutable" in packed.headers["cache-control"]


async def test_the_build_that_was_there_at_the_start_is_served_until_the_next_start(
    site: Site, tmp_path: Path
) -> None:
    before = [(await site.client.get(path)).content for path in ("/play", "/assets/phone-1.js")]
    (tmp_path / "pages/phone.html").write_text("<!doctype html><title>half of a new bu")
    (tmp_path / "pages/assets/phone-1.js").unlink()
    after = [(await site.client.get(path)).content for path in ("/play", "/assets/phone-1.js")]
    assert after == before


async def test_a_phones_handshake_needs_no_application(site: Site) -> None:
    origin = site.url
    async with connect(site.url.replace("http", "ws") + "/ws/play", origin=origin) as phone:
        await until(lambda: site.phones.listening == 1)
        assert '"play"' in await phone.recv()
    await until(lambda: site.phones.listening == 0)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Host": "evil.example"},
        {"Authorization": "Bearer chaos_unknown"},
    ],
)
async def test_a_foreign_page_or_host_and_a_wrong_token_open_no_phones_socket(
    site: Site, headers: dict[str, str]
) -> None:
    url = site.url.replace("http", "ws") + "/ws/play"
    with pytest.raises((InvalidStatus, ConnectionClosed)):
        async with connect(url, additional_headers=headers) as phone:
            await phone.recv()
    assert site.phones.listening == 0


async def test_a_phone_behind_a_proxy_shows_the_public_origin(prefixed: Site) -> None:
    for path in ("/ws/play", "/chaos/ws/play"):
        url = prefixed.url.replace("http", "ws") + path
        async with connect(url, origin="https://example.org") as phone:
            assert '"play"' in await phone.recv()
        with pytest.raises((InvalidStatus, ConnectionClosed)):
            async with connect(url, origin="https://example.com") as phone:
                await phone.recv()
