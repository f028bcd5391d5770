"""What an attacker tries, over a real port; as bytes where no client would send it."""

import asyncio
import json

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from chaosmonkey.access import Role
from tests.meant import MEANT
from tests.patience import PATIENCE, connect
from tests.unit.api.conftest import Site

EVIL = "http://evil.example"


async def raw(site: Site, text: str | bytes) -> str:
    """What the server answers to these very bytes, up to its first line break."""
    host, port = site.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(text if isinstance(text, bytes) else text.encode("latin-1"))
    try:
        async with asyncio.timeout(PATIENCE):
            return (await reader.readline()).decode("latin-1").strip()
    finally:
        writer.close()


# --- a browser that visits another site -----------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": EVIL},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1"},  # another port is another site
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Purpose": "prefetch;prerender"},
    ],
)
@pytest.mark.parametrize("path", ["/kill/node3", "/halt", "/arm", "/release", "/restore/node3"])
async def test_another_sites_page_changes_nothing_by_get_or_by_post(
    site: Site, headers: dict[str, str], path: str
) -> None:
    for method in ("GET", "POST"):
        assert (await site.client.request(method, path, headers=headers)).status_code == 403
    assert site.table.diary == []
    assert site.table.monkey.safety.halted is None


@pytest.mark.parametrize("accept", ["text/html,*/*;q=0.8", "image/avif,image/webp,*/*"])
async def test_an_image_or_a_link_elsewhere_kills_nothing_in_a_browser_that_tells_nothing(
    site: Site, accept: str
) -> None:
    for headers in ({"Accept": accept}, {"Accept": accept, "Sec-Fetch-Site": "none"}):
        for path in ("/kill/node3", "/restore/node3", "/arm", "/halt", "/release"):
            await site.client.get(path, headers=headers)
    assert site.table.diary == []
    assert site.table.monkey.safety.halted is None


BROWSER = {"Accept": "*/*", "User-Agent": "Mozilla/5.0 (X11; Linux x86_64)"}


async def test_a_page_on_another_port_of_the_same_host_cannot_use_the_presenters_cookie(
    public_site: Site,
) -> None:
    """Over plain HTTP a browser sends the cookie and says nothing of where it comes from."""
    secret = public_site.tokens.make("speaker", Role.PRESENTER)
    await public_site.client.post("/login", data={"token": secret})
    for path in ("/kill/node3", "/restore/node3", "/arm", "/release", "/halt"):
        answer = await public_site.client.get(path, headers=BROWSER)
        assert answer.status_code == 403, path
        assert "Send a POST" in answer.text
    assert public_site.table.diary == []
    assert public_site.table.monkey.safety.halted is None
    token = BROWSER | {"Authorization": f"Bearer {secret}"}
    assert (await public_site.client.get("/kill/node3", headers=token)).status_code == 200


async def test_a_browser_that_opens_a_commands_address_is_shown_one_button_that_sends_it(
    site: Site,
) -> None:
    page = await site.client.get(
        "/kill/node3?feed=power&for=20", headers={"Accept": "text/html,*/*;q=0.8"}
    )
    assert page.status_code == 200
    assert '<form method="post">' in page.text  # to the page's own address
    assert "<button>Cut node3</button>" in page.text
    assert site.table.diary == []
    form = {"Accept": "text/html,*/*;q=0.8", "Origin": site.url}
    answer = await site.client.post("/kill/node3?feed=power&for=20", headers=form)
    assert answer.text.startswith("node3 lost its power.")


async def test_the_address_of_a_command_is_no_way_into_the_page(site: Site) -> None:
    page = await site.client.get(
        '/kill/"><script>alert(1)?for="><b>', headers={"Accept": "text/html"}
    )
    assert "<button>" in page.text
    assert "<script>" not in page.text
    assert '"><b>' not in page.text


@pytest.mark.parametrize("agent", ["Python/3.11 aiohttp/3.14.5", "Go-http-client/1.1", "", "kube"])
async def test_a_program_that_is_sent_here_by_a_redirect_does_not_act(
    site: Site, agent: str
) -> None:
    """An API server that answers 302 to /kill/node3 on loopback commands whoever follows it."""
    for path in ("/kill/node3", "/restore/node3", "/arm", "/release", "/halt"):
        answer = await site.client.get(path, headers={"User-Agent": agent})
        assert answer.status_code == 403, path
    assert site.table.diary == []
    curl = await site.client.get("/kill/node3", headers={"User-Agent": "curl/7.88.1"})
    assert curl.status_code == 200


