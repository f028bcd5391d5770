"""The presenter's and the phones' side of the API, over real sockets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from chaosmonkey.model import FeedState
from tests.meant import MEANT
from tests.patience import PATIENCE, connect, until
from tests.unit.api._phones import phones
from tests.unit.api.conftest import JOIN_URL, Site, opened

SEAT = "ab" * 16


@asynccontextmanager
async def phone(site: Site, seat: str = SEAT) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=site.url, timeout=PATIENCE, headers=MEANT) as client:
        joined = await client.post("/api/play/join", json={"seat": seat})
        assert joined.json()["seat"] == seat
        yield client


async def state(site: Site) -> dict[str, Any]:
    found: dict[str, Any] = (await site.client.get("/api/state")).json()["state"]
    return found


async def test_a_safe_table_is_armed_for_a_while(site: Site) -> None:
    await site.client.post("/disarm")
    assert (await state(site))["show"]["show"]["armed_until"] is None
    until_when = (await site.client.post("/arm")).json()["armed_until"]
    assert until_when > site.table.clock.now()
    assert (await state(site))["show"]["show"]["armed_until"] == until_when
    await site.client.post("/disarm")
    assert (await state(site))["show"]["show"]["armed_until"] is None


async def test_what_the_presenter_sets_is_shown_to_all(site: Site) -> None:
    await site.client.post("/api/show", json={"scene": "qr", "feed": "network", "light": True})
    show = (await state(site))["show"]["show"]
    assert (show["scene"], show["feed"], show["light"]) == ("qr", "network", True)
    await site.client.post("/api/show", json={"turn": 1})
    assert (await state(site))["show"]["show"]["scene"] == "tally"
    await site.client.post("/api/show", json={"blank": True})
    assert (await state(site))["show"]["show"]["blank"] is True
    for wrong in ({"scene": "moon"}, {"turn": 2}, {"sceen": "qr"}):
        assert (await site.client.post("/api/show", json=wrong)).status_code == 422


async def test_a_server_that_starts_again_shows_and_cuts_what_the_last_one_did(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as before:
        await before.client.post("/api/show", json={"scene": "tally", "feed": "network"})
    async with opened(tmp_path) as after:
        show = (await state(after))["show"]["show"]
    assert (show["scene"], show["feed"]) == ("tally", "network")


async def test_phones_vote_the_presenter_clicks_and_the_machine_is_cut(site: Site) -> None:
    current = (await site.client.post("/api/round/open")).json()
    for number, machine in enumerate(("node2", "node3", "node3")):
        async with phone(site, f"{number:032x}") as voter:
            ballot = {"round": current["id"], "machine": machine}
            assert (await voter.post("/api/play/vote", json=ballot)).json()["voted"] == machine
            assert (await voter.post("/api/play/vote", json=ballot)).status_code == 200
            other = ballot | {"machine": "node1"}
            assert (await voter.post("/api/play/vote", json=other)).status_code == 409
    shown = (await state(site))["rounds"]["round"]
    assert shown["tally"] == {"node1": 0, "node2": 1, "node3": 2}
    done = (await site.client.post("/api/round/execute")).json()
    assert (done["state"], done["chosen"]) == ("executed", "node3")
    assert site.table.devices["node3"].state is FeedState.OFF
    assert (await site.client.post("/api/round/execute")).status_code == 409


async def test_a_seat_keeps_its_vote_when_its_phone_comes_back(site: Site) -> None:
    current = (await site.client.post("/api/round/open")).json()
    async with phone(site) as first:
        await first.post("/api/play/vote", json={"round": current["id"], "machine": "node1"})
    async with phone(site) as again:
        joined = (await again.post("/api/play/join", json={})).json()
        assert (joined["seat"], joined["round"], joined["voted"]) == (SEAT, current["id"], "node1")
        assert (await again.get("/api/play/me")).json() == joined


async def test_without_a_seat_nobody_votes(site: Site) -> None:
    current = (await site.client.post("/api/round/open")).json()
    ballot = {"round": current["id"], "machine": "node1"}
    assert (await site.client.post("/api/play/vote", json=ballot)).status_code == 401
    site.client.cookies.set(f"seat-{httpx.URL(site.url).port}", f"{SEAT}.forged")
    assert (await site.client.post("/api/play/vote", json=ballot)).status_code == 401


async def test_a_vote_for_a_round_before_is_refused(site: Site) -> None:
    old = (await site.client.post("/api/round/open")).json()
    await site.client.post("/api/round/open")
    async with phone(site) as voter:
        ballot = {"round": old["id"], "machine": "node1"}
        assert (await voter.post("/api/play/vote", json=ballot)).status_code == 409


async def test_without_a_decision_nothing_is_cut(site: Site) -> None:
    assert (await site.client.post("/api/round/execute")).status_code == 409
    await site.client.post("/api/round/open")
    refused = await site.client.post("/api/round/execute")
    assert refused.json()["detail"] == "There are no votes."
    assert (await site.client.post("/api/round/cancel")).json()["state"] == "cancelled"
    assert site.table.diary == []


async def test_a_round_closes_by_itself(site: Site) -> None:
    await site.client.post("/api/round/open", json={"seconds": 20})
    await site.table.clock.advance(21)
    site.room.tick()
    assert (await state(site))["rounds"]["round"]["state"] == "over"  # without votes
    for seconds in (0, -1, 4000, "x"):
        wrong = await site.client.post("/api/round/open", json={"seconds": seconds})
        assert wrong.status_code == 422


@pytest.mark.parametrize(
    "path",
    ["/arm", "/api/show", "/api/round/open", "/api/round/execute", "/api/play/join"],
)
async def test_a_page_of_another_site_changes_nothing(site: Site, path: str) -> None:
    headers = {"Origin": "http://evil.example"}
    assert (await site.client.post(path, headers=headers, json={})).status_code == 403


async def test_a_phone_is_told_the_latest_and_counted_while_it_is_there(site: Site) -> None:
    async with phones(site, 1) as (one,), connect(**one.stream) as socket:
        first = orjson.loads(await socket.recv())
        assert first["type"] == "play"
        assert first["round"] is None
        assert first["feed"] == "power"
        await site.client.post("/api/round/open")
        async with asyncio.timeout(PATIENCE):
            while (told := orjson.loads(await socket.recv()))["round"] is None:
                pass
        assert told["seq"] > first["seq"]
        assert (await state(site))["show"]["show"]["phones"] == 1
    await until(lambda: site.hub.shown("show")["show"].phones == 0)


async def test_a_seat_with_two_tabs_is_one_phone_and_a_page_without_a_seat_is_none(
    site: Site,
) -> None:
    def count() -> int:
        return int(site.hub.shown("show")["show"].phones)

    async with phones(site, 2) as (one, two), connect(site.url.replace("http", "ws") + "/ws/play"):
        async with connect(**one.stream), connect(**two.stream):
            async with connect(**one.stream):
                await until(lambda: site.phones.listening == 4)
                await until(lambda: count() == 2)
            await until(lambda: site.phones.listening == 3)
            assert count() == 2
        await until(lambda: count() == 0)


async def test_the_console_sees_the_stage_and_how_long_it_takes_to_draw(site: Site) -> None:
    async with connect(site.url.replace("http", "ws") + "/ws?role=stage") as socket:
        await socket.recv()
        delta = orjson.loads(await socket.recv())
        await socket.send(orjson.dumps({"drawn": delta["seq"]}).decode())
        await until(lambda: site.hub.shown("show")["show"].stage_delay_ms is not None)
        assert site.hub.shown("show")["show"].stages == 1
        for rubbish in ('{"drawn": "x"}', "[]", "{", '{"drawn": 99999}'):
            await socket.send(rubbish)
    await until(lambda: site.hub.shown("show")["show"].stages == 0)


async def test_the_code_that_phones_scan_is_drawn_here(site: Site) -> None:
    answer = await site.client.get("/api/join.svg")
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert answer.text.startswith("<svg")
    assert (await state(site))["show"]["show"]["join_url"] == JOIN_URL


async def test_at_a_real_table_there_is_no_pretend_socket_to_pull(site: Site) -> None:
    refused = await site.client.put("/bench/machines/node1/power", json={"plugged": False})
    assert refused.status_code == 404
    assert "real" in refused.json()["detail"]


async def test_names_that_are_none_are_refused_before_kubernetes_is_asked(site: Site) -> None:
    for path in (
        "/api/describe/pod/shop/..%2F..",
        "/api/describe/moon/shop/a",
        "/api/logs/a%20b/c",
    ):
        assert (await site.client.get(path)).status_code in (404, 422)
    away = await site.client.get("/api/describe/pod/shop/web-1")
    assert away.status_code == 503
    assert away.json()["remedy"]


async def test_a_round_opened_while_the_last_ones_cut_is_under_way_stays_open(site: Site) -> None:
    old = (await site.client.post("/api/round/open")).json()
    async with phone(site) as voter:
        await voter.post("/api/play/vote", json={"round": old["id"], "machine": "node3"})
    slow = site.table.devices["node3"].slow = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        executing = tasks.create_task(site.room.execute())
        await until(lambda: [cut.stage for cut in site.table.monkey.cuts.values()] == ["cutting"])
        new = (await site.client.post("/api/round/open")).json()
        slow.set()
    done = executing.result()
    assert (done.id, done.state) == (old["id"], "executed")
    assert (await state(site))["rounds"]["round"]["id"] == new["id"]
    assert (await state(site))["rounds"]["round"]["state"] == "open"
