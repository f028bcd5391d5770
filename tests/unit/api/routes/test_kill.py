"""`curl /kill/node3` and what can be answered to it."""

import asyncio
from typing import Any

import httpx
import orjson
import pytest

from chaosmonkey.model import Changed, FeedState, Node
from tests.patience import until
from tests.unit.api.conftest import Site

CURL = {"User-Agent": "curl/8.5.0"}


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_bare_curl_cuts_power_and_is_answered_in_plain_words(
    site: Site, method: str
) -> None:
    answer = await site.client.request(method, "/kill/node3", headers=CURL)
    assert answer.status_code == 200
    assert answer.text.startswith("node3 lost its power. Power returns in 420 s.\n")
    assert site.table.devices["node3"].state is FeedState.OFF


async def test_a_program_is_answered_in_json(site: Site) -> None:
    answer = (await site.client.post("/kill/node3", params={"for": 30})).json()
    assert answer["machine"] == "node3"
    assert answer["restore_by"] - answer["cut_at"] == 30
    assert answer["outage"].endswith("-node3")


@pytest.mark.parametrize(
    ("path", "status", "detail", "remedy"),
    [
        ("/kill/nod3", 404, "no machine called 'nod3'", "Did you mean 'node3'?"),
        ("/kill/node3?for=1", 422, "cannot be off for 1 s", "?for=SECONDS"),
        ("/kill/node3?for=long", 422, "for: should be a valid number, not 'long'.", "/docs"),
        ("/kill/node3?for=nan", 422, "for: should be a finite number", "/docs"),
        ("/kill/node3?feed=gravity", 422, "feed: should be 'power' or 'network'", "/docs"),
        ("/kill/node3?kind=gravity", 422, "kind: should be 'power' or 'network'", "/docs"),
        ("/kill/node3?kind=network&feed=power", 422, "contradict each other", "old name of feed"),
        ("/kill/node3?kind=network", 422, "node3 has no network plug", "It has: power"),
        ("/kill/%2e%2e%2fetc", 404, "", ""),
        ("/restore/nod3", 404, "no machine called 'nod3'", "Known machines"),
        ("/nothing", 404, "There is nothing at /nothing", "/docs"),
    ],
)
async def test_bad_requests_are_problems_with_a_remedy(
    site: Site, path: str, status: int, detail: str, remedy: str
) -> None:
    answer = await site.client.post(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert detail in problem["detail"]
    assert remedy in problem["remedy"]
    assert site.table.diary == []


@pytest.mark.parametrize("name", ["feed", "kind"])
async def test_the_old_name_of_feed_still_works(site: Site, name: str) -> None:
    planned = await site.client.post("/kill/node3", params={name: "power", "dry_run": True})
    assert (planned.json()["feed"], planned.json()["kind"]) == ("power", "power")


async def test_a_refusal_names_its_rule(site: Site) -> None:
    await site.client.post("/kill/node3")
    answer = await site.client.post("/kill/node2")
    assert answer.status_code == 409
    assert answer.json()["rule"] == "max-off"
    again = await site.client.get("/kill/node3", headers=CURL)
    assert again.text.startswith("node3 is off already.\nIt comes back on in")


async def test_a_full_disk_and_a_dead_plug_are_503_and_nothing_stays_off(site: Site) -> None:
    site.table.journal.full = True
    assert (await site.client.post("/kill/node3")).status_code == 503
    site.table.journal.full = False
    site.table.devices["node3"].fails = 1
    answer = await site.client.post("/kill/node3")
    assert answer.status_code == 503
    assert "no answer" in answer.json()["detail"]
    assert site.table.devices["node3"].state is FeedState.ON


async def test_restore_and_halt_say_what_they_turned_on(site: Site) -> None:
    await site.client.post("/kill/node3")
    assert (await site.client.post("/restore/node3")).json() == {
        "restored": ["node3 power"],
        "on_its_way": [],
    }
    answer = await site.client.get("/halt", headers=CURL)
    assert answer.text.startswith("Nothing was off.\nHALT is active")


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Purpose": "prefetch"},
        {"Sec-Purpose": "prefetch;prerender"},
        {"Host": "evil.example"},
        {"Host": "evil.example:8080"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": ""},
    ],
)
@pytest.mark.parametrize("path", ["/kill/node3", "/restore/node3", "/halt"])
async def test_nothing_is_changed_for_a_foreign_page_a_prefetch_or_a_foreign_name(
    site: Site, headers: dict[str, str], path: str
) -> None:
    for method in ("GET", "POST"):
        answer = await site.client.request(method, path, headers=headers)
        assert answer.status_code in (403, 421), answer.text
        assert answer.json()["remedy"]
    assert site.table.diary == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Host": "localhost:8080"},
        {"Host": "192.168.1.10"},
        {"Host": "[::1]:8080"},
    ],
)
async def test_our_own_pages_and_addresses_may(site: Site, headers: dict[str, str]) -> None:
    assert (await site.client.post("/halt", headers=headers)).status_code == 200


