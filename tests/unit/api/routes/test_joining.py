"""How a phone joins: by the code on the stage, once; and what it may be called."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from chaosmonkey.audience import Seats
from chaosmonkey.config import Audience
from tests.meant import MEANT
from tests.patience import PATIENCE
from tests.unit.api._phones import opened as opened_round
from tests.unit.api._phones import phones, report
from tests.unit.api.conftest import Site, opened

PASSWORD = "correct horse"


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[Site]:
    """A site with everything on: codes, nicknames, a Wi-Fi."""
    audience = Audience(nicknames=True, wifi_ssid="Hall; 1", wifi_password=PASSWORD)
    async with opened(tmp_path, audience=audience) as found:
        yield found


async def show(site: Site) -> dict[str, Any]:
    found: dict[str, Any] = (await site.client.get("/api/state")).json()["state"]["show"]["show"]
    return found


async def test_a_phone_joins_with_the_code_and_comes_back_without(hall: Site) -> None:
    code = (await show(hall))["join_code"]
    async with httpx.AsyncClient(base_url=hall.url, timeout=PATIENCE, headers=MEANT) as phone:
        refused = await phone.post("/api/play/join", json={"seat": "ab" * 16})
        assert refused.status_code == 403
        assert refused.json()["rule"] == "code"
        assert "on the big screen" in refused.json()["remedy"]
        assert "set-cookie" not in refused.headers
        wrong = await phone.post("/api/play/join", json={"code": "XXXXX"})
        assert wrong.status_code == 403
        joined = await phone.post("/api/play/join", json={"seat": "ab" * 16, "code": code.lower()})
        assert joined.status_code == 200
        cookie = joined.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        await hall.table.clock.advance(3600)
        back = await phone.post("/api/play/join", json={})
        assert back.json()["seat"] == "ab" * 16


async def test_a_forged_and_a_foreign_seat_are_refused(hall: Site) -> None:
    foreign = Seats(b"another server's key").join("ab" * 16, None)[1]
    for cookie in (foreign, "ab" * 16, f"{'ab' * 16}.forged", "x" * 4000):
        async with httpx.AsyncClient(
            base_url=hall.url, cookies={"seat": cookie}, timeout=PATIENCE
        ) as phone:
            assert (await phone.post("/api/play/join", json={})).status_code == 403
            assert (await phone.get("/api/play/me")).status_code == 401
            enter = await phone.post("/api/play/enter", json={"round": "r"})
            assert enter.status_code == 401


async def test_the_stage_follows_the_code_as_it_changes(hall: Site) -> None:
    before = await show(hall)
    scanned = (await hall.client.get("/api/join.svg")).text
    await hall.table.clock.advance(301)
    hall.room.tick()
    after = await show(hall)
    assert after["join_code"] != before["join_code"]
    assert after["join_url"] == before["join_url"] == "http://10.0.0.2:8080/j"
    assert (await hall.client.get("/api/join.svg")).text != scanned


async def test_the_short_address_leads_to_the_page_with_and_without_the_code(hall: Site) -> None:
    with_code = await hall.client.get("/j/ktx4p")
    assert (with_code.status_code, with_code.headers["location"]) == (302, "../play?code=KTX4P")
    without = await hall.client.get("/j")
    assert (without.status_code, without.headers["location"]) == (302, "./play")
    rubbish = await hall.client.get("/j/a%0d%0aSet-Cookie:x&b=💩")
    assert rubbish.headers["location"] == "../play?code=ASETCOOKIEXB"


async def test_no_message_holds_the_wifi_password_and_its_code_is_drawn(hall: Site) -> None:
    drawn = await hall.client.get("/api/wifi.svg")
    assert drawn.headers["content-type"].startswith("image/svg+xml")
    assert drawn.text.startswith("<svg")
    state = await hall.client.get("/api/state")
    assert state.json()["state"]["show"]["show"]["wifi"] == "Hall; 1"
    assert PASSWORD not in state.text
    assert PASSWORD not in repr(hall.room._lab)


async def test_without_a_wifi_it_says_where_to_set_one(site: Site) -> None:
    refused = await site.client.get("/api/wifi.svg")
    assert refused.status_code == 404
    assert "[audience]" in refused.json()["remedy"]
    assert (await show(site))["wifi"] == ""


async def test_without_codes_the_page_itself_is_the_address(site: Site) -> None:
    assert (await show(site))["join_code"] == ""
    assert (await show(site))["join_url"].endswith("/play")


async def test_a_name_is_shown_with_the_ticket_until_the_presenter_takes_it(hall: Site) -> None:
    code = hall.room.codes.current
    async with phones(hall, 2, code=code) as (ana, ben):
        assert (await ana.do("name", name=" Ana "))["name"] == "Ana"
        assert (await ben.do("name", name="ana"))["name"] == "ana 2"
        await ana.refused("name", 422, name="<script>")
        current = await opened_round(hall, "queue")
        me = await ana.do("enter", round=current)
        shown = await report(hall)
        assert shown["round"]["says"] == "Ana (ticket 1) has the button."
        assert shown["round"]["turn"]["tag"] == me["tag"] == shown["entrants"][0]["tag"]
        assert me["seat"] not in str(shown)
        cleared = await hall.client.post("/api/names/clear", json={"tag": me["tag"]})
        assert cleared.json() == {"cleared": ["Ana"]}
        assert (await report(hall))["round"]["says"] == "Ticket 1 has the button."


async def test_while_halt_holds_whoever_has_the_button_is_told_to_wait(hall: Site) -> None:
    async with phones(hall, 1, code=hall.room.codes.current) as (ana,):
        await ana.do("enter", round=await opened_round(hall, "queue"))
        await hall.client.post("/halt")
        says = "Ticket 1 has the button. Cuts are refused for now. HALT is active."
        assert (await report(hall))["round"]["says"] == says


async def test_names_are_off_unless_they_are_wanted(site: Site) -> None:
    async with phones(site, 1) as (ana,):
        assert "off" in (await ana.refused("name", 409, name="Ana"))["detail"]


async def test_a_restarted_server_knows_the_round_the_votes_the_seats_and_the_names(
    tmp_path: Path,
) -> None:
    audience = Audience(nicknames=True)
    async with (
        opened(tmp_path, audience=audience) as before,
        phones(before, 3, code=before.room.codes.current) as (ana, ben, cem),
    ):
        current = await opened_round(before, "vote", seconds=600)
        await ana.do("vote", round=current, machine="node1")
        await ben.do("vote", round=current, machine="node1")
        await cem.do("name", name="Cem")
        (seat,) = ana.client.cookies.values()
        await before.table.clock.advance(1)
    async with opened(tmp_path, audience=audience) as after:
        shown = (await report(after))["round"]
        assert (shown["id"], shown["state"]) == (current, "open")
        assert shown["tally"] == {"node1": 2, "node2": 0, "node3": 0}
        cookies = {f"seat-{httpx.URL(after.url).port}": seat}  # a restart keeps the port
        async with httpx.AsyncClient(
            base_url=after.url, cookies=cookies, timeout=PATIENCE
        ) as phone:
            assert (await phone.get("/api/play/me")).json()["voted"] == "node1"
            ballot = {"round": current, "machine": "node2"}
            assert (await phone.post("/api/play/vote", json=ballot)).status_code == 409
        assert list(after.room.names._by_who.values()) == ["Cem"]
        assert (await after.client.post("/api/round/open")).json()["id"] != current
