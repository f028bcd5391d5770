"""Who may do what, asked over a real port: nobody is believed for where they say they are."""

import asyncio
import re
from contextlib import suppress
from typing import Any

import httpx
import orjson
import pytest
from websockets.exceptions import ConnectionClosed

from chaosmonkey.access import Role, TooMany, parse_scope
from chaosmonkey.api.middleware.authentication import (
    Authenticator,
    ConfiguredToken,
    Unauthenticated,
)
from chaosmonkey.api.routes.websocket import SIGNED_OUT
from tests.meant import MEANT
from tests.patience import PATIENCE, connect, eventually
from tests.unit.api.conftest import Site

SAFE = {"GET", "HEAD", "OPTIONS"}
OPEN = {"/login", "/logout", "/api/play"}
"""Changes that anybody may ask for: signing in and out, and what phones do with a seat."""


def bearer(site: Site, *scopes: str, name: str = "ci") -> dict[str, str]:
    secret = site.tokens.make(name, Role.SCRIPT, [parse_scope(scope) for scope in scopes])
    return {"Authorization": f"Bearer {secret}"}


def commands(site: Site) -> list[tuple[str, str]]:
    """Every request of the API that changes something."""
    return [
        (method, path)
        for method, path in site.operations()
        if method not in SAFE or re.match(r"/(kill|restore|halt|arm|disarm|release)", path)
    ]


async def test_whoever_comes_from_this_machine_is_the_presenter_only_if_nobody_else_can_come(
    site: Site, public_site: Site
) -> None:
    assert (await site.client.get("/api/me")).json()["role"] == "presenter"
    assert (await public_site.client.get("/api/me")).json()["role"] == "viewer"


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
async def test_what_a_proxy_passes_on_does_not_come_from_this_machine(
    site: Site, header: str
) -> None:
    me = (await site.client.get("/api/me", headers={header: "203.0.113.9"})).json()
    assert me["role"] == "viewer"


async def test_a_viewer_may_change_nothing_whatever_the_path(public_site: Site) -> None:
    asked = [
        (method, path)
        for method, path in commands(public_site)
        if not any(path.startswith(one) for one in OPEN)
    ]
    assert len(asked) > 20
    for method, path in asked:
        filled = re.sub(r"\{[^}]+\}", "node3", path).replace("node3/power", "node3/power")
        answer = await public_site.client.request(method, filled, json={})
        assert answer.status_code == 401, (method, path, answer.status_code, answer.text)
    assert public_site.table.diary == []


async def test_a_viewer_sees_the_board_but_no_logs_and_no_audit(public_site: Site) -> None:
    for path in ("/api/state", "/api/outages", "/healthz", "/readyz", "/docs", "/api/me"):
        assert (await public_site.client.get(path)).status_code == 200, path
    for path in ("/api/audit", "/api/logs/shop/web", "/api/describe/node/-/node3"):
        assert (await public_site.client.get(path)).status_code == 401, path


async def test_a_scripts_token_allows_its_scopes_and_no_more(public_site: Site) -> None:
    ask, script = public_site.client, bearer(public_site, "kill:node3", "arm")
    assert (await ask.post("/arm", headers=script)).status_code == 200
    refused = await ask.post("/kill/node2", headers=script)
    assert refused.status_code == 403
    assert "'ci' does not allow kill:node2; it allows kill:node3, arm" in refused.json()["detail"]
    assert (await ask.post("/halt", headers=script)).status_code == 403
    assert (await ask.post("/api/show", headers=script, json={})).status_code == 403
    assert (await ask.post("/kill/node3", headers=script)).status_code == 200
    assert (await ask.post("/restore/node3", headers=script)).status_code == 200


async def test_a_revoked_token_is_refused_from_then_on(public_site: Site) -> None:
    script = bearer(public_site, "halt")
    assert (await public_site.client.post("/halt", headers=script)).status_code == 200
    public_site.tokens.revoke("ci")
    answer = await public_site.client.post("/halt", headers=script)
    assert answer.status_code == 401
    assert "token is unknown" in answer.json()["detail"]


@pytest.mark.parametrize("value", ["Bearer", "Bearer x", "Basic YTpi", "x", "Bearer " + "é" * 10])
async def test_a_wrong_token_lets_nobody_through_not_even_to_what_is_open(
    site: Site, value: str
) -> None:
    headers = {b"Authorization": value.encode("latin-1")}
    assert (await site.client.get("/api/state", headers=headers)).status_code == 401


async def test_guessing_tokens_is_soon_refused_and_hinders_nobody_who_has_one(
    public_site: Site,
) -> None:
    script = bearer(public_site, "halt")
    codes = [
        (await public_site.client.get("/", headers={"Authorization": f"Bearer {n}"})).status_code
        for n in range(15)
    ]
    assert codes == [401] * 10 + [429] * 5
    assert (await public_site.client.post("/halt", headers=script)).status_code == 200
    assert (await public_site.client.get("/api/state")).status_code == 200


