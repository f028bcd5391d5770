"""Shows the room: the presenter's settings, the round, and what phones are told of both."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from chaosmonkey.audience import Room, Round, RoundState
from chaosmonkey.config import Lab
from chaosmonkey.hub.hub import Hub
from chaosmonkey.hub.phones import PlayStream
from chaosmonkey.hub.presence import Presence
from chaosmonkey.hub.views import OutageView, Play, PlayOutage, RoundView, ShowView
from chaosmonkey.outage.safety import Safety
from chaosmonkey.outage.world import World


class Foyer:
    """Keeps the sections "show" and "rounds" true, and the phones' stream."""

    def __init__(
        self,
        hub: Hub,
        phones: PlayStream,
        lab: Lab,
        *,
        room: Room,
        presence: Presence,
        world: World,
        safety: Callable[[], Safety],
        join_url: Callable[[], str],
    ) -> None:
        self._hub = hub
        self._phones = phones
        self._lab = lab
        self._room = room
        self._presence = presence
        self._world = world
        self._safety = safety
        self._join_url = join_url
        self._soon = False

    def show(self) -> None:
        """Show it all, once for whatever else changes before the event loop's next round."""
        if not self._soon:
            self._soon = True
            asyncio.get_running_loop().call_soon(self._show)

    def _show(self) -> None:
        self._soon = False
        current = self._room.round
        view = None if current is None else show_round(current)
        self._hub.put("show", "show", self._show_view())
        if view is not None:
            self._hub.put("rounds", "round", view)
        self._phones.show(self._play(view))

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
            join_url=self._join_url(),
            stages=presence.count("stage"),
            consoles=presence.count("console"),
            phones=presence.count("phone"),
            stage_delay_ms=None if delay is None else round(delay * 1000),
        )

    def _play(self, view: RoundView | None) -> Play:
        outages: Mapping[str, OutageView] = self._hub.shown("outages")
        outage = outages.get(view.outage) if view is not None and view.outage else None
        up = tuple(
            machine.name
            for machine in self._lab.machine
            if (node := self._world.nodes.get(machine.node_name)) is not None and node.is_ready
        )
        return Play(
            type="play",
            seq=self._phones.seq + 1,
            at=self._hub.now(),
            speed=self._lab.speed,
            title=self._lab.title,
            round=None if view is None or view.state is RoundState.CANCELLED else view,
            up=up,
            feed=self._room.show.feed,
            phones=self._presence.count("phone"),
            outage=None if outage is None else _told(outage, outages),
        )


def show_round(current: Round) -> RoundView:
    """A round."""
    return RoundView(
        id=current.id,
        state=current.state,
        opened=current.opened,
        closes=current.closes,
        tally=current.tally,
        ballots=len(current.ballots),
        leaders=current.leaders,
        chosen=current.chosen,
        outage=current.outage,
    )


def _told(outage: OutageView, outages: Mapping[str, OutageView]) -> PlayOutage:
    """An outage for phones, with its rank among those on the board."""
    times = sorted(
        one.recovery_seconds for one in outages.values() if one.recovery_seconds is not None
    )
    seconds = outage.recovery_seconds
    return PlayOutage(
        machine=outage.machine,
        feed=outage.feed,
        phase=outage.phase,
        recovery_seconds=seconds,
        outcome=outage.outcome,
        text=outage.story[-1].text if outage.story else "",
        rank=None if seconds is None else times.index(seconds) + 1,
        runs=len(times),
    )
