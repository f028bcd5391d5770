"""Ten minutes of rounds with 2,000 phones: does the server's memory grow?

In each round all vote, and 100 more phones come and go. python -m tests.benchmarks soak
"""

import os
import sys
import time
from typing import Any

from tests.benchmarks._hall import Scale, hall

MINUTES = 10.0
GUESTS = 100
"""Phones that come and go in each round."""


async def measure(minutes: float = MINUTES, scale: Scale = Scale()) -> dict[str, Any]:  # noqa: B008 - frozen
    async with hall() as here:
        before = here.memory.now()
        cookies, _ = await here.join(scale)
        joined = here.memory.now()
        rounds: list[dict[str, Any]] = []
        memory: list[float] = []
        end = time.perf_counter() + 60 * minutes
        while time.perf_counter() < end:
            rounds.append(await here.vote(scale, cookies))
            await here.hands.do("join", port=here.port, phones=GUESTS, seconds=1, first=10**6)
            await here.hands.do("leave")
            memory.append(here.memory.now())
            sys.stderr.write(f"round {len(memory)}: {memory[-1]} MB\n")
        told = await here.phones.do("heard")
        return {
            "conditions": f"{scale.phones} phones, {len(rounds)} rounds in {minutes:g} minutes, "
            f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
            "server_mb": {
                "without_phones": before,
                "joined": joined,
                "after_a_round": memory[0],
                "half_way": memory[len(memory) // 2],
                "at_the_end": memory[-1],
                "most": here.memory.most(),
            },
            "memory_of_rounds": memory,
            "votes": {
                "accepted": sum(one["accepted"] for one in rounds),
                "of": len(rounds) * scale.phones,
                "results_missed": sum(scale.phones - one["saw_the_result"] for one in rounds),
            },
            "halt_p99_ms": [one["halt"]["p99_ms"] for one in rounds],
            "press_to_count_p99_ms": [one["press_to_count"]["p99_ms"] for one in rounds],
            "disconnects": told["lost"].get("ours", 0),
        }
