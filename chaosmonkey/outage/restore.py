"""Turning machines on, whoever turned them off: our own cuts end, other plugs are switched."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chaosmonkey.config import Lab
from chaosmonkey.errors import PlugFailed
from chaosmonkey.model import Event, Feed, FeedKind, PlugRestored
from chaosmonkey.outage.cut import Cut
from chaosmonkey.outage.guard import find_machine
from chaosmonkey.outage.inrush import Inrush
from chaosmonkey.plugs import PlugBoard, VerifiedPlug

PATIENCE = 25.0
"""Seconds that a caller of restore or HALT waits for an answer; the plug is tried on after that."""


@dataclass(frozen=True, slots=True)
class TurnOn:
    """One turning on; `publish` takes the events PlugRestored of plugs that were not ours."""

    lab: Lab
    plugs: PlugBoard
    cuts: Mapping[tuple[str, FeedKind], Cut]
    publish: Callable[[Event], None]
    inrush: Inrush

    async def all_of(self, machines: list[str], why: str) -> list[str]:
        """Every feed of these machines; returns those that were off, such as "node3 power".

        Raises:
            PlugFailed: some do not turn on; all others were, and these are tried again.
        """
        ours = [cut for cut in self.cuts.values() if cut.entry.machine in machines]
        for cut in ours:
            cut.end(why)
        others = [
            plug
            for key, plug in self.plugs.items()
            if plug.machine in machines and key not in self.cuts
        ]
        found_off = [(plug.machine, plug.feed) for plug in others if plug.last is Feed.OFF]
        answers = await asyncio.gather(
            *(self._ended(cut) for cut in ours),
            *(self._turn_on_foreign(plug) for plug in others),
            return_exceptions=True,
        )
        failures = [answer for answer in answers if isinstance(answer, BaseException)]
        if len(failures) > 1 and all(isinstance(failure, PlugFailed) for failure in failures):
            raise PlugFailed(
                " ".join(
                    failure.message for failure in failures if isinstance(failure, PlugFailed)
                ),
                remedy="All others are on. These are tried again; look at the devices.",
            )
        for failure in failures:
            raise failure
        was_off = [cut.key for cut in ours if cut.touched] + found_off
        return [f"{machine} {feed}" for machine, feed in was_off]

    async def _ended(self, cut: Cut) -> None:
        await asyncio.wait({cut.ended}, timeout=PATIENCE)
        if not cut.ended.done():
            raise PlugFailed(
                f"{cut.entry.machine}'s {cut.entry.feed} is {cut.stage}: {cut.trouble}",
                remedy="It is tried again and again. Look at the device, or bypass it by hand.",
            )

    async def _turn_on_foreign(self, plug: VerifiedPlug) -> None:
        """Turn on a plug that is not off because of us, if it is off at all."""
        was = plug.last
        if was is Feed.OFF:
            await self.inrush.turn()
        at = await plug.switch(on=True)
        if was is Feed.OFF:
            node = find_machine(self.lab, plug.machine).node_name
            self.publish(PlugRestored(plug.machine, node, plug.feed, at))
