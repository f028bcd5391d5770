"""A snapshot, then every change once and in order; who cannot keep up is cut off."""

import asyncio
from typing import Any

import orjson
import pytest

from chaosmonkey.hub import Closed, Hub, TooSlow
from chaosmonkey.hub.hub import BUFFER, COALESCE, Subscription
from chaosmonkey.hub.views import ServiceView
from tests.patience import PATIENCE


def service(ready: int) -> ServiceView:
    return ServiceView("shop", "web", ready, 9)


async def received(subscription: Subscription) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE):
        encoded, _ = await subscription.next()
    found: dict[str, Any] = orjson.loads(encoded)
    return found


@pytest.fixture
async def hub() -> Hub:
    return Hub(lambda: 1000.0)


async def test_the_first_message_is_everything_and_the_next_is_what_changed(hub: Hub) -> None:
    hub.put("services", "shop/web", service(9))
    watching = hub.subscribe()
    first = await received(watching)
    assert first["type"] == "snapshot"
    assert first["state"]["services"]["shop/web"]["ready"] == 9
    hub.put("services", "shop/web", service(8))
    second = await received(watching)
    assert second["seq"] == first["seq"] + 1
    assert second["set"] == {
        "services": {
            "shop/web": {
                "namespace": "shop",
                "name": "web",
                "ready": 8,
                "total": 9,
                "history": [],
            }
        }
    }


async def test_what_changes_often_is_sent_once_with_its_last_value(hub: Hub) -> None:
    watching = hub.subscribe()
    await received(watching)
    hub.put("services", "x", service(0))
    await received(watching)
    for ready in range(1, 9):
        hub.put("services", "x", service(ready))
    assert (await received(watching))["set"]["services"]["x"]["ready"] == 8
    assert hub.seq == 2


async def test_a_first_change_is_told_at_once_and_a_second_after_a_pause(hub: Hub) -> None:
    loop = asyncio.get_running_loop()
    watching = hub.subscribe()
    await received(watching)
    times = []
    for ready in (1, 2):
        hub.put("services", "x", service(ready))
        await received(watching)
        times.append(loop.time())
    assert times[1] - times[0] == pytest.approx(COALESCE)


async def test_what_is_the_same_is_no_news(hub: Hub) -> None:
    hub.put("services", "x", service(1))
    hub.subscribe()
    before = hub.seq
    hub.put("services", "x", service(1))
    hub.put("services", "never", None)
    assert hub.state.services == {"x": service(1)}
    assert hub.seq == before


async def test_what_is_gone_is_told_by_its_id(hub: Hub) -> None:
    hub.put("services", "x", service(1))
    watching = hub.subscribe()
    await received(watching)
    hub.put("services", "x", None)
    assert (await received(watching))["gone"] == {"services": ["x"]}


async def test_a_reader_that_falls_behind_is_cut_off_and_the_others_are_not(hub: Hub) -> None:
    slow, quick = hub.subscribe(), hub.subscribe()
    for number in range(BUFFER + 1):
        hub.put("services", "x", service(number))
        assert hub.state  # flushes
        await received(quick)
    with pytest.raises(TooSlow):
        await slow.next()
    assert hub.watching == 1


async def test_every_reader_that_applies_the_deltas_ends_with_the_same_state(hub: Hub) -> None:
    early = hub.subscribe()
    state = (await received(early))["state"]
    for number in range(50):
        hub.put("services", f"s{number % 7}", service(number) if number % 3 else None)
        if number % 5 == 0:
            assert hub.state
    late = (await received(hub.subscribe()))["state"]
    early.end()
    messages = [orjson.loads(encoded) for encoded, _ in early._messages]
    for message in messages:
        state["services"].update(message["set"].get("services", {}))
        for key in message["gone"].get("services", []):
            del state["services"][key]
    assert state == late
    assert [message["seq"] for message in messages] == list(range(1, len(messages) + 1))


async def test_closing_tells_everyone(hub: Hub) -> None:
    watching = hub.subscribe()
    await received(watching)
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(_end_of(watching))
        await asyncio.sleep(0)
        hub.close()
    assert waiting.result() is Closed
    assert hub.watching == 0


async def _end_of(watching: Subscription) -> type[Exception]:
    try:
        await watching.next()
    except (Closed, TooSlow) as error:
        return type(error)
    raise AssertionError("it did not end")
