"""Serve the panel: buttons act like the console's, under the same rules; LEDs show the machines.

    held on a machine that is on       cut it
    held on a machine that was cut     restore it
    the big red button                 HALT; it cannot be released while the button is pressed

A button that cannot be read is safe: a machine's does nothing, the red one triggers HALT. Each
press leaves a row in the audit log, and a refusal makes the LED flash.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, NoReturn

from chaosmonkey.clock import Clock
from chaosmonkey.config import Lab, Machine
from chaosmonkey.control.guard import CutRequest
from chaosmonkey.control.monkey import Monkey
from chaosmonkey.errors import ChaosMonkeyError
from chaosmonkey.outage.tracker import Tracker
from chaosmonkey.panel.buttons import HoldButton
from chaosmonkey.panel.devices import Devices
from chaosmonkey.panel.led_patterns import BEAT, PATTERNS, LedPattern, heartbeat, is_lit, pattern_of
from chaosmonkey.store import AuditEntry

log = logging.getLogger(__name__)

NAME = "the panel"
STILL_IN = "The big red button is pressed, or its wire is broken."
UNREAD = "The big red button cannot be read, so it counts as pressed."


class Panel:
    """Watches the buttons and lights the LEDs while `run` runs.

    Args:
        note: adds an entry to the audit log.
        pace: real time, for buttons and LEDs.
    """

    def __init__(
        self,
        lab: Lab,
        devices: Devices,
        *,
        monkey: Monkey,
        tracker: Tracker,
        note: Callable[[AuditEntry], None],
        clock: Clock,
        pace: Clock,
    ) -> None:
        self._lab = lab
        self._devices = devices
        self._monkey = monkey
        self._tracker = tracker
        self._note = note
        self._clock = clock
        self._pace = pace
        self._holding: set[str] = set()
        self._refused: dict[str, int] = {}
        self._beat = 0
        self._tasks: asyncio.TaskGroup
        if devices.halt is not None:
            monkey.keep_halted(UNREAD)  # until it was read

    def troubles(self) -> list[str]:
        """The troubles of the panel, as sentences; empty if all works, or without a panel."""
        return self._devices.troubles()

    async def run(self) -> NoReturn:
        """Serve the panel until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            for machine in self._lab.machine:
                line = self._devices.buttons.get(machine.name)
                if line is not None:
                    button = HoldButton(
                        line,
                        hold=self._lab.panel.hold,
                        pace=self._pace,
                        holding=partial(self._touch, machine.name),
                        held=partial(self._held, machine),
                    )
                    tasks.create_task(button.run(), name=f"button of {machine.name}")
            if self._devices.halt is not None:
                tasks.create_task(self._devices.halt.run(self._red), name="big red button")
            while True:
                self._show()
                await self._pace.sleep(BEAT)
                self._beat += 1
        raise AssertionError("unreachable")

    # --- buttons --------------------------------------------------------------------------------

    def _touch(self, machine: str, holding: bool) -> None:
        (self._holding.add if holding else self._holding.discard)(machine)
        self._show()

    def _held(self, machine: Machine) -> None:
        if any(name == machine.name for name, _ in self._monkey.cuts):
            work = self._monkey.restore(machine.name, NAME)
            self._do(f"/restore/{machine.name}", work, machine.name)
            return
        feed = self._lab.panel.feed
        request = CutRequest(machine.name, feed, self._lab.default_seconds, by=NAME)
        self._do(f"/kill/{machine.name}?feed={feed}", self._monkey.cut(request), machine.name)

    def _red(self, high: bool | None, _: float) -> None:
        if high is None:
            why, by = UNREAD, "the big red button, which cannot be read"
        elif high == (self._lab.panel.halt_contact == "NC"):
            why, by = STILL_IN, "the big red button"
        else:
            why = by = ""
        self._monkey.keep_halted(why)
        if why:
            self._do("/halt", self._monkey.halt(by))

    def _do(self, what: str, work: Coroutine[Any, Any, object], machine: str = "") -> None:
        self._tasks.create_task(self._carry_out(what, work, machine), name=f"panel {what}")

    async def _carry_out(self, what: str, work: Coroutine[Any, Any, object], machine: str) -> None:
        try:
            await work
        except ChaosMonkeyError as error:
            log.warning("The panel's %s was refused: %s", what, error)
            self._refused[machine] = self._beat
            rule = error.rule or error.title.lower()
            self._keep(what, accepted=False, rule=rule, why=error.message)
        else:
            self._keep(what, accepted=True)

    def _keep(self, what: str, *, accepted: bool, rule: str = "", why: str = "") -> None:
        self._note(
            AuditEntry(
                at=self._clock.now(),
                who=NAME,
                role="panel",
                address="",
                command=f"BUTTON {what}",
                accepted=accepted,
                rule=rule,
                why=why,
            )
        )

    # --- LEDs -----------------------------------------------------------------------------------

    def _show(self) -> None:
        facts = self._monkey.facts()
        off = {*facts.off, *facts.dark}
        for machine in self._lab.machine:
            led = self._devices.leds.get(machine.name)
            if led is None:
                continue
            light = self._touched(machine.name)
            if light is None:
                light = pattern_of(machine, self._tracker.world, self._tracker.outages, off)
            since = self._refused[machine.name] if light is LedPattern.REFUSED else 0
            led.light(lit=is_lit(PATTERNS[light], self._beat - since))
        if self._devices.heartbeat is not None:
            pattern = heartbeat(facts.safety, facts.now)
            self._devices.heartbeat.light(lit=is_lit(pattern, self._beat))

    def _touched(self, machine: str) -> LedPattern | None:
        """The LED's pattern if its button was touched just now."""
        if machine in self._holding:
            return LedPattern.HOLDING
        since = self._refused.get(machine)
        if since is not None and self._beat - since < len(PATTERNS[LedPattern.REFUSED]):
            return LedPattern.REFUSED
        return None
