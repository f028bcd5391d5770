"""The services that routes use; `runtime` passes them in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from chaosmonkey.api.fair_queue import FairQueue
from chaosmonkey.api.middleware.authentication import Authenticator
from chaosmonkey.api.transport.work_queue import WorkQueue
from chaosmonkey.audience import Room, Seats
from chaosmonkey.clock import Clock
from chaosmonkey.cluster import Inspector
from chaosmonkey.config import Lab
from chaosmonkey.control.monkey import Monkey
from chaosmonkey.hub import Hub, PhoneStream, Presence
from chaosmonkey.model import Outage
from chaosmonkey.outage.tracker import Tracker
from chaosmonkey.preflight import Finding
from chaosmonkey.store import Audit, Recorder, Records, RoundRecorder


@dataclass(frozen=True, slots=True)
class Context:
    """The services that routes use.

    Attributes:
        not_ready: returns why this server is not ready; empty if it is.
        join_url: returns the URL of the phone page.
        pieces: schedules the pieces of long answers.
        phone_work: works off what phones send over their websockets.
        publish_counts: publishes counts that wait to be published together.
    """

    lab: Lab
    clock: Clock
    hub: Hub
    monkey: Monkey
    tracker: Tracker
    records: Records
    recorder: Recorder
    round_recorder: RoundRecorder
    not_ready: Callable[[], list[str]]
    room: Room
    seats: Seats
    presence: Presence
    phones: PhoneStream
    inspector: Inspector
    authenticator: Authenticator
    audit: Audit
    join_url: Callable[[], str]
    preflight: Callable[[], AsyncIterator[Finding]]
    phone_work: WorkQueue
    publish_counts: Callable[[], None]
    pieces: FairQueue = field(default_factory=lambda: FairQueue(lambda: 1))

    def outages_in_memory(self) -> dict[str, Outage]:
        """Return outages by id, newest first, whose state is newer than that on the disk."""
        found = {**self.recorder.unwritten, **self.tracker.outages}
        return dict(sorted(found.items(), key=lambda item: item[1].t0, reverse=True))


def of(connection: HTTPConnection) -> Context:
    """Return the context of the app that serves a request or a websocket."""
    context: Context = connection.app.state.context
    return context


Ctx = Annotated[Context, Depends(of)]