async def test_guesses_from_the_same_network_silence_no_presenter(public_site: Site) -> None:
    """Neither one with a made token nor one with a given one; and HALT is not even counted."""
    public_site.authenticator._config_token = ConfiguredToken("the speaker's own words")
    ask = public_site.client
    for number in range(15):
        await ask.get("/", headers={"Authorization": f"Bearer {number}"})
    right = {"Authorization": "Bearer the speaker's own words"}
    for path in ("/restore/node3", "/halt", "/release"):
        assert (await ask.post(path, headers=right)).status_code == 200
    signed_in = await ask.post("/login", data={"token": "the speaker's own words"})
    assert signed_in.status_code == 303
    codes = {(await ask.post("/disarm", headers=right)).status_code for _ in range(410)}
    assert codes == {200, 429}
    for path in ("/restore/node3", "/halt"):
        assert (await ask.post(path, headers=right)).status_code == 200


async def test_guesses_from_one_ipv6_network_are_counted_together(public_site: Site) -> None:
    for host in range(10):
        with pytest.raises(Unauthenticated):
            await public_site.authenticator.exchange("guess", f"2001:db8::{host:x}")
    with pytest.raises(TooMany):
        await public_site.authenticator.exchange("guess", "2001:db8::ffff")
    with pytest.raises(Unauthenticated):
        await public_site.authenticator.exchange("guess", "2001:db8:0:1::1")


async def test_a_presenters_token_becomes_a_cookie_and_leaves_the_address(
    public_site: Site,
) -> None:
    secret = public_site.tokens.make("speaker", Role.PRESENTER)
    ask = public_site.client
    assert (await ask.get("/console")).headers["location"] == "./login"
    answer = await ask.get("/console", params={"token": secret})
    assert answer.status_code == 303
    assert answer.headers["location"] == "./console"
    cookie = answer.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    assert secret not in cookie
    assert (await ask.get("/console")).status_code in (200, 503)  # 503: pages are not built here
    assert (await ask.get("/api/me")).json()["role"] == "presenter"
    assert (await ask.post("/halt")).status_code == 200
    public_site.tokens.revoke("speaker")
    assert (await ask.post("/halt")).status_code == 401


async def test_signing_in_by_form_works_and_signing_out_ends_it(public_site: Site) -> None:
    secret = public_site.tokens.make("speaker", Role.PRESENTER)
    ask = public_site.client
    wrong = await ask.post("/login", data={"token": "guess"})
    assert wrong.status_code == 401
    assert "token is unknown" in wrong.text
    assert (await ask.post("/login", data={"token": secret})).status_code == 303
    assert (await ask.get("/api/me")).json()["role"] == "presenter"
    assert (await ask.post("/logout")).status_code == 303
    assert (await ask.get("/api/me")).json()["role"] == "viewer"


async def test_a_scripts_token_is_no_way_to_the_console(public_site: Site) -> None:
    secret = public_site.tokens.make("ci", Role.SCRIPT, [parse_scope("kill")])
    answer = await public_site.client.get("/console", params={"token": secret})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


async def test_saying_that_one_is_the_console_gives_no_power(public_site: Site) -> None:
    """Elsewhere, whoever said `role=dashboard` was its admin."""
    async with connect(public_site.url.replace("http", "ws") + "/ws?role=console") as socket:
        with pytest.raises(ConnectionClosed):
            await socket.recv()
    assert socket.close_code == SIGNED_OUT
    assert public_site.presence.count("console") == 0
    assert (await public_site.client.post("/halt")).status_code == 401


