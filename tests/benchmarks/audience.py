"""What an audience costs the server: processor time of each thing that a phone does.

Told in multiples of a GET of /healthz, so that machines can be compared. Processor time does not
count what else the machine does, but whoever shares its caches makes it slower; so the yardstick is
taken again beside each measurement, and the median of several counts.

Phones come at intervals, and each wakes an idle processor. So do the requests of the yardstick.
"""

import asyncio
import statistics
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tests.benchmarks._hall import CHOICES, Hall, hall
from tests.benchmarks._probes import processor_seconds
from tests.benchmarks._table import percentiles

BUDGET = {"join": 1.5, "vote": 0.15, "frame": 0.02}
"""Of a GET of /healthz, at most: a page and a websocket with its seat; a vote and its ack; one
message of the stream to one phone."""

FEEDS = ("network", "power")
PAUSE = 0.3
"""Seconds between two messages: more than the 0.25 s that the phones' stream rests."""

PER_SECOND = 200, 2000
"""Joins and votes: 2,000 phones come within ten seconds, and vote within one."""


@dataclass(frozen=True)
class Numbers:
    """How many of each are measured."""

    rounds: int = 5
    requests: int = 150
    """In each round."""
    phones: int = 100
    """That join in each round; all of them vote."""
    frames: int = 20


@dataclass
class Costs:
    """Processor seconds of one of each: absolutely, and in requests of the same moment."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    in_requests: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def note(self, name: str, seconds: float, request: float) -> None:
        self.seconds[name].append(seconds)
        self.in_requests[name].append(seconds / request)

    def of_healthz(self) -> dict[str, float]:
        return {name: statistics.median(each) for name, each in self.in_requests.items()}


async def measure(numbers: Numbers = Numbers()) -> dict[str, Any]:
    async with hall() as here:
        costs = await costs_of(here, numbers)
    async with hall() as here:
        full = await full_hall(here)
    of_healthz = costs.of_healthz()
    return {
        "conditions": f"medians of {numbers.rounds}; {numbers.phones} phones join in each round, "
        f"{PER_SECOND[0]} a second, and all vote, {PER_SECOND[1]} a second",
        "processor_us": {
            name: round(statistics.median(each) * 1e6, 1) for name, each in costs.seconds.items()
        },
        "of_healthz": {name: round(share, 3) for name, share in of_healthz.items()},
        "budget": BUDGET,
        "over_budget": [name for name, most in BUDGET.items() if of_healthz[name] > most],
        "full_hall": full,
    }


async def costs_of(here: Hall, numbers: Numbers) -> Costs:
    """What one of each costs.

    Left out is what the server uses while nothing happens and, of joins and votes, the stream's
    messages to all phones meanwhile: four a second, which are counted as frames.
    """
    idle = await _idle(here)

    async def cost(times: int, doing: Awaitable[Any]) -> float:
        began, before = time.perf_counter(), processor_seconds(here.pid)
        await doing
        used = processor_seconds(here.pid) - before
        return (used - idle * (time.perf_counter() - began)) / times

    async def beside(doing: Callable[[], Awaitable[Any]], times: int) -> tuple[float, float]:
        """What something costs, and a request before and after it."""
        before = await cost(numbers.requests, get("/healthz"))
        found = await cost(times, doing())
        after = await cost(numbers.requests, get("/healthz"))
        return found, (before + after) / 2

    async def get(path: str, pause: float = 1 / PER_SECOND[0]) -> None:
        """Load a path again and again on one connection, each time after a pause in seconds."""
        began = time.perf_counter()
        for number in range(numbers.requests):
            await asyncio.sleep(began + number * pause - time.perf_counter())
            (await here.client.get(path)).raise_for_status()

    async def vote(voters: int) -> tuple[float, float, float]:
        """What a vote costs, the frames that came meanwhile, and a request."""
        ballots = await _open(here)
        seconds = voters / PER_SECOND[1]
        voted: dict[str, Any] = {}

        async def press() -> None:
            voted.update(await here.phones.do("vote_on_socket", ballots=ballots, seconds=seconds))

        took, request = await beside(press, voters)
        closed = (await here.client.post("/api/round/close")).json()
        assert closed["entered"] == len(voted["presses"]) == voters
        return took, voted["frames"] / voters, request

    costs = Costs()
    to_nobody, request = await beside(lambda: _show(here, numbers.frames), numbers.frames)
    alone = to_nobody / request
    first = 0
    joins, votes = [], []
    for _ in range(numbers.rounds):
        page, request = await beside(partial(get, "/play"), numbers.requests)
        costs.note("healthz", request, request)
        at_once = await cost(numbers.requests, get("/healthz", pause=0.0))
        costs.note("healthz_without_pauses", at_once, request)
        costs.note("page", page, request)
        await _frames(here)
        joined, request = await beside(partial(_join, here, numbers.phones, first), numbers.phones)
        joins.append((joined, await _frames(here) / numbers.phones, request))
        first += numbers.phones
    for _ in range(numbers.rounds):
        shown, request = await beside(lambda: _show(here, numbers.frames), numbers.frames)
        costs.note("frame", (shown - alone * request) / first, request)
        votes.append(await vote(first))
    frame = costs.of_healthz()["frame"]
    for name, each in (("join", joins), ("vote", votes)):
        for seconds, frames, request in each:
            costs.note(name, seconds - frames * frame * request, request)
    return costs


async def full_hall(here: Hall, *, phones: int = 2000, join: float = 10.0) -> dict[str, Any]:
    """All join within seconds, and all vote within one."""
    joined: dict[str, Any] = {}

    async def come() -> None:
        joined.update(await here.phones.do("arrive", port=here.port, phones=phones, seconds=join))

    probed = await here.probed(come())
    return {
        "join": {
            "seconds": round(joined["seconds"], 1),
            "one_phone": percentiles(joined["took"]),
            "failed": joined["failed"],
            **probed,
        },
        "vote": await here.vote_on_sockets(1.0),
    }


async def _show(here: Hall, times: int) -> None:
    for number in range(times):
        await here.client.post("/api/show", json={"feed": FEEDS[number % 2]})
        await asyncio.sleep(PAUSE)


async def _join(here: Hall, phones: int, first: int) -> None:
    seconds = phones / PER_SECOND[0]
    joined = await here.phones.do(
        "arrive", port=here.port, phones=phones, seconds=seconds, first=first
    )
    assert joined["failed"] == {}, joined["failed"]


async def _open(here: Hall) -> list[dict[str, str]]:
    """Open a vote; return its ballots."""
    opened = (await here.client.post("/api/round/open", json={})).json()
    return [{"round": opened["id"], "machine": choice} for choice in CHOICES]


async def _frames(here: Hall) -> int:
    """How many messages of the stream came to phones since the last time."""
    came = (await here.phones.do("heard"))["came"]["ours"]
    return sum(map(len, came.values()))


async def _idle(here: Hall) -> float:
    """The share of a processor that the server uses while nothing happens."""
    await asyncio.sleep(1)
    began, before = time.perf_counter(), processor_seconds(here.pid)
    await asyncio.sleep(3)
    return (processor_seconds(here.pid) - before) / (time.perf_counter() - began)
