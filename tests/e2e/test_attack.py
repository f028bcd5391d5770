"""What `make attack` does for ten minutes holds for a few seconds, and what breaks is seen."""

import asyncio
import random
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from typing import cast

import httpx
import pytest

from tests.attack.__main__ import PINS, POWER, Attack, judge
from tests.attack._cluster import MadServer
from tests.attack._pins import Edge, Relay
from tests.patience import PATIENCE

pytestmark = pytest.mark.e2e


async def test_a_short_attack_leaves_nothing_dark_and_ends_no_server() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.attack",
        "--seconds=15",
        "--patient",
        stdout=PIPE,
        stderr=STDOUT,
    )
    told, _ = await process.communicate()
    assert process.returncode == 0, told.decode()


class Alive:
    returncode: int | None = None


def quiet() -> Attack:
    """An attack in which a cut of node3 was asked for and made, and all is well."""
    relay = Relay(("", 0))
    relay.levels = dict.fromkeys(PINS.values(), 0)
    relay.edges = [Edge(POWER["node3"], 1, at=10.5), Edge(POWER["node3"], 0, at=15.0)]
    return Attack(
        cast("Process", Alive()),
        relay,
        MadServer("", random.Random(0)),
        httpx.AsyncClient(timeout=PATIENCE),
        random.Random(0),
        output=["06:53:01  info chaosmonkey.cluster.watch: The cluster can be believed."],
        asked={"node3": [(10.0, 11.0)]},
        cuts=1,
        halts={"port": [0.05] * 100},
    )


def broken(attack: Attack, *, memory: float = 100.0, redirected: int = 0) -> list[str]:
    return judge(attack, memory=memory, redirected=redirected, patient=False)[1]


async def test_what_breaks_in_an_attack_is_seen() -> None:
    assert broken(quiet()) == []
    dark = quiet()
    dark.relay.levels[POWER["node2"]] = 1
    assert broken(dark) == ["node2 is dark"]
    unasked = quiet()
    unasked.relay.edges.append(Edge(POWER["node3"], 1, at=20.0))
    assert "nobody asked for it" in broken(unasked)[0]
    other = quiet()
    other.relay.edges.append(Edge(POWER["node1"], 1, at=10.5))
    assert "nobody asked for it" in broken(other)[0]
    slow = quiet()
    slow.halts["port"] += [0.3] * 5
    assert "HALT by the port" in broken(slow)[0]
    told = quiet()
    told.output.append("Traceback (most recent call last):")
    assert broken(told) == ["1 tracebacks in its log"]
    ended = quiet()
    cast("Alive", ended.process).returncode = 1
    assert broken(ended) == ["the server ended with 1"]
    idle = quiet()
    idle.cuts = 0
    assert "nothing was cut at all" in broken(idle)[0]
    assert broken(quiet(), memory=300.0) == ["300.0 MB of memory"]
    assert broken(quiet(), redirected=1) == ["1 commands came by a redirect"]