async def test_a_console_whose_session_ends_is_closed_without_a_key_press(
    public_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chaosmonkey.api.routes.websocket.BEAT", 0.05)
    secret = public_site.tokens.make("ana", Role.PRESENTER)
    await public_site.client.get("/console", params={"token": secret})
    cookies = "; ".join(f"{name}={value}" for name, value in public_site.client.cookies.items())
    url = public_site.url.replace("http", "ws") + "/ws?role=console"
    async with (
        connect(url, additional_headers={"Cookie": cookies}) as socket,
        asyncio.timeout(PATIENCE),
    ):
        assert orjson.loads(await socket.recv())["type"] == "snapshot"
        await public_site.client.post("/logout")
        with suppress(ConnectionClosed):
            while True:
                await socket.recv()
    assert socket.close_code == SIGNED_OUT


async def test_a_given_token_works_and_is_compared_whole(public_site: Site) -> None:
    authenticator = Authenticator(
        public_site.tokens,
        public_site.authenticator.sessions,
        public_site.authenticator.rates,
        open_here=False,
        presenter_token="correct horse battery",
    )
    assert (await authenticator.exchange("correct horse battery", "x")).role is Role.PRESENTER
    for _ in range(20):  # using it is no guess
        await authenticator.exchange("correct horse battery", "x")
    for wrong in ("correct horse batter", "correct horse battery ", ""):
        with pytest.raises(Exception, match="token is unknown"):
            await authenticator.exchange(wrong, "x")


# --- the audit log --------------------------------------------------------------------------------


async def audit(site: Site, **headers: Any) -> list[dict[str, Any]]:
    answer = await site.client.get("/api/audit", **headers)
    found: list[dict[str, Any]] = answer.json()
    return found


async def test_every_command_leaves_a_row_accepted_or_refused(site: Site) -> None:
    await site.client.post("/kill/node3", params={"kind": "power", "for": 30})
    await site.client.post("/kill/node3")
    await site.client.post("/kill/nobody")
    await site.client.post("/kill/node3", params={"for": "long"})
    await site.client.post("/halt")
    rows = await audit(site)
    assert [(row["command"], row["accepted"], row["rule"]) for row in rows] == [
        ("POST /halt", True, ""),
        ("POST /kill/node3?for=long", False, "bad input"),
        ("POST /kill/nobody", False, "unknown machine"),
        ("POST /kill/node3", False, "already-off"),
        ("POST /kill/node3?kind=power&for=30", True, ""),
    ]
    assert {row["role"] for row in rows} == {"presenter"}
    assert "is off already" in rows[3]["why"]


async def test_refused_strangers_are_in_the_audit_log_and_secrets_are_not(
    public_site: Site,
) -> None:
    reader = bearer(public_site, "read", name="reader")
    await public_site.client.post("/kill/node3")
    await public_site.client.get("/api/state", headers={"Authorization": "Bearer sesame"})
    await public_site.client.get("/console", params={"token": "sesame"})
    rows = await audit(public_site, headers=reader)
    assert [(row["command"], row["rule"]) for row in rows] == [
        ("GET /console", "unauthorized"),
        ("GET /api/state", "unauthorized"),
        ("POST /kill/node3", "unauthorized"),
    ]
    assert "sesame" not in str(rows)


async def test_the_audit_log_reaches_the_disk_and_takes_up_what_the_disk_did_not(
    site: Site,
) -> None:
    await site.client.post("/disarm")

    async def kept() -> bool:
        return bool(await site.records._database.read("SELECT * FROM audit"))

    await eventually(kept)


async def test_a_forwarded_browser_gets_no_session_from_another_sites_form(
    public_site: Site,
) -> None:
    secret = public_site.tokens.make("speaker", Role.PRESENTER)
    answer = await public_site.client.post(
        "/login", data={"token": secret}, headers={"Origin": "http://evil.example"}
    )
    assert answer.status_code == 403


async def test_too_many_commands_are_refused_with_when_to_come_back(public_site: Site) -> None:
    script = bearer(public_site, "arm")
    codes = set()
    async with httpx.AsyncClient(
        base_url=public_site.url, headers=script, timeout=PATIENCE
    ) as client:
        for _ in range(420):
            codes.add((await client.post("/disarm")).status_code)
    assert codes == {200, 429}


async def test_a_phone_that_presses_faster_than_a_thumb_is_slowed_and_no_other(
    site: Site,
) -> None:
    async with (
        httpx.AsyncClient(base_url=site.url, timeout=PATIENCE, headers=MEANT) as one,
        httpx.AsyncClient(base_url=site.url, timeout=PATIENCE, headers=MEANT) as other,
    ):
        for phone in (one, other):
            joining = {"code": site.room.codes.current}
            (await phone.post("/api/play/join", json=joining)).raise_for_status()
        wanted = {"round": "none"}
        codes = [(await one.post("/api/play/enter", json=wanted)).status_code for _ in range(15)]
        assert codes == [409] * 10 + [429] * 5
        assert (await other.post("/api/play/enter", json=wanted)).status_code == 409


async def test_a_press_of_a_phone_is_a_command_and_a_vote_is_not(site: Site) -> None:
    async with httpx.AsyncClient(base_url=site.url, timeout=PATIENCE, headers=MEANT) as phone:
        joining = {"code": site.room.codes.current}
        joined = (await phone.post("/api/play/join", json=joining)).json()
        opening = {"mode": "free", "approve": False}
        round_id = (await site.client.post("/api/round/open", json=opening)).json()["id"]
        press = {"round": round_id, "machine": "node3"}
        assert (await phone.post("/api/play/press", json=press)).status_code == 200
        await phone.post("/api/play/press", json=press | {"machine": "node2"})
        await phone.post("/api/play/vote", json=press)
    rows = [row for row in await audit(site) if row["role"] == "audience"]
    assert [(row["command"], row["accepted"]) for row in rows] == [
        ("POST /api/play/press", False),
        ("POST /api/play/press", True),
    ]
    assert {row["who"] for row in rows} == {f"seat {joined['tag']}"}
