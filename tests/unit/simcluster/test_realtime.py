"""The living world goes on, whatever it is given."""

from __future__ import annotations

import asyncio
import logging
from typing import cast

import pytest

from chaosmonkey.clock import ScaledClock
from chaosmonkey.simcluster.apiserver.resources import DEPLOYMENTS, NODES, PODS
from chaosmonkey.simcluster.apiserver.storage import key_of
from chaosmonkey.simcluster.apiserver.watch_cache import Obj
from chaosmonkey.simcluster.node.nodestatus import condition
from chaosmonkey.simcluster.realtime import RealTime
from chaosmonkey.simcluster.timestamps import stamp
from chaosmonkey.simcluster.world import World


class Hands:
    """A clock that somebody moves."""

    speed = 1.0

    def __init__(self, at: float) -> None:
        self.at = at

    def now(self) -> float:
        return self.at


def test_what_fails_is_logged_and_left_out_and_the_rest_happens(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    clock, happened = Hands(world.now), []
    live = RealTime(world, cast("ScaledClock", clock))
    world.timeline.after(1, lambda: happened.append(1 / 0))
    world.timeline.after(2, lambda: happened.append(2.0))
    clock.at += 3
    with caplog.at_level(logging.ERROR):
        live.catch_up()
    assert happened == [2.0]
    assert world.now == clock.at
    assert [record.exc_info is not None for record in caplog.records] == [True]
    caplog.clear()


def test_a_condition_that_does_not_say_when_it_turned_is_given_a_moment(world: World) -> None:
    def forget(found: Obj) -> None:
        for each in found["status"]["conditions"]:
            del each["lastTransitionTime"]

    for resource in (PODS, NODES, DEPLOYMENTS):
        for found in world.store.all(resource):
            world.store.edit(resource, key_of(found), forget)
    began = world.now
    world.power_off("node3")
    world.run_for(40)
    world.power_on("node3")
    world.run_for(60)
    node = world.store.get(NODES, "", "node3")
    assert condition(node, "Ready")["status"] == "True"
    turned = [each["lastTransitionTime"] for each in node["status"]["conditions"]]
    assert min(turned) > stamp(began)


@pytest.mark.parametrize("ticks", range(4))
async def test_it_stops_in_the_moment_in_which_an_event_is_booked(world: World, ticks: int) -> None:
    live = RealTime(world, cast("ScaledClock", Hands(world.now)))
    driving = asyncio.get_running_loop().create_task(live.drive())
    await asyncio.sleep(0)
    world.timeline.on_earlier()
    for _ in range(ticks):  # of the event loop: it wakes up in one of them
        await asyncio.sleep(0)
    driving.cancel()
    for _ in range(10):
        await asyncio.sleep(0)
    assert driving.cancelled()
