"""What every plug promises, kept by every driver against a peer that speaks its device's protocol.

The peers are in `_peers`. Every driver keeps every claim, but that a relay on a pin has nobody who
could lie, be late or be away.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from chaosmonkey.errors import PlugFailed
from chaosmonkey.model import FeedState
from chaosmonkey.plugs import Plug, VerifiedPlug
from tests.contract._peers import fence, http_devices, local, snmpd
from tests.contract._peers.base import SHORT, Peer, verified
from tests.patience import PATIENCE


def marked(
    peers: dict[str, Callable[[Path], Peer]], *marks: pytest.MarkDecorator
) -> list[pytest.ParameterSet]:
    return [pytest.param(make, id=name, marks=marks) for name, make in peers.items()]


PEERS = [
    *marked(local.PEERS),
    *marked(http_devices.PEERS),
    *marked(snmpd.PEERS, snmpd.needs_snmpd),
    *marked(fence.DUMMY_PEERS, fence.needs_agents),
]
REMOTE = [peer for peer in PEERS if "gpio" not in str(peer.id)]
# A second agent, for what depends on the agent; it takes its time.
AGENTS = marked(fence.IFMIB_PEERS, fence.needs_agents, snmpd.needs_snmpd)


@pytest.fixture(params=PEERS)
async def peer(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Peer]:
    """The device, turned on."""
    device: Peer = request.param(tmp_path)
    try:
        await device.start()
        yield device
    finally:
        await device.stop()


WITH_TIMER = [peer for peer in PEERS if getattr(peer.values[0], "has_timer", False)]

every = pytest.mark.parametrize("peer", [*PEERS, *AGENTS], indirect=True)
remote = pytest.mark.parametrize("peer", REMOTE, indirect=True)
remote_agents = pytest.mark.parametrize("peer", [*REMOTE, *AGENTS], indirect=True)
with_timer = pytest.mark.parametrize("peer", WITH_TIMER, indirect=True)


async def settled(plug: Plug) -> FeedState:
    """What it reads once it knows; a device may take its time."""
    for _ in range(int(PATIENCE / 0.02)):
        if (feed := await plug.read()) is not FeedState.UNKNOWN:
            return feed
        await asyncio.sleep(0.02)
    return FeedState.UNKNOWN


async def restored(plug: VerifiedPlug) -> None:
    """Restore it as the monkey does: again, if it fails. snmpd refuses two SETs within 10 ms."""
    for _ in range(10):
        with contextlib.suppress(PlugFailed):
            await plug.switch(on=True)
            return
        await asyncio.sleep(0.1)
    raise AssertionError("it cannot be restored")


# --- it does what it says ------------------------------------------------------------------------


async def test_a_plug_is_on_when_it_is_opened(peer: Peer) -> None:
    plug = await peer.open()
    assert await plug.read() is FeedState.ON
    assert peer.feed() is FeedState.ON


async def test_it_reads_what_it_was_switched_to_and_may_be_told_twice(peer: Peer) -> None:
    plug = await peer.open()
    for on in (False, False, True, True, False):
        await plug.switch(on=on, back_in=None if on else 600)
        await asyncio.sleep(peer.breath)
        wanted = FeedState.ON if on else FeedState.OFF
        assert await settled(plug) is wanted
        assert peer.feed() is wanted


@every
async def test_it_is_known_to_be_cut_and_to_be_restored(peer: Peer) -> None:
    plug = verified(await peer.open())
    for _ in range(2):
        await plug.switch(on=False, back_in=600)
        assert (plug.last, peer.feed()) == (FeedState.OFF, FeedState.OFF)
        await restored(plug)
        assert (plug.last, peer.feed()) == (FeedState.ON, FeedState.ON)
        await asyncio.sleep(peer.breath)


async def test_closing_leaves_the_feed_on(peer: Peer) -> None:
    plug = await peer.open()
    await plug.switch(on=False)
    await asyncio.sleep(peer.breath)
    await plug.close()
    assert peer.feed() is FeedState.ON


async def test_closing_twice_is_no_error(peer: Peer) -> None:
    plug = await peer.open()
    await plug.close()
    await asyncio.sleep(peer.breath)
    await plug.close()


async def test_a_new_process_restores_what_the_one_before_it_left_cut(peer: Peer) -> None:
    await (await peer.open()).switch(on=False, back_in=600)
    await asyncio.sleep(peer.breath)
    successor = await peer.open()
    await successor.switch(on=True)
    assert await settled(successor) is FeedState.ON
    assert peer.feed() is FeedState.ON


async def test_two_commands_at_once_end_in_the_state_of_the_later_one(peer: Peer) -> None:
    plug = verified(await peer.open())
    await asyncio.gather(plug.switch(on=False, back_in=600), restored(plug))
    assert peer.feed() is FeedState.ON
    await asyncio.sleep(peer.breath)
    await asyncio.gather(plug.switch(on=True), plug.switch(on=False, back_in=600))
    assert peer.feed() is FeedState.OFF


async def test_whatever_moment_a_cut_is_cancelled_at_it_can_be_restored(peer: Peer) -> None:
    plug = verified(await peer.open())
    for after in (0, 0.002, 0.01, 0.03):
        async with asyncio.TaskGroup() as tasks:
            cutting = tasks.create_task(plug.switch(on=False, back_in=600))
            await asyncio.sleep(after)
            cutting.cancel()
        await restored(plug)
        assert (plug.last, peer.feed()) == (FeedState.ON, FeedState.ON)
        await asyncio.sleep(peer.breath)


# --- the device's own timer ----------------------------------------------------------------------


@with_timer
async def test_a_device_with_a_timer_turns_the_feed_on_by_itself(peer: Peer) -> None:
    plug = await peer.open()
    await plug.switch(on=False, back_in=20)
    assert await settled(plug) is FeedState.OFF
    peer.wait(30)
    assert (await plug.read(), peer.feed()) == (FeedState.ON, FeedState.ON)


@with_timer
async def test_a_restore_stops_the_timer_and_the_next_cut_is_not_shortened_by_it(
    peer: Peer,
) -> None:
    plug = verified(await peer.open())
    await plug.switch(on=False, back_in=20)
    await plug.switch(on=True)
    await plug.switch(on=False, back_in=6000)
    peer.wait(30)
    assert peer.feed() is FeedState.OFF


@with_timer
async def test_a_cut_of_what_is_cut_already_starts_the_timer_anew(peer: Peer) -> None:
    plug = verified(await peer.open())
    await plug.switch(on=False, back_in=20)
    await plug.switch(on=False, back_in=6000)
    peer.wait(30)
    assert peer.feed() is FeedState.OFF
    await plug.switch(on=False, back_in=10)
    peer.wait(20)
    assert peer.feed() is FeedState.ON


# --- the device is at fault ----------------------------------------------------------------------


@remote_agents
async def test_a_device_that_lies_is_found_out(peer: Peer) -> None:
    plug = verified(await peer.open(), fails=True)
    peer.lie()
    with pytest.raises(PlugFailed):
        await plug.switch(on=False, back_in=600)
    assert peer.feed() is FeedState.ON


@remote
async def test_a_slow_device_is_waited_for(peer: Peer) -> None:
    plug = await peer.open()
    peer.delay(peer.bearable)
    await plug.switch(on=False, back_in=600)
    assert await settled(plug) is FeedState.OFF


@remote
async def test_a_device_that_is_too_slow_is_given_up(peer: Peer) -> None:
    peer.timeout = SHORT
    plug = await peer.open()
    peer.delay(SHORT * 3)
    with pytest.raises(PlugFailed, match=f"within {SHORT:g} s"):
        await plug.switch(on=True)


@remote
async def test_a_device_that_is_away_is_an_error_that_says_what_to_do(peer: Peer) -> None:
    peer.timeout = SHORT
    plug = await peer.open()
    peer.leave()
    for work in (plug.read(), plug.switch(on=False, back_in=600), plug.close()):
        with pytest.raises(PlugFailed) as caught:
            await work
        assert caught.value.remedy


@remote
async def test_a_device_that_leaves_in_the_middle_fails_the_command(peer: Peer) -> None:
    if not peer.says_it_is_gone:
        peer.timeout = SHORT
    plug = verified(await peer.open(), fails=True)
    with pytest.raises(PlugFailed):
        await plug.switch(on=False, back_in=600, commanded=peer.leave)
    assert plug.last is FeedState.UNKNOWN


# --- no secret leaves ----------------------------------------------------------------------------


@remote_agents
async def test_no_error_tells_a_secret(peer: Peer) -> None:
    peer.timeout = SHORT
    plug = await peer.open()
    peer.leave()
    with pytest.raises(PlugFailed) as caught:
        await plug.switch(on=False, back_in=600)
    told = f"{caught.value} {caught.value.facts} {caught.value!r} {plug!r}"
    assert not [secret for secret in peer.secrets if secret in told]