@pytest.mark.parametrize("agent", ["Python/3.11 aiohttp/3.14.5", "Go-http-client/1.1", "", "kube"])
async def test_a_program_whose_post_is_redirected_here_cuts_and_releases_nothing(
    site: Site, agent: str
) -> None:
    """307 and 308 repeat a POST with its body; only its address speaks for such a program."""
    program = {"User-Agent": agent}
    async with httpx.AsyncClient(base_url=site.url, timeout=PATIENCE) as redirected:
        for path in ("/kill/node3", "/arm", "/disarm", "/release", "/api/show"):
            answer = await redirected.post(path, headers=program, json={"scene": "qr"})
            assert answer.status_code == 403, path
            assert "X-Chaosmonkey" in answer.json()["remedy"]
        assert site.table.diary == []
        for path in ("/halt", "/restore/node3"):  # the safe side needs no proof
            assert (await redirected.post(path, headers=program)).status_code == 200
        assert (await redirected.post("/release", headers=MEANT)).status_code == 200


async def test_curl_and_our_own_pages_need_no_header_to_send_a_command(site: Site) -> None:
    page = {"User-Agent": "Mozilla/5.0", "Origin": site.url, "Sec-Fetch-Site": "same-origin"}
    async with httpx.AsyncClient(base_url=site.url, timeout=PATIENCE) as client:
        for sent in (page, {"User-Agent": "curl/7.88.1"}):
            assert (await client.post("/arm", headers=sent)).status_code == 200


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
async def test_a_header_does_not_choose_the_callers_address(site: Site, header: str) -> None:
    """No proxy is configured: the address in the audit log is that of the connection."""
    await site.client.post("/halt", headers={header: "203.0.113.7"})
    await site.audit.write()
    rows = (await site.client.get("/api/audit")).json()
    assert {row["address"] for row in rows} == {"127.0.0.1"}


async def test_two_servers_on_one_host_do_not_sign_each_other_out(public_site: Site) -> None:
    secret = public_site.tokens.make("speaker", Role.PRESENTER)
    answer = await public_site.client.post("/login", data={"token": secret})
    port = public_site.url.rpartition(":")[2]
    assert answer.headers["set-cookie"].startswith(f"presenter-{port}=")


async def test_a_form_of_another_site_cannot_send_what_the_api_reads_as_json(site: Site) -> None:
    body = json.dumps({"scene": "qr"})
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        headers = {"Content-Type": kind, "Origin": EVIL}
        assert (await site.client.post("/api/show", content=body, headers=headers)).is_client_error
    assert site.room.show.scene == "board"


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8080", "localhost.evil.example", ""]
)
async def test_a_name_that_was_rebound_to_this_machine_reaches_nothing(
    site: Site, host: str
) -> None:
    for path in ("/", "/api/state", "/kill/node3"):
        assert (await site.client.get(path, headers={"Host": host})).status_code in (400, 421)
    assert site.table.diary == []


@pytest.mark.parametrize("path", ["/ws", "/ws/play"])
async def test_a_websocket_of_another_site_or_a_rebound_name_is_not_opened(
    site: Site, path: str
) -> None:
    url = site.url.replace("http", "ws") + path
    for headers in ({"Origin": EVIL}, {"Origin": "null"}):
        with pytest.raises(InvalidStatus) as caught:
            async with connect(url, additional_headers=headers):
                pass
        assert caught.value.response.status_code == 403
    handshake = (
        f"GET {path} HTTP/1.1\r\nHost: evil.example\r\nUpgrade: websocket\r\nConnection: Upgrade"
        "\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    assert (await raw(site, handshake)).split()[1] in ("403", "421")


async def test_no_answer_may_be_read_framed_or_sniffed_by_another_site(site: Site) -> None:
    for path in ("/", "/console", "/login", "/api/state", "/nothing", "/docs"):
        headers = (await site.client.get(path, headers={"Origin": EVIL})).headers
        assert "access-control-allow-origin" not in headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-frame-options"] == "DENY"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "server" not in headers


# --- cookies and seats ----------------------------------------------------------------------------


async def test_a_cookie_that_was_copied_is_worth_nothing_after_signing_out(
    public_site: Site,
) -> None:
    secret = public_site.tokens.make("speaker", Role.PRESENTER)
    ask = public_site.client
    answer = await ask.post("/login", data={"token": secret})
    copied = {"Cookie": answer.headers["set-cookie"].split(";")[0]}
    await ask.post("/logout")
    ask.cookies.clear()
    assert (await ask.post("/halt", headers=copied)).status_code == 401


@pytest.mark.parametrize("cookie", ["", "x", "0123456789abcdef0123456789abcdef.x"])
async def test_a_forged_seat_neither_votes_nor_enters(site: Site, cookie: str) -> None:
    await site.client.post("/api/round/open", json={"mode": "vote"})
    ballot = {"round": "any", "machine": "node3"}
    headers = {"Cookie": f"seat-{site.client.base_url.port}={cookie}"}
    answer = await site.client.post("/api/play/vote", json=ballot, headers=headers)
    assert answer.status_code in (401, 404)


# --- odd requests ---------------------------------------------------------------------------------

NAMES = [
    "..%2f..%2fetc%2fpasswd", "%00", "node3%00", "node3%0d%0aSet-Cookie:x=1", "%2e%2e", "'", '"',
    "<script>", "%f0%9f%92%a3", "%ff%fe", "a" * 300, "node3;reboot", "$(reboot)", "node3%20",
    "NODE3",
    "{machine}", "{{7*7}}", "-", "%25",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
async def test_no_name_of_a_machine_is_more_than_a_name(site: Site, name: str) -> None:
    for path in (f"/kill/{name}", f"/restore/{name}"):
        answer = await site.client.post(path)
        assert answer.status_code in (404, 422), (path, answer.text)
        assert "set-cookie" not in answer.headers
    assert site.table.diary == []


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../../../../etc/passwd", "/assets/..%2f..%2f..%2fetc%2fpasswd", "/assets/%2e%2e/x",
        "/assets//etc/passwd", "/assets/..\\..\\x", "/../../etc/passwd", "//etc/passwd",
    ],
)  # fmt: skip
async def test_no_path_leads_out_of_the_pages(site: Site, path: str) -> None:
    answer = await raw(site, f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert answer.split()[1] in ("400", "404", "405")


@pytest.mark.parametrize(
    "request_",
    [
        "POST /halt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked"
        "\r\n\r\n0\r\n\r\nGET /kill/node3 HTTP/1.1\r\n\r\n",
        "POST /halt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET /\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nX: a\x00b\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        "NONSENSE\r\n\r\n",
    ],
)
async def test_what_is_no_proper_request_is_refused_and_does_nothing(
    site: Site, request_: str
) -> None:
    answer = await raw(site, request_)
    assert not answer or answer.split()[1].startswith("4"), answer
    assert site.table.monkey.safety.halted is None
    assert (await site.client.get("/healthz")).status_code == 200


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "X" * 100])
async def test_methods_that_nobody_offers_are_not_answered(site: Site, method: str) -> None:
    answer = await raw(
        site, f"{method} /halt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
    )
    assert answer.split()[1] in ("400", "404", "405", "501")
    overridden = {"X-HTTP-Method-Override": "DELETE", "X-Method-Override": "DELETE"}
    await site.client.get("/api/state", headers=overridden)
    assert site.table.monkey.safety.halted is None


