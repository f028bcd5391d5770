"""The table of commanded against sensed, and what each of its rows leads to."""

import asyncio

import pytest

from chaosmonkey.control.feed_monitor import GATHER, NOTICE
from chaosmonkey.control.refusals import Dark, EndedFirst, TooManyOff
from chaosmonkey.errors import PlugFailed
from chaosmonkey.model import Cause, Clocked, FeedKind, FeedSensed, FeedState, Origin, PlugRestored
from tests.unit.control._table import FakeSensor, Table

POWER = FeedKind.POWER


def watched(
    *names: str, first: FeedState = FeedState.ON, interval: float = 0.0
) -> dict[str, FakeSensor]:
    return {name: FakeSensor(first, interval) for name in names}


def told(table: Table) -> list[FeedSensed]:
    return [event for event in table.events if isinstance(event, FeedSensed)]


async def losing(table: Table, sensors: dict[str, FakeSensor], *names: str) -> float:
    """These feeds go, and it is judged; returns when they went."""
    await table.clock.advance(1)
    at = table.clock.now() - 0.005
    for name in names:
        sensors[name].says(FeedState.OFF, at)
    await table.clock.advance(1)
    return at


# --- a cut that a sensor confirms, or does not --------------------------------------------------


async def test_a_confirmed_cut_counts_from_the_moment_of_the_sensor() -> None:
    sensors = watched("node3")
    async with Table(sensors=sensors).running() as table:
        began = table.clock.now()
        cutting = asyncio.get_running_loop().create_task(table.cut())
        await table.clock.advance(0.03)
        assert not cutting.done(), "believed before the sensor said so"
        sensors["node3"].says(FeedState.OFF, began + 0.008)
        await table.clock.advance(0.01)
        await cutting
        (outage,) = table.tracker.outages.values()
        assert outage.t0 == began + 0.008
        assert outage.clocked is Clocked.SENSOR
        assert told(table)[-1].cause is None, "it was no hand"


async def test_without_a_sensor_a_cut_counts_from_the_read_back() -> None:
    async with Table().running() as table:
        began = table.clock.now()
        await table.cut()
        (outage,) = table.tracker.outages.values()
        assert (outage.t0, outage.clocked) == (began, Clocked.READ_BACK)


async def test_a_sensor_that_is_only_asked_now_and_then_confirms_but_does_not_clock() -> None:
    sensors = watched("node3", interval=1.0)
    async with Table(sensors=sensors).running() as table:
        began = table.clock.now()
        cutting = asyncio.get_running_loop().create_task(table.cut())
        await table.clock.advance(0.5)
        sensors["node3"].says(FeedState.OFF, began - 0.5, within=1.0)
        await table.clock.advance(0.1)
        await cutting
        (outage,) = table.tracker.outages.values()
        assert (outage.t0, outage.clocked) == (began, Clocked.READ_BACK)


async def test_a_welded_contact_makes_no_outage_and_says_what_it_may_be() -> None:
    async with Table(sensors=watched("node3")).running() as table:
        with pytest.raises(PlugFailed, match=r"its power is still there\. A welded contact"):
            await table.soon(table.cut(), NOTICE + 0.1)
        await table.clock.advance(1)
        assert table.tracker.outages == {}
        assert table.devices["node3"].state is FeedState.ON
        assert table.journal.entries == []


async def test_a_feed_that_comes_when_its_plug_goes_off_has_the_wrong_polarity() -> None:
    """Only a commissioning gets so far: the guard leaves a dark machine alone."""
    sensors = watched("node3", first=FeedState.OFF)
    async with Table(sensors=sensors).running() as table:
        await table.clock.advance(1)
        with pytest.raises(Dark):
            await table.cut()
        assert "inverted" in table.monkey.feed_monitor.finding(("node3", POWER))
        plug = table.plugs["node3", POWER]
        table.devices["node3"].state = FeedState.OFF
        await plug.read()
        cuts = table.monkey._cuts.under_way
        cuts["node3", POWER] = None  # type: ignore[assignment] # being tried
        sensors["node3"].says(FeedState.ON, table.clock.now())
        asked = table.clock.now()
        confirmed = table.monkey.feed_monitor.confirm(("node3", POWER), FeedState.OFF, asked)
        with pytest.raises(PlugFailed, match="gone while the plug was on: contact or active_high"):
            await table.soon(confirmed, NOTICE + 0.1)
        del cuts["node3", POWER]


async def test_a_sensor_that_cannot_tell_contradicts_nobody() -> None:
    sensors = watched("node3", first=FeedState.UNKNOWN)
    async with Table(sensors=sensors).running() as table:
        await table.soon(table.cut(), NOTICE + 0.1)
        (outage,) = table.tracker.outages.values()
        assert outage.clocked is Clocked.READ_BACK


