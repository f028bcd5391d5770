"""Watches over HTTP: what they begin with, how they end, and what faults do to them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson
import pytest

from chaosmonkey.simcluster import Ports
from tests.patience import eventually
from tests.unit.simcluster.conftest import SPEED

MAPS = "/api/v1/namespaces/shop/configmaps"


def config(name: str, color: str = "red") -> dict[str, Any]:
    return {"metadata": {"name": name, "labels": {"color": color}}, "data": {}}


@asynccontextmanager
async def watching(
    http: aiohttp.ClientSession, url: str = MAPS, **query: str
) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
    async with http.get(url, params={"watch": "1"} | query) as answer:
        assert answer.status == 200

        async def lines() -> AsyncIterator[dict[str, Any]]:
            async for line in answer.content:
                yield orjson.loads(line)

        yield lines()


async def version(http: aiohttp.ClientSession) -> str:
    listed = await (await http.get(MAPS)).json()
    return str(listed["metadata"]["resourceVersion"])


async def test_a_watch_without_a_version_begins_with_everything(
    http: aiohttp.ClientSession,
) -> None:
    async with watching(http, "/api/v1/nodes") as lines:
        seen = [await anext(lines) for _ in range(6)]
    assert {line["type"] for line in seen} == {"ADDED"}
    assert len({line["object"]["metadata"]["name"] for line in seen}) == 6


async def test_a_watch_from_a_lists_version_brings_what_came_after(
    http: aiohttp.ClientSession,
) -> None:
    since = await version(http)
    await (await http.post(MAPS, json=config("one"))).read()
    async with watching(http, resourceVersion=since) as lines:
        first = await anext(lines)
        await (await http.delete(f"{MAPS}/one")).read()
        second = await anext(lines)
    assert (first["type"], second["type"]) == ("ADDED", "DELETED")
    assert int(since) < int(first["object"]["metadata"]["resourceVersion"])


async def test_an_object_that_leaves_a_selector_is_deleted_for_its_watch(
    http: aiohttp.ClientSession,
) -> None:
    since = await version(http)
    async with watching(http, resourceVersion=since, labelSelector="color=red") as lines:
        await (await http.post(MAPS, json=config("blue", "blue"))).read()
        await (await http.post(MAPS, json=config("one"))).read()
        patch = {"metadata": {"labels": {"color": "blue"}}}
        kind = {"Content-Type": "application/merge-patch+json"}
        await (await http.patch(f"{MAPS}/one", json=patch, headers=kind)).read()
        seen = [await anext(lines) for _ in range(2)]
    assert [line["type"] for line in seen] == ["ADDED", "DELETED"]
    assert {line["object"]["metadata"]["name"] for line in seen} == {"one"}


async def test_a_version_that_is_forgotten_gets_one_error_line_and_the_end(
    http: aiohttp.ClientSession,
) -> None:
    await (await http.post("/sim/faults", json={"kind": "expire"})).read()
    async with watching(http, resourceVersion="1") as lines:
        seen = [line async for line in lines]
    (error,) = seen
    assert error["type"] == "ERROR"
    assert error["object"]["code"] == 410
    assert error["object"]["reason"] == "Expired"
    assert error["object"]["message"].startswith("too old resource version: 1 (")


async def test_a_watch_from_the_future_is_silent(http: aiohttp.ClientSession) -> None:
    async with watching(http, resourceVersion="99999999", timeoutSeconds="20") as lines:
        await (await http.post(MAPS, json=config("one"))).read()
        assert [line async for line in lines] == []


async def test_a_timeout_is_a_clean_end_after_a_bookmark(http: aiohttp.ClientSession) -> None:
    since = await version(http)
    query = {"resourceVersion": since, "timeoutSeconds": "30", "allowWatchBookmarks": "true"}
    async with watching(http, **query) as lines:
        seen = [line async for line in lines]
    assert [line["type"] for line in seen] == ["BOOKMARK"]
    assert "name" not in seen[0]["object"]["metadata"]
    assert int(seen[0]["object"]["metadata"]["resourceVersion"]) >= int(since)


async def test_initial_events_end_with_a_bookmark_that_says_so(
    http: aiohttp.ClientSession,
) -> None:
    query = {"sendInitialEvents": "true", "allowWatchBookmarks": "true"}
    async with watching(
        http, "/api/v1/nodes", **query, resourceVersionMatch="NotOlderThan"
    ) as lines:
        seen = [await anext(lines) for _ in range(7)]
    assert [line["type"] for line in seen] == ["ADDED"] * 6 + ["BOOKMARK"]
    notes = seen[-1]["object"]["metadata"]["annotations"]
    assert notes == {"k8s.io/initial-events-end": "true"}


async def test_a_drop_breaks_streams_in_the_middle(http: aiohttp.ClientSession) -> None:
    async with watching(http, resourceVersion=await version(http)) as lines:
        await (await http.post("/sim/faults", json={"kind": "drop"})).read()
        with pytest.raises(aiohttp.ClientPayloadError):
            await anext(lines)


async def test_a_stall_holds_back_lines_and_requests_and_loses_nothing(
    http: aiohttp.ClientSession,
) -> None:
    async with watching(http, resourceVersion=await version(http)) as lines:
        before = asyncio.get_running_loop().time()
        await (await http.post("/sim/faults", json={"kind": "stall", "seconds": 10})).read()
        await (await http.post(MAPS, json=config("one"))).read()
        assert (await anext(lines))["object"]["metadata"]["name"] == "one"
        assert asyncio.get_running_loop().time() - before >= 10 / SPEED


async def test_a_busy_server_says_when_to_come_back(http: aiohttp.ClientSession) -> None:
    await (await http.post("/sim/faults", json={"kind": "too_many", "seconds": 3600})).read()
    answer = await http.get(MAPS)
    assert answer.status == 429
    assert answer.headers["Retry-After"] == "1"
    assert (await answer.json())["reason"] == "TooManyRequests"
    await (await http.post("/sim/faults", json={"kind": "too_many", "seconds": 0})).read()
    async with http.get(MAPS) as again:
        assert again.status == 200


async def test_garbage_is_one_line_that_is_no_json(http: aiohttp.ClientSession) -> None:
    async with watching(http, resourceVersion=await version(http)) as lines:
        await (await http.post("/sim/faults", json={"kind": "garbage"})).read()
        with pytest.raises(orjson.JSONDecodeError):
            await anext(lines)


async def test_a_server_that_was_away_remembers_no_history(
    ports: Ports, http: aiohttp.ClientSession
) -> None:
    since = await version(http)
    await (await http.post(MAPS, json=config("one"))).read()
    async with watching(http, resourceVersion=await version(http)) as lines:
        await (await http.post("/sim/faults", json={"kind": "away", "seconds": 5 * SPEED})).read()
        with pytest.raises(aiohttp.ClientPayloadError):
            await anext(lines)
    with pytest.raises(aiohttp.ClientConnectionError):
        await http.get(MAPS)

    async def is_back() -> bool:
        try:
            return (await http.get(MAPS)).status == 200
        except aiohttp.ClientConnectionError:
            return False

    await eventually(is_back)
    async with watching(http, resourceVersion=since) as lines:
        assert (await anext(lines))["object"]["code"] == 410
    async with http.get(f"{MAPS}/one") as still:
        assert still.status == 200


async def test_an_unknown_fault_is_refused(http: aiohttp.ClientSession) -> None:
    answer = await http.post("/sim/faults", json={"kind": "meteor"})
    assert answer.status == 400
    assert "known faults: drop, stall" in (await answer.json())["message"]