@pytest.mark.parametrize(
    "body",
    [
        b"", b"null", b"[]", b"{", b"\xff\xfe", b'{"scene": {"a": 1}}', b'{"scene": "x"}',
        b'{"unknown": 1}', b'{"turn": 99999999999999999999}', b'{"light": NaN}',
        b"[" * 50_000, b'{"a":' * 10_000, b'{"scene": "' + b"a" * 60_000 + b'"}',
        b'{"__proto__": {}, "constructor": 1}',
        b"{" + b",".join(b'"%d": 1' % number for number in range(1500)) + b"}",
    ],
)  # fmt: skip
async def test_a_malformed_body_is_refused_in_words(site: Site, body: bytes) -> None:
    answer = await site.client.post(
        "/api/show", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in (400, 413, 422), answer.text[:300]
    assert answer.json()["detail"]
    assert len(answer.content) < 1_000  # what was sent is not sent back


@pytest.mark.parametrize(
    "seconds", ["nan", "inf", "-inf", "1e999", "0x10", "\uff11", "1;2", "-0", "9" * 400]
)
async def test_no_number_of_seconds_is_more_than_the_limits(site: Site, seconds: str) -> None:
    answer = await site.client.post("/kill/node3", params={"for": seconds})
    assert answer.status_code == 422
    assert site.table.diary == []


# --- what is read in a terminal -------------------------------------------------------------------

CURL = {"User-Agent": "curl/8"}
FORGED = "x%0a2026-11-29%2012:00:00%20%20presenter%20ada%20%20kill%20node1%20%20ok"
TRICKS = ["%1b[2J", "%1b]0;pwned%07", "%c2%9b2J", "%e2%80%ae", "%0d", "%e2%80%a8", FORGED]


@pytest.mark.parametrize("trick", TRICKS)
async def test_no_name_forges_a_row_of_the_audit_log_or_reaches_a_terminal_raw(
    site: Site, trick: str
) -> None:
    refused = await site.client.post(f"/kill/{trick}", headers=CURL)
    assert refused.status_code == 404
    assert await site.audit.write()
    log = await site.client.get("/api/audit", headers=CURL)
    for answer in (refused, log):
        assert set(answer.text.replace("\n", "")) <= set(map(chr, range(0x20, 0x7F)))
    assert len(log.text.splitlines()) == 1
    assert not any(row.startswith("2026") and "ada" in row[:40] for row in log.text.splitlines())


async def test_what_is_at_an_address_that_is_none_is_told_in_one_row(site: Site) -> None:
    answer = await site.client.get("/nothing%0aForged%1b[2J", headers=CURL)
    assert "\x1b" not in answer.text
    assert answer.text.splitlines()[0] == r"There is nothing at /nothingForged\x1b[2J."
