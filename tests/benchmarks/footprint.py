"""What the server takes: time to its first snapshot, memory, and processor time while idle."""

import asyncio
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import orjson

from tests.benchmarks._table import Header, cpu_seconds, server, simulator
from tests.patience import PATIENCE, connect

STARTS = 5
IDLE = 30.0
"""Seconds of looking on while nothing happens but leases being renewed and a page being open."""

PORT = 18081


async def measure() -> dict[str, Any]:
    header = await Header().serve()
    starts = []
    try:
        async with simulator() as (_, url):
            for attempt in range(STARTS):
                with tempfile.TemporaryDirectory() as folder:
                    began = time.perf_counter()
                    async with server(
                        Path(folder),
                        api=url,
                        header_port=header.sockets[0].getsockname()[1],
                        port=PORT,
                    ) as process:
                        starts.append(await _first_board() - began)
                        if attempt == STARTS - 1:
                            idle = await _idle(process.pid)
    finally:
        header.close()
    return {
        "conditions": f"5 machines, 30 pods at the simulator, one page open, {IDLE:g} s idle",
        "start_to_first_snapshot": {
            "median_s": round(statistics.median(starts), 2),
            "worst_s": round(max(starts), 2),
        },
        **idle,
    }


async def _first_board() -> float:
    """When a websocket was told of the machines and all 30 pods."""
    pods: set[str] = set()
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                async with connect(f"ws://127.0.0.1:{PORT}/ws", max_size=None) as socket:
                    while len(pods) < 30:
                        message = orjson.loads(await socket.recv())
                        pods |= set(message.get("state", message.get("set", {})).get("pods", {}))
                    return time.perf_counter()
            except OSError:
                await asyncio.sleep(0.01)


async def _idle(pid: int) -> dict[str, float]:
    async with connect(f"ws://127.0.0.1:{PORT}/ws", max_size=None):
        await asyncio.sleep(3)
        before, began = cpu_seconds(pid), time.perf_counter()
        await asyncio.sleep(IDLE)
        used = cpu_seconds(pid) - before
        share = used / (time.perf_counter() - began)
    return {"idle_cpu_percent_of_a_core": round(share * 100, 2), "resident_mb": _resident(pid)}


def _resident(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)
