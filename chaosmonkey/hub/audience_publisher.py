"""Publish the room: the presenter's settings, the round, and the phones' message."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace

from chaosmonkey.audience import Room
from chaosmonkey.audience.join_codes import typed_url
from chaosmonkey.audience.redaction import without_addresses
from chaosmonkey.config import Lab
from chaosmonkey.control.safety import Safety
from chaosmonkey.hub.hub import Hub
from chaosmonkey.hub.phone_stream import PhoneStream
from chaosmonkey.hub.phone_views import Play, PlayOutage
from chaosmonkey.hub.presence import Presence
from chaosmonkey.hub.round_view_builders import show_round
from chaosmonkey.hub.round_views import RoundView
from chaosmonkey.hub.views import OutageView, ScaleView, ShowView

GATHER = 0.1
"""Minimum seconds between two publications of counts: a tally moves ten times a second. Publishing
takes the processor as long as ten votes."""

HEADCOUNT = 1.0
"""The same for the number of phones, while a hall joins."""

HEADCOUNT_ON_PHONES = 2.0
"""Minimum seconds before all phones are sent a message in which only their number is new."""


class AudiencePublisher:
    """Publishes the sections "show" and "rounds", and the phones' stream."""

    def __init__(
        self,
        hub: Hub,
        phones: PhoneStream,
        lab: Lab,
        *,
        room: Room,
        presence: Presence,
        safety: Callable[[], Safety],
        join_url: Callable[[], str],
        scale: Callable[[], ScaleView | None] = lambda: None,
    ) -> None:
        self._hub = hub
        self._phones = phones
        self._lab = lab
        self._room = room
        self._presence = presence
        self._safety = safety
        self._join_url = join_url
        self._scale = scale
        self._soon = False
        self._later: asyncio.TimerHandle | None = None
        self._shown_at = 0.0
        self._had_console = False
        self._last_play: Play | None = None

    def show(self) -> None:
        """Publish everything in the event loop's next iteration; calls until then are merged."""
        if not self._soon:
            self._soon = True
            asyncio.get_running_loop().call_soon(self._show)

    def show_soon(self) -> None:
        """Publish everything within GATHER seconds: for counts, which change with each vote."""
        self._show_within(GATHER)

    def show_headcount(self) -> None:
        """Publish everything within HEADCOUNT seconds: for the number of phones."""
        self._show_within(HEADCOUNT)

    def _show_within(self, seconds: float) -> None:
        """Publish within so many seconds of the publication before, or earlier if it is due."""
        if self._soon:
            return
        loop = asyncio.get_running_loop()
        due = max(loop.time(), self._shown_at + seconds)
        if self._later is not None and self._later.when() <= due:
            return
        if self._later is not None:
            self._later.cancel()
        self._later = loop.call_at(due, self._show)

    def show_now(self) -> None:
        """Publish what waits to be published: a reader expects the counts of what it did."""
        if self._soon or self._later is not None:
            self._show()

    def _show(self) -> None:
        self._soon = False
        if self._later is not None:
            self._later.cancel()
            self._later = None
        self._shown_at = asyncio.get_running_loop().time()
        self._publish()

    def _publish(self) -> None:
        consoles = self._presence.count("console")
        self._had_console = self._had_console or consoles > 0
        view = show_round(self._room, present=consoles > 0 or not self._had_console)
        self._hub.put("show", "show", self._show_view())
        if view is not None:
            self._hub.put("rounds", "round", view)
        play = self._play(view)
        last, self._last_play = self._last_play, play
        if play != last:
            counted = last is not None and play == replace(last, phones=play.phones)
            self._phones.show(
                replace(play, seq=self._phones.seq + 1, at=self._hub.now()),
                within=HEADCOUNT_ON_PHONES if counted else 0.0,
            )

    def _show_view(self) -> ShowView:
        show, presence = self._room.show, self._presence
        delay = presence.stage_delay
        return ShowView(
            scene=show.scene,
            blank=show.blank,
            feed=show.feed,
            armed_until=self._safety().armed_until,
            halted=self._safety().halted,
            halted_by=self._safety().halted_by,
            light=show.light,
            join_url=typed_url(self._join_url(), self._room.codes.current),
            join_code=self._room.codes.current,
            wifi=self._lab.audience.wifi_ssid,
            nicknames=self._room.names.wanted,
            stages=presence.count("stage"),
            consoles=presence.count("console"),
            phones=presence.count("phone"),
            stage_delay_ms=None if delay is None else round(delay * 1000),
            scale=self._scale(),
            table_lost_at=None,
        )

    def _play(self, view: RoundView | None) -> Play:
        outages: Mapping[str, OutageView] = self._hub.shown("outages")
        outage = outages.get(view.outage) if view is not None and view.outage else None
        return Play(
            type="play",
            seq=0,
            at=0.0,
            speed=self._lab.speed,
            title=self._lab.title,
            round=view,
            feed=self._room.show.feed,
            nicknames=self._room.names.wanted,
            phones=self._presence.count("phone"),
            outage=None if outage is None else _outage_for_phones(outage, outages),
            table_lost_at=None,
        )


def _outage_for_phones(outage: OutageView, outages: Mapping[str, OutageView]) -> PlayOutage:
    """Return an outage for phones, with its rank among the outages on the board."""
    times = sorted(
        one.recovery_seconds
        for one in outages.values()
        if one.recovery_seconds is not None and one.recovery_at_least is None
    )
    seconds = outage.recovery_seconds
    return PlayOutage(
        machine=outage.machine,
        feed=outage.feed,
        phase=outage.phase,
        recovery_seconds=seconds,
        recovery_at_least=outage.recovery_at_least,
        outcome=outage.outcome,
        text=without_addresses(outage.story[-1].text) if outage.story else "",
        rank=times.index(seconds) + 1 if seconds in times else None,
        runs=len(times),
    )
