"""What the server takes: time to its first snapshot, memory, and processor time while idle."""

import asyncio
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import orjson
from websockets.asyncio.client import connect

from tests.bench._table import Header, server, simulator

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
        "start_to_first_snapshot_s": [round(seconds, 2) for seconds in sorted(starts)],
        **idle,
    }


async def _first_board() -> float:
    """When a websocket was told of the machines and all 30 pods."""
    pods: set[str] = set()
    async with asyncio.timeout(20):
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
        before, began = _cpu_seconds(pid), time.perf_counter()
        await asyncio.sleep(IDLE)
        used = _cpu_seconds(pid) - before
        share = used / (time.perf_counter() - began)
    return {"idle_cpu_percent_of_a_core": round(share * 100, 2), "resident_mb": _resident(pid)}


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)
