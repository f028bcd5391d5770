"""`make bench`: measure everything and print one JSON document, absolutely and in yardsticks.

python -m tests.benchmarks            everything but the soak (about thirteen minutes)
python -m tests.benchmarks chain      only what is named: chain, restart, hand, footprint, tiles,
                                      frames, reflector, load, audience, edges
python -m tests.benchmarks soak       ten minutes of rounds with 2,000 phones
"""

import asyncio
import json
import os
import platform
import sys
from collections.abc import Callable
from typing import Any

from tests.benchmarks import (
    audience,
    chain,
    edges,
    footprint,
    frames,
    hand,
    load,
    reflector,
    restart,
    soak,
    tiles,
    yardsticks,
)

MEASUREMENTS: dict[str, Callable[[], Any]] = {
    "chain": lambda: asyncio.run(chain.measure()),
    "restart": lambda: asyncio.run(restart.measure()),
    "hand": lambda: asyncio.run(hand.measure()),
    "footprint": lambda: asyncio.run(footprint.measure()),
    "tiles": lambda: asyncio.run(tiles.measure()),
    "frames": frames.measure,
    "reflector": reflector.measure,
    "load": lambda: asyncio.run(load.measure()),
    "audience": lambda: asyncio.run(audience.measure()),
    "edges": lambda: asyncio.run(edges.measure()),
    "soak": lambda: asyncio.run(soak.measure()),
}

LONG = {"soak"}
"""Only when named."""


def main() -> None:
    wanted = sys.argv[1:] or [name for name in MEASUREMENTS if name not in LONG]
    if unknown := set(wanted) - set(MEASUREMENTS):
        sys.exit(f"no such measurement: {', '.join(unknown)}. Known: {', '.join(MEASUREMENTS)}")
    figures: dict[str, Any] = {
        "machine": {
            "python": platform.python_version(),
            "architecture": platform.machine(),
            "cores": os.cpu_count(),
            "load_before": os.getloadavg()[0],
        }
    }
    sys.stderr.write("measuring the machine …\n")
    sticks = yardsticks.measure(browser="frames" in wanted)
    figures["yardsticks"] = sticks.shown()
    for name in wanted:
        sys.stderr.write(f"measuring {name} …\n")
        figures[name] = sticks.beside(MEASUREMENTS[name]())
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
