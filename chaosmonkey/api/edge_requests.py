"""Carry out what edges' phones request, and give the link what it publishes."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Coroutine
from hashlib import sha256
from typing import Any

from pydantic import ValidationError

from chaosmonkey.api.context import Context
from chaosmonkey.api.phone_actions import Joined, NoSeat
from chaosmonkey.api.phone_backend import RoomBackend, refusal, unreadable
from chaosmonkey.api.phone_messages import PHONE_MESSAGE, Ack, PressMessage, Refused
from chaosmonkey.audience import RoundRefused
from chaosmonkey.audience.seats import is_seat
from chaosmonkey.clock import SystemClock
from chaosmonkey.errors import ChaosMonkeyError
from chaosmonkey.scale import Edges, LinkedRequest, SeatRules, TableLink

LATE = 5.0
"""Real seconds that a press may take from the phone to the server. A vote may take longer: it
changes nothing before the presenter acts."""


class TooLate(RoundRefused):
    """The press came too late: a machine must not go dark when the room no longer expects it."""


class EdgeRequests:
    """What the link needs of the server; see `scale.Table`.

    Args:
        trusted: whether a press on an edge may cut without the presenter's approval.
    """

    def __init__(self, ctx: Context, *, trusted: bool) -> None:
        self._ctx = ctx
        self._backend = RoomBackend(ctx, trusted=trusted)
        self._presses: set[asyncio.Task[None]] = set()

    def play(self) -> bytes | None:
        """Return the phones' latest message as JSON; None if there is none yet."""
        return self._ctx.phones.message

    def seat_rules(self) -> SeatRules:
        """Return how edges verify seats, now."""
        seats = self._ctx.seats
        return SeatRules(
            key=seats.edge_key.hex(), salt=seats.salt.hex(), codes=self._ctx.room.codes.for_edges
        )

    def carry_out(self, request: LinkedRequest) -> None:
        """Carry out a request, and answer it."""

        def answer(result: Ack | Refused) -> None:
            if isinstance(result, Ack):
                request.answer(_brief(result.you), None)
            else:
                fields = {name: getattr(result, name) for name in REFUSAL}
                request.answer(None, fields)

        self._ctx.phone_work.put(lambda: self._carry_out(request, answer))

    def _carry_out(self, request: LinkedRequest, answer: Any) -> None:
        try:
            message = PHONE_MESSAGE.validate_python(request.body)
        except ValidationError as error:
            answer(refusal(None, unreadable(error)))
            return
        try:
            if not is_seat(request.seat):
                raise NoSeat("This phone has no seat.", remedy="Reload the page.")
            late = (self._ctx.clock.now() - request.at) / self._ctx.lab.speed > LATE
            if late and isinstance(message, PressMessage):
                raise TooLate("The press came too late.", remedy="Press again.")
        except ChaosMonkeyError as error:
            answer(refusal(message.id, error))
            return
        self._backend.carry_out(
            request.seat,
            message,
            address=f"edge {request.edge}",
            answer=answer,
            spawn=self._spawn,
        )

    def _spawn(self, press: Coroutine[Any, Any, None]) -> None:
        """Run a press to its end even if the link is lost."""
        task = asyncio.get_running_loop().create_task(press)
        self._presses.add(task)
        task.add_done_callback(self._presses.discard)


REFUSAL = ("status", "title", "detail", "remedy", "rule", "allowed_at", "shown_in_round")
"""Fields of a Refused besides type and id."""


def _brief(you: Joined) -> dict[str, Any]:
    """Return a seat's part in the round without what the edge knows and what is not there."""
    return {
        name: value
        for name in ("name", "round", "ticket", "voted", "guess", "withdrawn")
        if (value := getattr(you, name)) not in (None, "", False)
    }


def table_link(ctx: Context, edges: Edges | None) -> TableLink | None:
    """Return the link to the edges; None if none are configured."""
    if ctx.lab.scale is None or edges is None:
        return None
    link = TableLink(
        ctx.lab.scale,
        EdgeRequests(ctx, trusted=ctx.lab.scale.edges_may_cut),
        hub=ctx.hub,
        edges=edges,
        owner=sha256(ctx.seats.edge_key).hexdigest()[:16],
        instance=secrets.token_hex(8),
        clock=ctx.clock,
        pace=SystemClock(),
        speed=ctx.lab.speed,
    )
    ctx.phones.on_send(link.notify)
    return link