# --- restored, or not ---------------------------------------------------------------------------


async def test_what_the_sensor_sees_return_is_restored_at_that_moment() -> None:
    sensors = watched("node3")
    async with Table(sensors=sensors).running() as table:
        cutting = asyncio.get_running_loop().create_task(table.cut(seconds=10))
        sensors["node3"].says(FeedState.OFF, table.clock.now())
        await table.clock.advance(0)
        await cutting
        await table.clock.advance(10)
        back = table.clock.now() + 0.006
        sensors["node3"].says(FeedState.ON, back)
        await table.clock.advance(0.1)
        (outage,) = table.tracker.outages.values()
        assert outage.restored == back


async def test_a_machine_whose_plug_was_pulled_meanwhile_is_not_restored_by_our_switching() -> None:
    """Its plug is on and the journal is clear, but nothing arrives: the truth comes later."""
    sensors = watched("node3")
    async with Table(sensors=sensors).running() as table:
        cutting = asyncio.get_running_loop().create_task(table.cut(seconds=10))
        sensors["node3"].says(FeedState.OFF, table.clock.now())
        await table.clock.advance(0)
        await cutting
        await table.clock.advance(10 + NOTICE + 0.1)
        (outage,) = table.tracker.outages.values()
        assert table.devices["node3"].state is FeedState.ON
        assert table.journal.entries == []
        assert outage.restored is None
        assert not [event for event in table.events if isinstance(event, PlugRestored)]
        assert table.monkey.feed_monitor.finding(("node3", POWER)).startswith("No power arrives")
        sensors["node3"].says(FeedState.ON, table.clock.now())
        await table.clock.advance(0.1)
        (outage,) = table.tracker.outages.values()
        assert outage.restored == pytest.approx(table.clock.now(), abs=0.2)


# --- what nobody commanded ----------------------------------------------------------------------


async def test_one_feed_that_goes_by_itself_is_a_hand_and_its_outage_begins_then() -> None:
    sensors = watched("node1", "node2", "node3")
    async with Table(sensors=sensors).running() as table:
        at = await losing(table, sensors, "node3")
        (outage,) = table.tracker.outages.values()
        assert (outage.machine, outage.origin) == ("node3", Origin.OBSERVED)
        assert (outage.t0, outage.t0_within) == (at, 0.0)
        assert (outage.cause, outage.feed, outage.clocked) == (Cause.HAND, POWER, Clocked.SENSOR)


async def test_all_feeds_that_go_together_are_a_dead_supply() -> None:
    sensors = watched("node1", "node2", "node3")
    async with Table(sensors=sensors).running() as table:
        await losing(table, sensors, "node1", "node2", "node3")
        causes = {outage.machine: outage.cause for outage in table.tracker.outages.values()}
        assert causes == dict.fromkeys(("node1", "node2", "node3"), Cause.SUPPLY)


async def test_two_of_three_are_hands_for_the_supply_still_feeds_the_third() -> None:
    sensors = watched("node1", "node2", "node3")
    async with Table(sensors=sensors).running() as table:
        await losing(table, sensors, "node1", "node2")
        assert {it.cause for it in table.tracker.outages.values()} == {Cause.HAND}


async def test_a_plug_that_somebody_else_switched_off_is_no_hand() -> None:
    sensors = watched("node3")
    async with Table(sensors=sensors).running() as table:
        await table.clock.advance(1)
        table.devices["node3"].state = FeedState.OFF
        await losing(table, sensors, "node3")
        (outage,) = table.tracker.outages.values()
        assert outage.cause is Cause.SWITCHED


async def test_a_blip_is_an_outage_too_and_ends_when_the_feed_is_back() -> None:
    """A tenth of a second without power reboots a Raspberry Pi."""
    sensors = watched("node3")
    async with Table(sensors=sensors).running() as table:
        await table.clock.advance(1)
        at = table.clock.now()
        sensors["node3"].says(FeedState.OFF, at)
        sensors["node3"].says(FeedState.ON, at + 0.1)
        await table.clock.advance(GATHER + 0.1)
        (outage,) = table.tracker.outages.values()
        assert (outage.t0, outage.restored) == (at, at + 0.1)


async def test_a_feed_that_was_away_before_we_came_has_no_t0_and_is_no_outage() -> None:
    sensors = watched("node3", first=FeedState.OFF)
    async with Table(sensors=sensors).running() as table:
        await table.clock.advance(2)
        assert table.tracker.outages == {}
        assert table.monkey.feed_monitor.dark() == {"node3": "power"}


