"""What the sensors say, set against what the plugs were told.

    plug   feed   meaning                                         what follows
    on     off    a hand, a dead supply, switched off elsewhere   an observed outage
    off    on     a welded contact, another way in                the cut fails: it was none
    off    on     … and it was off while the plug was on          wrong polarity: the cut fails

A feed that goes without a cut of ours is judged a moment later: if all went together, it was their
supply. The outage counts from the sensor's own moment, so that waiting costs nothing.
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
"""Real seconds after a loss, beside the interval of the machine's slowest sensor, in which others
count as of the same moment."""

NOTICE = 1.0
"""Real seconds, beside three of the sensor's intervals, after which a change must have been told:
contacts take 0.01 s, an input settles in 0.03 s, and this machine may be busy."""

ASK_PATIENCE = 1.0
"""Real seconds that a plug gets to say whether it was switched from elsewhere."""

Key = tuple[str, FeedKind]


class FeedMonitor:
    """Keeps what each sensor said last, and says what it means.

    Args:
        lab: the machines.
        sensors: what is watched; feeds without a sensor are never contradicted.
        plugs: what was told to be on or off.
        cut: the feeds that are being cut or restored now.
        publish: takes the events FeedSensed.
        changed: is called when a sensor says something else.
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
        self._known: dict[Key, FeedState] = {}  # what was told last but unknown
        self._gone: dict[Key, float] = {}  # when it was last told to be off
        self._with_power: set[Key] = set()  # links that went because their machine has no power
        self._arrived: set[Key] = set()  # at any time while its plug was on
        self._undisturbed: dict[Key, FeedState] = {}  # what was told last while its plug was on
        self._held: dict[Key, list[Reading]] = {}
        self._lost: asyncio.Queue[Key] = asyncio.Queue()
        self._news = asyncio.Event()

    async def run(self) -> NoReturn:
        """Watch all sensors and judge what they lose, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for key, sensor in self._sensors.items():
                name = f"{key[0]}'s {key[1]} sensor"
                tasks.create_task(sensor.run(partial(self._sensed, key)), name=name)
            while True:
                await self._judge(await self._lost.get())
        raise AssertionError("unreachable")

    async def settle(self) -> None:
        """Wait until every sensor has told something, as long as the slowest may take."""

        async def all_told() -> None:
            while self._latest.keys() != self._sensors.keys():
                self._news.clear()
                await self._news.wait()

        slowest = max((sensor.interval for sensor in self._sensors.values()), default=0.0)
        await finishes_within(all_told(), self._pace, within=NOTICE + 3 * slowest)

    def lost_since(self, key: Key, moment: float) -> float | None:
        """When the sensor of a feed last saw it gone, if that was after a moment."""
        at = self._gone.get(key)
        return at if at is not None and at >= moment else None

    def clock_stepped(self, by: float) -> None:
        """The clock that tells the moments was set right by so many seconds."""

        def later(reading: Reading) -> Reading:
            return replace(reading, since=reading.since + by)

        self._latest = {key: later(reading) for key, reading in self._latest.items()}
        self._gone = {key: at + by for key, at in self._gone.items()}
        self._held = {key: [later(one) for one in held] for key, held in self._held.items()}

    def has(self, key: Key) -> bool:
        """Whether a feed has a sensor."""
        return key in self._sensors

    def state(self, key: Key) -> FeedState | None:
        """What the sensor of a feed said last; None if the feed has none."""
        if key not in self._sensors:
            return None
        reading = self._latest.get(key)
        return FeedState.UNKNOWN if reading is None else reading.feed

    def dark(self) -> Mapping[str, str]:
        """The machines that a feed does not reach though its plug is on, and which feed."""
        return {
            machine: feed
            for machine, feed in self._sensors
            if self.finding((machine, feed)) and self.state((machine, feed)) is FeedState.OFF
        }

    def finding(self, key: Key) -> str:
        """What is wrong when plug and sensor contradict each other, in plain words; "" if nothing.

        While a feed is being switched, nothing is: it may be on its way.
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

    async def confirm(self, key: Key, wanted: FeedState, asked: float) -> Reading | None:
        """Wait until the sensor of a feed agrees; None if it has none, or it cannot tell.

        One that agreed before the plug was asked to switch, at `asked`, proves nothing yet: it gets
        the time in which it would notice a change.

        Raises:
            PlugFailed: it says the opposite, and had time enough to notice.
        """
        sensor = self._sensors.get(key)
        if sensor is None:
            return None
        agreed = self._until(key, wanted, asked)
        await finishes_within(agreed, self._pace, within=NOTICE + 3 * sensor.interval)
        reading = self._latest.get(key)
        if reading is None or reading.feed is FeedState.UNKNOWN:
            return None
        if reading.feed is wanted:
            return reading
        machine, feed = key
        if wanted is FeedState.OFF:
            why = f"was switched off, but its {feed} is still there. {self._why_still_there(key)}"
            remedy = "It is being turned back on. Listen to the relay: `chaosmonkey plugs click`."
        else:
            why = f"was switched on, but no {feed} arrives."
            remedy = "Check that it is plugged in and that its supply works."
        raise PlugFailed(f"{machine}'s plug {why}", remedy=remedy, machine=machine, feed=feed)

    async def _until(self, key: Key, wanted: FeedState, after: float) -> None:
        while (reading := self._latest.get(key)) is None or not (
            reading.feed is wanted and reading.since + reading.within >= after
        ):
            self._news.clear()
            await self._news.wait()

    def _why_not_there(self, key: Key) -> str:
        usual = "a pulled plug, a loose cable, a dead supply"
        if key in self._arrived:
            return usual
        return f"{usual}, or contact or active_high is inverted"

    def _why_still_there(self, key: Key) -> str:
        if self._undisturbed.get(key) is FeedState.OFF:
            return "It was gone while the plug was on: contact or active_high is inverted."
        return "A welded contact, a second feed, or a sensor on the wrong machine?"

    def _sensed(self, key: Key, reading: Reading) -> None:
        was_there = self._known.get(key) is FeedState.ON
        self._latest[key] = reading
        if reading.feed is not FeedState.UNKNOWN:
            self._known[key] = reading.feed
        if reading.feed is FeedState.OFF:
            self._gone[key] = reading.since
        self._news.set()
        if reading.feed is not FeedState.OFF:
            self._with_power.discard(key)
        elif self._is_without_power(key):
            self._with_power.add(key)
        ours = key in self._cut or key in self._with_power
        if not ours:
            self._undisturbed[key] = reading.feed
            if reading.feed is FeedState.ON:
                self._arrived.add(key)
        if key in self._held:
            self._held[key].append(reading)
        elif not ours and reading.feed is FeedState.OFF and was_there:
            self._held[key] = [reading]
            self._lost.put_nowait(key)
        else:
            self._tell(key, reading, None)
        self._changed()

    def _is_without_power(self, key: Key) -> bool:
        """Whether a link is down because its machine has no power: that is one loss, not two."""
        power = key[0], FeedKind.POWER
        return key[1] is FeedKind.NETWORK and (
            power in self._cut or self.state(power) is FeedState.OFF
        )

    def _tell(self, key: Key, reading: Reading, cause: Cause | None) -> None:
        machine, feed = key
        node = self._nodes[machine]
        self._publish(
            FeedSensed(machine, node, feed, reading.feed, reading.since, reading.within, cause)
        )

    async def _judge(self, first: Key) -> None:
        """Say why feeds went, this one and those of the same moment, and what they did since."""
        machine = first[0]
        slowest = max(it.interval for key, it in self._sensors.items() if key[0] == machine)
        await self._pace.sleep(GATHER + slowest)
        lost = [first]
        while not self._lost.empty():
            lost.append(self._lost.get_nowait())
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
            for reading in self._held.pop(key):
                self._tell(key, reading, cause if reading.feed is FeedState.OFF else None)

    def _all_power_went(self, lost: Collection[Key]) -> bool:
        """Whether several power feeds went, and none that is watched and not cut is left."""
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
        await finishes_within(self._read(key), self._pace, within=ASK_PATIENCE)
        return plug.last is FeedState.OFF

    async def _read(self, key: Key) -> None:
        with suppress(PlugFailed):  # it cannot be asked: then only the sensor tells
            await self._plugs[key].read()
