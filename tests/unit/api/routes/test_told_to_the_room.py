"""What viewers and phones are told: as much as a hall needs, and no address."""

from typing import Any

import httpx
import orjson
import pytest

from chaosmonkey.errors import PlugFailed
from chaosmonkey.model import FeedKind
from tests.patience import connect, until
from tests.unit.api._phones import opened, phones
from tests.unit.api.conftest import Site


async def snapshot(site: Site, role: str, **headers: str) -> dict[str, Any]:
    url = site.url.replace("http", "ws") + f"/ws?role={role}"
    async with connect(url, additional_headers=headers) as socket:
        found: dict[str, Any] = orjson.loads(await socket.recv())["state"]
        return found


async def test_the_room_is_not_told_from_which_address_halt_was_pressed(site: Site) -> None:
    await site.client.post("/halt")
    await until(lambda: bool(site.hub.shown("show")["show"].halted_by))
    stage = await snapshot(site, "stage")
    assert stage["show"]["show"]["halted_by"] == "the presenter"
    console = await snapshot(site, "console")
    assert console["show"]["show"]["halted_by"] == "127.0.0.1"


async def test_a_delta_is_told_to_the_room_without_addresses_and_in_full_to_the_console(
    site: Site,
) -> None:
    url = site.url.replace("http", "ws") + "/ws?role="
    async with connect(url + "stage") as stage, connect(url + "console") as console:
        await site.client.post("/kill/node3")
        said = {}
        for name, socket in (("stage", stage), ("console", console)):
            while name not in said:
                message = orjson.loads(await socket.recv())
                for outage in message.get("set", {}).get("outages", {}).values():
                    said[name] = outage["by"]
    assert said == {"stage": "the presenter", "console": "127.0.0.1"}


async def test_a_viewer_reads_outages_and_the_state_without_addresses(public_site: Site) -> None:
    await public_site.table.cut()
    for path in ("/api/state", "/api/outages"):
        text = (await public_site.client.get(path)).text
        assert "127.0.0.1" not in text


async def test_a_plug_that_fails_in_somebodys_turn_is_not_told_with_its_address(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object, **__: object) -> None:
        raise PlugFailed("GET http://10.0.0.3/relay/0: 500", remedy="Look at plugs.http.")

    monkeypatch.setattr(site.table.plugs["node3", FeedKind.POWER], "switch", fails)
    round_id = await opened(site, "free", approve=False)
    async with phones(site, 1) as (phone,):
        body = {"round": round_id, "machine": "node3"}
        told = await phone.ask("press", **body)
    assert told.status_code == 503
    assert told.json()["detail"] == "Its plug does not switch."
    assert "10.0.0.3" not in told.text
    assert "plugs.http" not in told.text
    assert "10.0.0.3" not in orjson.dumps(site.hub.shown("rounds")).decode()


async def test_a_phone_that_a_rule_refuses_is_not_told_the_configurations_keys(
    site: Site,
) -> None:
    await site.client.post("/kill/node3")
    round_id = await opened(site, "free", approve=False)
    async with phones(site, 1) as (phone,):
        told = (await phone.ask("press", round=round_id, machine="node2")).json()
    assert told["rule"] == "max-off"
    assert "limits" not in orjson.dumps(told).decode()
    full: httpx.Response = await site.client.post("/kill/node2")
    assert "limits.max_off" in full.json()["remedy"]