async def test_wait_streams_each_milestone_as_it_happens_and_ends_with_the_time(site: Site) -> None:
    lines: list[str] = []

    async def follow() -> None:
        async with site.client.stream(
            "GET", "/kill/node3", params={"wait": "recovered"}, headers=CURL
        ) as answer:
            async for line in answer.aiter_lines():
                lines.append(line)  # noqa: PERF401 - each is looked at when it comes

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(follow())
        await until(lambda: bool(lines))
        assert "node3 lost its power" in lines[0]
        lost = Node("node3", "n3", ready="Unknown")
        site.table.publish(Changed(lost, site.table.clock.now() + 7))
    assert lines[1].startswith("    +7.0 s  Kubernetes noticed")
    assert lines[-1] == "outcome: no pod had to move"


async def test_a_refused_wait_is_refused_before_anything_is_streamed(site: Site) -> None:
    answer = await site.client.post("/kill/nod3", params={"wait": "recovered"})
    assert answer.status_code == 404
    assert site.hub.watching == 0


async def test_when_the_server_stops_a_waiting_curl_is_told(site: Site) -> None:
    async with site.client.stream(
        "GET", "/kill/node3", params={"wait": "recovered"}, headers=CURL
    ) as answer:
        lines = answer.aiter_lines()
        await anext(lines)
        site.hub.close()
        assert "The stream ended early" in await anext(lines)


async def test_a_waiting_program_gets_nothing_but_json_lines_whatever_the_ending(
    site: Site,
) -> None:
    async with site.client.stream("POST", "/kill/node3", params={"wait": "recovered"}) as answer:
        assert answer.headers["content-type"] == "application/x-ndjson"
        lines = answer.aiter_lines()
        first = orjson.loads(await anext(lines))
        site.hub.close()
        last = orjson.loads(await anext(lines))
    assert first["at"] == 0.0
    assert first["text"].startswith("node3 lost its power")
    assert last["outage"].endswith("-node3")
    assert last["awaited"] is None
    assert last["recovery_seconds"] is None
    assert "ended early" in last["text"]


async def test_the_last_json_line_says_how_it_ended(site: Site) -> None:
    lines: list[Any] = []

    async def follow() -> None:
        async with site.client.stream(
            "POST", "/kill/node3", params={"wait": "recovered"}
        ) as answer:
            async for line in answer.aiter_lines():
                lines.append(orjson.loads(line))  # noqa: PERF401 - each is looked at as it comes

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(follow())
        await until(lambda: bool(lines))
        lost = Node("node3", "n3", ready="Unknown")
        site.table.publish(Changed(lost, site.table.clock.now() + 7))
    assert [line["at"] for line in lines[:-1]] == [0.0, 7.0]
    assert (
        lines[-1].items()
        >= {
            "outcome": None,
            "recovery_seconds": None,
            "awaited": 0,
            "text": "outcome: no pod had to move",
        }.items()
    )


async def test_whoever_reads_it_gets_it_uncached_and_unframed(site: Site) -> None:
    for path in ("/", "/docs", "/docs.css", "/api/state", "/nothing"):
        headers = (await site.client.get(path)).headers
        assert headers["cache-control"] == "no-store"
        assert "default-src 'self'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


async def test_the_documentation_needs_nothing_from_elsewhere(site: Site) -> None:
    page = (await site.client.get("/docs")).text
    assert "GET /kill/{machine}" in page
    assert "Seconds until it is restored." in page
    assert "://" not in page
    document: httpx.Response = await site.client.get("/openapi.json")
    assert "/kill/{machine}" in document.json()["paths"]
