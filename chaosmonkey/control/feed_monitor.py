"""Compares what the sensors measure with what the plugs were commanded to do.

    plug   feed   meaning                                               consequence
    on     off    pulled by hand, supply dead, switched off elsewhere   an observed outage
    off    on     welded contact, second feed                           the cut failed
    off    on     … and it was off while the plug was on                polarity is wrong: the cut
                                                                        failed

A feed that is lost without a cut of ours is judged a moment later: if all were lost together, it
was their supply. The outage counts from the sensor's own moment, so waiting costs no accuracy.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import NoReturn

from chaosmonkey.clock import Clock, finishes_within
from chaosmonkey.config import Lab
from chaosmonkey.errors import PlugFailed
from chaosmonkey.model import Cause, Event, FeedKind, FeedSensed, FeedState
from chaosmonkey.plugs import PlugBoard
from chaosmonkey.sensors import Reading, SensorBoard

GATHER = 0.15
"""Real seconds, added to the interval of the machine's slowest sensor, within which losses count
as simultaneous."""

NOTICE = 1.0
"""Real seconds, added to three of the sensor's intervals, within which a change must be reported:
contacts take 0.01 s, an input settles in 0.03 s, and this machine may be busy."""

READ_PATIENCE = 1.0
"""Real seconds for reading a plug that may have been switched from elsewhere."""

Key = tuple[str, FeedKind]


class FeedMonitor:
    """Keeps the latest reading of each sensor and interprets it.

    Args:
        lab: the machines.
        sensors: one per watched feed; other feeds are never contradicted.
        plugs: the plugs, with their last known state.
        cut: the feeds that are being cut or restored now.
        publish: takes the FeedSensed events.
        changed: called when a reading changed.
        pace: real time.
    """

    def __init__(
        self,
        lab: Lab,
        sensors: SensorBoard,
        plugs: PlugBoard,
        *,
        cut: Collection[Key],
        publish: Callable[[Event], None],
        changed: Callable[[], None],
        pace: Clock,
    ) -> None:
        self._nodes = {machine.name: machine.node_name for machine in lab.machine}
        self._sensors = sensors
        self._plugs = plugs
        self._cut = cut
        self._publish = publish
        self._changed = changed
        self._pace = pace
        self._latest: dict[Key, Reading] = {}
        self._last_known: dict[Key, FeedState] = {}  # the last reading other than unknown
        self._lost_at: dict[Key, float] = {}  # when it was last read as off
        self._with_power: set[Key] = set()  # links that are down because their machine has no power
        self._arrived: set[Key] = set()  # feeds seen at least once while their plug was on
        self._read_while_on: dict[Key, FeedState] = {}  # the last reading while its plug was on
        self._pending: dict[Key, list[Reading]] = {}
        self._to_judge: asyncio.Queue[Key] = asyncio.Queue()
        self._reported = asyncio.Event()

    async def run(self) -> NoReturn:
        """Watch all sensors and judge each loss, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for key, sensor in self._sensors.items():
                name = f"{key[0]}'s {key[1]} sensor"
                tasks.create_task(sensor.run(partial(self._sensed, key)), name=name)
            while True:
                await self._judge(await self._to_judge.get())
        raise AssertionError("unreachable")

    async def settle(self) -> None:
        """Wait for a first reading of every sensor, as long as the slowest may take."""

        async def all_reported() -> None:
            while self._latest.keys() != self._sensors.keys():
                self._reported.clear()
                await self._reported.wait()

        slowest = max((sensor.interval for sensor in self._sensors.values()), default=0.0)
        await finishes_within(all_reported(), self._pace, within=NOTICE + 3 * slowest)

    def lost_since(self, key: Key, moment: float) -> float | None:
        """When the sensor of a feed last saw it go, if that was after a moment."""
        at = self._lost_at.get(key)
        return at if at is not None and at >= moment else None

    def clock_stepped(self, by: float) -> None:
        """Shift every moment by the clock's correction."""

        def later(reading: Reading) -> Reading:
            return replace(reading, since=reading.since + by)

        self._latest = {key: later(reading) for key, reading in self._latest.items()}
        self._lost_at = {key: at + by for key, at in self._lost_at.items()}
        self._pending = {key: [later(one) for one in held] for key, held in self._pending.items()}

    def has(self, key: Key) -> bool:
        """Whether a feed has a sensor."""
        return key in self._sensors

    def state(self, key: Key) -> FeedState | None:
        """The latest reading of a feed's sensor; None if the feed has none."""
        if key not in self._sensors:
            return None
        reading = self._latest.get(key)
        return FeedState.UNKNOWN if reading is None else reading.feed

    def dark(self) -> Mapping[str, str]:
        """Machine → the feed that does not reach it although its plug is on."""
        return {
            machine: feed
            for machine, feed in self._sensors
            if self.finding((machine, feed)) and self.state((machine, feed)) is FeedState.OFF
        }

    def finding(self, key: Key) -> str:
        """What is wrong if plug and sensor contradict each other, in plain words; else "".

        It is "" while the feed is being switched, because the sensor may not have caught up.
        """
        plug = self._plugs.get(key)
        if plug is None or key in self._cut or key in self._with_power:
            return ""
        match plug.last, self.state(key):
            case FeedState.ON, FeedState.OFF:
                return f"No {key[1]} arrives, though its plug is on: {self._why_not_there(key)}?"
            case FeedState.OFF, FeedState.ON:
                return self._why_still_there(key)
            case _:
                return ""

    async def confirm(self, key: Key, wanted: FeedState, commanded: float) -> Reading | None:
        """Wait until the sensor of a feed agrees; None if there is none, or its state is unknown.

        A reading from before `commanded`, when the plug was commanded to switch, proves nothing:
        the sensor first gets the time in which it would notice a change.

        Raises:
            PlugFailed: the sensor still reads the opposite after that time.
        """
        sensor = self._sensors.get(key)
        if sensor is None:
            return None
        agreed = self._until(key, wanted, commanded)
        await finishes_within(agreed, self._pace, within=NOTICE + 3 * sensor.interval)
        reading = self._latest.get(key)
        if reading is None or reading.feed is FeedState.UNKNOWN:
            return None
        if reading.feed is wanted:
            return reading
        machine, feed = key
        if wanted is FeedState.OFF:
            why = f"was switched off, but its {feed} is still there. {self._why_still_there(key)}"
            remedy = (
                "It is being turned back on. To hear the relay, stop the server and run "
                f"`chaosmonkey plugs click {machine}`."
            )
        else:
            why = f"was switched on, but no {feed} arrives."
            remedy = "Check its cable and its supply."
        raise PlugFailed(f"{machine}'s plug {why}", remedy=remedy, machine=machine, feed=feed)

    async def _until(self, key: Key, wanted: FeedState, after: float) -> None:
        while (reading := self._latest.get(key)) is None or not (
            reading.feed is wanted and reading.since + reading.within >= after
        ):
            self._reported.clear()
            await self._reported.wait()

    def _why_not_there(self, key: Key) -> str:
        usual = "a pulled or loose cable, a dead supply"
        if key in self._arrived:
            return usual
        return f"{usual}, or contact or active_high is inverted"

    def _why_still_there(self, key: Key) -> str:
        if self._read_while_on.get(key) is FeedState.OFF:
            return "It was gone while the plug was on: contact or active_high is inverted."
        return "A welded contact, a second feed, or a sensor on the wrong machine?"

    def _sensed(self, key: Key, reading: Reading) -> None:
        was_there = self._last_known.get(key) is FeedState.ON
        self._latest[key] = reading
        if reading.feed is not FeedState.UNKNOWN:
            self._last_known[key] = reading.feed
        if reading.feed is FeedState.OFF:
            self._lost_at[key] = reading.since
        self._reported.set()
        if reading.feed is not FeedState.OFF:
            self._with_power.discard(key)
        elif self._is_without_power(key):
            self._with_power.add(key)
        ours = key in self._cut or key in self._with_power
        if not ours:
            self._read_while_on[key] = reading.feed
            if reading.feed is FeedState.ON:
                self._arrived.add(key)
        if key in self._pending:
            self._pending[key].append(reading)
        elif not ours and reading.feed is FeedState.OFF and was_there:
            self._pending[key] = [reading]
            self._to_judge.put_nowait(key)
        else:
            self._publish_reading(key, reading, None)
        self._changed()

    def _is_without_power(self, key: Key) -> bool:
        """Whether a link is down because its machine has no power, which is one loss, not two."""
        power = key[0], FeedKind.POWER
        return key[1] is FeedKind.NETWORK and (
            power in self._cut or self.state(power) is FeedState.OFF
        )

    def _publish_reading(self, key: Key, reading: Reading, cause: Cause | None) -> None:
        machine, feed = key
        node = self._nodes[machine]
        self._publish(
            FeedSensed(machine, node, feed, reading.feed, reading.since, reading.within, cause)
        )

    async def _judge(self, first: Key) -> None:
        """Find out why feeds were lost at the same moment, and publish their readings since."""
        machine = first[0]
        slowest = max(it.interval for key, it in self._sensors.items() if key[0] == machine)
        await self._pace.sleep(GATHER + slowest)
        lost = [first]
        while not self._to_judge.empty():
            lost.append(self._to_judge.get_nowait())
        lost.sort(key=lambda key: key[1] is not FeedKind.POWER)
        supply = self._all_power_went(lost)
        for key in lost:
            cause: Cause | None
            if self._is_without_power(key):
                self._with_power.add(key)
                cause = None
            elif await self._was_switched(key):
                cause = Cause.SWITCHED
            else:
                cause = Cause.SUPPLY if supply and key[1] is FeedKind.POWER else Cause.HAND
            for reading in self._pending.pop(key):
                self._publish_reading(
                    key, reading, cause if reading.feed is FeedState.OFF else None
                )

    def _all_power_went(self, lost: Collection[Key]) -> bool:
        """Whether several power feeds were lost, and no watched one that we do not cut is left."""
        gone = [key for key in lost if key[1] is FeedKind.POWER]
        left = [
            key
            for key in self._sensors
            if key[1] is FeedKind.POWER and key not in self._cut and key not in gone
        ]
        return len(gone) > 1 and all(self.state(key) is not FeedState.ON for key in left)

    async def _was_switched(self, key: Key) -> bool:
        plug = self._plugs.get(key)
        if plug is None:
            return False
        await finishes_within(self._read(key), self._pace, within=READ_PATIENCE)
        return plug.last is FeedState.OFF

    async def _read(self, key: Key) -> None:
        with suppress(PlugFailed):  # it cannot be read: the sensor alone decides
            await self._plugs[key].read()
