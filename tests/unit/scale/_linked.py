"""A table and edges on both sides of a real nats-server, in one process, ten times as fast.

The table here counts votes as the room does: a seat has one. Its "disk" outlives its restarts.
"""

import asyncio
import contextlib
import itertools
import secrets
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chaosmonkey.access import Rates
from chaosmonkey.api.phone_messages import Ack, PhoneMessage, PressMessage, Refused, VoteMessage
from chaosmonkey.audience import Seats
from chaosmonkey.clock import Clock, ScaledClock
from chaosmonkey.config import EdgeSettings, ScaleSettings
from chaosmonkey.edge.backend import EdgeBackend
from chaosmonkey.edge.edge_link import EdgeLink
from chaosmonkey.edge.outbox import Outbox
from chaosmonkey.edge.table_copy import TableCopy
from chaosmonkey.edge.table_time import TableTime
from chaosmonkey.hub import Hub, PhoneStream, Presence
from chaosmonkey.scale import Edges, LinkedRequest, SeatRules, Subjects, TableLink
from tests.nats import EDGE_PASSWORD, TABLE_PASSWORD, NatsServer, a_nats_server

FAST = 10.0
ROUND = "round-1"


@dataclass
class Disk:
    """What a table has written: it outlives the process."""

    votes: dict[str, str] = field(default_factory=dict)
    presses: list[str] = field(default_factory=list)
    carried_out: Counter[str] = field(default_factory=Counter)


class LinkedTable:
    """A server's side: carries out requests, and publishes a message and a stage."""

    def __init__(self, nats: NatsServer, disk: Disk, *, owner: str = "one") -> None:
        self.disk = disk
        self.pace = ScaledClock(FAST)
        self.seats = Seats(b"k" * 32)
        self.phones = PhoneStream(self.pace.now, lambda message: message)
        self.hub = Hub(self.pace.now)
        self.edges = Edges(self.pace, lambda: None)
        self.codes: tuple[str, ...] | None = None
        settings = ScaleSettings.model_validate(
            nats.settings("table").model_dump() | {"password": TABLE_PASSWORD}
        )
        self.link = TableLink(
            settings,
            self,
            hub=self.hub,
            edges=self.edges,
            owner=owner,
            instance=secrets.token_hex(8),
            clock=self.pace,
            pace=self.pace,
            speed=FAST,
        )
        self.phones.on_send(self.link.notify)

    def play(self) -> bytes | None:
        return self.phones.message

    def seat_rules(self) -> SeatRules:
        return SeatRules(
            key=self.seats.edge_key.hex(), salt=self.seats.salt.hex(), codes=self.codes
        )

    def show(self, title: str) -> None:
        self.phones.show({"type": "play", "title": title, "at": 0.0})

    def carry_out(self, request: LinkedRequest) -> None:
        body = request.body
        self.disk.carried_out[request.seat] += 1
        match body["do"]:
            case "vote":
                voted = self.disk.votes.setdefault(request.seat, body["machine"])
                if voted != body["machine"]:
                    request.answer(None, _refused(f"You voted for {voted}."))
                    return
                request.answer({"round": ROUND, "ticket": 1, "voted": voted}, None)
            case "press":
                self.disk.presses.append(request.seat)
                request.answer({"round": ROUND, "ticket": 1}, None)
            case _:
                before = self.disk.votes.get(request.seat)
                request.answer({"voted": before} if before else {}, None)


def _refused(detail: str) -> dict[str, Any]:
    return {
        "status": 409, "title": "Round refused", "detail": detail, "remedy": "Wait.",
        "rule": "round", "allowed_at": None, "shown_in_round": False,
    }  # fmt: skip


class LinkedEdge:
    """An edge without its web server: phones call its backend."""

    def __init__(self, nats: NatsServer, name: str) -> None:
        settings = EdgeSettings.model_validate(
            {
                "name": name,
                "nats": {**nats.settings("edge").model_dump(), "password": EDGE_PASSWORD},
            }
        )
        self.pace: Clock = ScaledClock(FAST)
        refresh = asyncio.Event()
        time = TableTime(self.pace, self.pace)
        self.phones = PhoneStream(time.now, lambda message: message)
        self.hub = Hub(time.now)
        self.table = TableCopy(time, self.phones, self.hub, refresh.set)
        self.outbox = Outbox(name, Subjects("table").requests(name), self.pace)
        self.presence = Presence(lambda: None, lambda: None)
        self.backend = EdgeBackend(
            self.table,
            self.outbox,
            rates=Rates(self.pace),
            presence=self.presence,
            phones=self.phones,
        )
        self.link = EdgeLink(
            settings,
            self.table,
            self.outbox,
            counts=self.presence,
            pace=self.pace,
            refresh=refresh,
        )
        self._ids = itertools.count(1)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.link.run())
            while True:
                self.table.tick()
                self.outbox.sweep(linked=self.table.lost_at is None)
                await self.pace.sleep(1)

    def vote(self, seat: str, machine: str = "node3") -> list[Ack | Refused]:
        """Vote; the answer is in the list when it is there."""
        return self.send(
            seat, VoteMessage(id=next(self._ids), do="vote", round=ROUND, machine=machine)
        )

    def press(self, seat: str, machine: str = "node3") -> list[Ack | Refused]:
        return self.send(
            seat, PressMessage(id=next(self._ids), do="press", round=ROUND, machine=machine)
        )

    def send(self, seat: str, request: PhoneMessage) -> list[Ack | Refused]:
        answers: list[Ack | Refused] = []
        self.backend.carry_out(
            seat, request, address="", answer=answers.append, spawn=lambda _: None
        )
        return answers


class Linked:
    """A nats-server, a table and edges; each can be killed and started again."""

    def __init__(self, nats: NatsServer, tasks: asyncio.TaskGroup) -> None:
        self.nats = nats
        self.disk = Disk()
        self._tasks = tasks
        self._running: dict[object, asyncio.Task[None]] = {}
        self.table = LinkedTable(nats, self.disk)
        self.edges: dict[str, LinkedEdge] = {}

    def start_table(self, owner: str = "one") -> LinkedTable:
        self.table = LinkedTable(self.nats, self.disk, owner=owner)
        self.table.show("hello")
        self._running[self.table] = self._tasks.create_task(self.table.link.run())
        return self.table

    def start_edge(self, name: str) -> LinkedEdge:
        edge = self.edges[name] = LinkedEdge(self.nats, name)
        self._running[edge] = self._tasks.create_task(edge.run())
        return edge

    async def kill(self, one: LinkedTable | LinkedEdge) -> None:
        """End it as kill -9 does: nothing is sent, nothing is written."""
        task = self._running.pop(one)
        task.cancel()
        await asyncio.wait([task])

    async def end(self) -> None:
        for one in list(self._running):
            await self.kill(one)  # type: ignore[arg-type]


@contextlib.asynccontextmanager
async def linked(folder: Path, *edges: str) -> AsyncIterator[Linked]:
    """A nats-server, a table and these edges, running."""
    with a_nats_server(folder) as nats:
        await nats.start()
        async with asyncio.TaskGroup() as tasks:
            it = Linked(nats, tasks)
            it.start_table()
            for name in edges:
                it.start_edge(name)
            yield it
            await it.end()