async def test_what_is_dark_is_not_cut_and_counts_as_off() -> None:
    sensors = watched("node3")
    async with Table(sensors=sensors, max_off=1).running() as table:
        await losing(table, sensors, "node3")
        with pytest.raises(Dark, match="No power reaches node3"):
            await table.cut("node3")
        with pytest.raises(TooManyOff):
            await table.cut("node2")


async def test_a_link_that_goes_down_with_the_power_that_we_cut_is_no_second_outage() -> None:
    links = watched("node3", interval=1.0)
    async with Table(links=links).running() as table:
        await table.cut()
        links["node3"].says(FeedState.OFF, table.clock.now(), within=1.0)
        await table.clock.advance(5)
        (outage,) = table.tracker.outages.values()
        assert (outage.origin, outage.feed) == (Origin.COMMANDED, POWER)


@pytest.mark.parametrize("first", ["power", "link"])
async def test_a_pulled_plug_takes_the_link_with_it_and_is_one_outage_whoever_tells_first(
    first: str,
) -> None:
    power, links = watched("node3", interval=2.0), watched("node3", interval=1.0)
    async with Table(sensors=power, links=links).running() as table:
        await table.clock.advance(1)
        told = [power["node3"], links["node3"]]
        for sensor in told if first == "power" else reversed(told):
            sensor.says(FeedState.OFF, table.clock.now() - 1, within=1.0)
            await table.clock.advance(0.5)
        await table.clock.advance(5)
        (outage,) = table.tracker.outages.values()
        assert (outage.feed, outage.cause) == (POWER, Cause.HAND)


async def test_a_link_that_goes_alone_is_a_pulled_cable() -> None:
    power, links = watched("node3"), watched("node3", interval=1.0)
    async with Table(sensors=power, links=links).running() as table:
        await table.clock.advance(1)
        links["node3"].says(FeedState.OFF, table.clock.now() - 1, within=1.0)
        await table.clock.advance(5)
        (outage,) = table.tracker.outages.values()
        assert (outage.feed, outage.cause) == (FeedKind.NETWORK, Cause.HAND)
        assert outage.t0_within == 1.0


async def test_a_dark_machine_whose_sensor_comes_back_is_not_lost_once_more() -> None:
    sensors = watched("node3", first=FeedState.OFF)
    async with Table(sensors=sensors).running() as table:
        await table.clock.advance(1)
        sensors["node3"].says(FeedState.UNKNOWN, table.clock.now())
        await table.clock.advance(1)
        sensors["node3"].says(FeedState.OFF, table.clock.now() - 2, within=2.0)
        await table.clock.advance(2)
        assert table.tracker.outages == {}


async def test_a_loss_while_the_sensor_could_not_tell_is_an_outage_with_wide_bounds() -> None:
    sensors = watched("node3")
    async with Table(sensors=sensors).running() as table:
        await table.clock.advance(1)
        sensors["node3"].says(FeedState.UNKNOWN, table.clock.now())
        await table.clock.advance(1)
        sensors["node3"].says(FeedState.OFF, table.clock.now() - 2, within=2.0)
        await table.clock.advance(2)
        (outage,) = table.tracker.outages.values()
        assert (outage.cause, outage.t0_within) == (Cause.HAND, 2.0)


async def test_a_cut_that_halt_ends_before_its_sensor_told_was_a_cut_all_the_same() -> None:
    sensors = watched("node3")
    async with Table(sensors=sensors).running() as table:
        cutting = asyncio.get_running_loop().create_task(table.cut())
        await table.clock.advance(0.01)
        assert table.devices["node3"].state is FeedState.OFF
        await table.monkey.halt("test")
        with pytest.raises(EndedFirst, match="node3 was cut only briefly, if at all: HALT by test"):
            await cutting
        await table.clock.advance(NOTICE + 0.1)
        (outage,) = table.tracker.outages.values()
        assert outage.clocked is Clocked.READ_BACK
        assert outage.restored is not None


async def test_a_sensor_that_agreed_before_the_plug_was_asked_must_go_on_agreeing() -> None:
    """With the wrong polarity the feed is gone before the cut, and comes with it."""
    sensors = watched("node3", first=FeedState.OFF)
    async with Table(sensors=sensors).running() as table:
        await table.clock.advance(1)
        async with asyncio.TaskGroup() as tasks:
            asked = table.clock.now()
            confirming = table.monkey.feed_monitor.confirm(("node3", POWER), FeedState.OFF, asked)
            confirmed = tasks.create_task(confirming)
            await table.clock.advance(NOTICE - 0.1)
            assert not confirmed.done()
            await table.clock.advance(0.2)
            assert confirmed.result() is not None, "it did not change: it is off"
