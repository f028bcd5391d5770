"""Hands on the bench over HTTP: what they may do, and what is said to those that may not."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from chaosmonkey.simcluster import DEMO_MACHINES, SimSettings

FEED = "/bench/machines/node1/power"
KEYS = "Known keys: plugged, welded, stuck, back_fed, slow."


async def ask(http: aiohttp.ClientSession, method: str, path: str, body: Any = None) -> Any:
    async with http.request(method, path, json=body) as answer:
        return answer.status, await answer.json()


GOOD: list[dict[str, Any]] = [
    {"plugged": False},
    {"welded": True},
    {"stuck": True},
    {"back_fed": True},
    {"slow": 2.5},
    {"slow": 0},
    {"plugged": False, "back_fed": False, "slow": 1},
]

ONE_KEY = "The body must be an object with at least one key."

BAD: list[tuple[Any, str, str]] = [
    (None, ONE_KEY, KEYS),
    ({}, ONE_KEY, KEYS),
    (["plugged"], ONE_KEY, KEYS),
    ({"pluged": False}, "Unknown key 'pluged'.", KEYS),
    ({"plugged": False, "crossed": True}, "Unknown key 'crossed'.", KEYS),
    ({"plugged": 0}, "plugged must be true or false, got 0.", ""),
    ({"welded": None}, "welded must be true or false, got None.", ""),
    ({"slow": True}, "slow must be seconds from 0 to 3600, got True.", ""),
    ({"slow": -1}, "slow must be seconds from 0 to 3600, got -1.", ""),
    ({"slow": 3601}, "slow must be seconds from 0 to 3600, got 3601.", ""),
    ({"slow": "2"}, "slow must be seconds from 0 to 3600, got '2'.", ""),
]


async def test_a_feed_takes_any_of_its_keys_and_shows_itself(http: aiohttp.ClientSession) -> None:
    for body in GOOD:
        status, told = await ask(http, "PUT", FEED, body)
        assert status == 200
        assert told | body == told
    bench = (await ask(http, "GET", "/bench"))[1]
    assert bench["machines"]["node1"]["power"] == told
    assert told["welded"]
    assert told["stuck"]


async def test_a_body_that_makes_no_sense_is_refused_and_changes_nothing(
    http: aiohttp.ClientSession,
) -> None:
    before = (await ask(http, "GET", "/bench"))[1]["machines"]
    for body, detail, remedy in BAD:
        assert await ask(http, "PUT", FEED, body) == (422, {"detail": detail, "remedy": remedy})
    assert (await ask(http, "GET", "/bench"))[1]["machines"] == before


async def test_the_supply_takes_every_power_rail_with_it(http: aiohttp.ClientSession) -> None:
    assert await ask(http, "PUT", "/bench/supply", {"alive": False}) == (200, {"alive": False})
    bench = (await ask(http, "GET", "/bench"))[1]
    assert not any(machine["power"]["live"] for machine in bench["machines"].values())
    assert all(machine["network"]["live"] for machine in bench["machines"].values())
    assert [machine["rail"]["level"] for machine in bench["machines"].values()] == [0] * 5
    assert (await ask(http, "PUT", "/bench/supply", {}))[0] == 422


async def test_a_button_is_pressed_and_let_go(http: aiohttp.ClientSession) -> None:
    path = "/bench/panel/buttons/node2"
    for pressed in (True, False):
        status, told = await ask(http, "PUT", path, {"pressed": pressed})
        assert (status, told["line"], told["pressed"]) == (200, "A1", pressed)
    assert (await ask(http, "PUT", path, {"plugged": True}))[1]["remedy"] == "Known keys: pressed."


async def test_the_big_red_button_is_pressed(http: aiohttp.ClientSession) -> None:
    status, told = await ask(http, "PUT", "/bench/panel/halt", {"pressed": True})
    assert (status, told) == (200, {"line": 5, "level": 1, "pressed": True})


@pytest.mark.parametrize(
    ("path", "known"),
    [
        ("/bench/machines/node9/power", 5),
        ("/bench/machines/node9/network", 5),
        ("/bench/panel/buttons/master", 5),
    ],
)
async def test_what_the_bench_does_not_have_is_named_with_what_it_has(
    http: aiohttp.ClientSession, path: str, known: int
) -> None:
    status, told = await ask(http, "PUT", path, {"pressed": True})
    assert (status, len(told["known"])) == (404, known)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/bench"),
        ("PUT", "/bench/machines/node1/disk"),
        ("PUT", "/bench/panel"),
        ("GET", "/bench/supply"),
        ("PUT", "/bench/panel/buttons/a/b"),
        ("GET", "/simx"),
    ],
)
async def test_a_request_that_is_nothing_here_is_told_what_there_is(
    http: aiohttp.ClientSession, method: str, path: str
) -> None:
    status, told = await ask(http, method, path)
    assert status == 404
    assert told["detail"] == f"There is no {method} {path}."
    assert "PUT /bench/panel/buttons/<machine>" in told["known"]


async def test_the_bench_shows_everything_on_it(http: aiohttp.ClientSession) -> None:
    bench = (await ask(http, "GET", "/bench"))[1]
    assert set(bench) == {"persist_gpio_outputs", "supply", "machines", "panel", "chips", "pins"}
    assert bench["machines"]["node1"]["rail"] == {"pin": 9, "level": 1}
    assert bench["panel"]["interrupt"] == {"line": 6, "level": 1}
    assert bench["panel"]["halt"] == {"line": 5, "level": 0, "pressed": False}
    assert bench["panel"]["heartbeat"] == {"line": 4, "level": 1}
    assert [(chip["address"], chip["chip"]) for chip in bench["chips"]] == [("0x20", "mcp23017")]


async def test_a_torn_bus_is_one_that_nobody_acknowledges(http: aiohttp.ClientSession) -> None:
    assert await ask(http, "PUT", "/bench/bus", {"torn": True}) == (200, {"torn": True})
    assert await ask(http, "PUT", "/bench/bus", {"torn": False}) == (200, {"torn": False})


class TestWithoutAPanel:
    """A bench whose table has none."""

    @pytest.fixture
    def settings(self) -> SimSettings:
        machines = DEMO_MACHINES[:1]
        return SimSettings(port=0, header_port=0, past=30.0, machines=machines, panel=None)

    @pytest.mark.parametrize("path", ["/bench/panel/halt", "/bench/panel/buttons/node1"])
    async def test_a_hand_that_reaches_for_it_is_told(
        self, http: aiohttp.ClientSession, path: str
    ) -> None:
        status, told = await ask(http, "PUT", path, {"pressed": True})
        assert (status, told["detail"]) == (404, "This bench does not have a panel.")
        assert (await ask(http, "GET", "/bench"))[1]["panel"] is None
