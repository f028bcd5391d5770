"""Answers to edges: collected, sent, and then the requests are acknowledged to NATS."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING

from chaosmonkey.scale.messages import Answer, Answers
from chaosmonkey.scale.subjects import Subjects

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg

GATHER = 0.02
"""Real seconds that answers are collected for: an edge gets one message for all of them."""


class Answering:
    """Collects answers, sends them, and then acknowledges the requests.

    A request that is acknowledged later than ACK_WAIT is delivered again; it is recognised.
    """

    def __init__(self, client: Client, subjects: Subjects, instance: str) -> None:
        self._client = client
        self._subjects = subjects
        self._instance = instance
        self._in_work: set[int] = set()
        self._ready: list[tuple[Msg, Answer | None]] = []
        self._arrived = asyncio.Event()

    def begin(self, message: Msg) -> bool:
        """Whether a request is not yet being carried out."""
        number = message.metadata.sequence.stream
        if number in self._in_work:
            return False
        self._in_work.add(number)
        return True

    def add(self, message: Msg, answer: Answer | None) -> None:
        """Send this answer soon, and acknowledge the request; None: only acknowledge it."""
        self._ready.append((message, answer))
        self._arrived.set()

    async def run(self) -> None:
        """Send answers as they come."""
        while True:
            await self._arrived.wait()
            await asyncio.sleep(GATHER)
            self._arrived.clear()
            ready, self._ready = self._ready, []
            by_edge: dict[str, list[Answer]] = defaultdict(list)
            for message, answer in ready:
                if answer is not None:
                    by_edge[edge_of(message)].append(answer)
            for edge, answers in by_edge.items():
                batch = Answers(instance=self._instance, answers=tuple(answers))
                await self._client.publish(self._subjects.answers(edge), batch.encode())
            await self._client.flush()
            for message, _ in ready:
                await message.ack()
                self._in_work.discard(message.metadata.sequence.stream)


def edge_of(message: Msg) -> str:
    """Return the name of the edge that sent a message: the last part of its subject."""
    return message.subject.rpartition(".")[2]
