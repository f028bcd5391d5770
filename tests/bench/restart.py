"""How long a crash leaves a machine dark: from `kill -9` to the pin's edge on the bench.

    cut ─► kill -9 ─► serve, or restore-plugs, is started at once ─► the machine has its feed again

The yardstick is what nothing can undercut: a Python that imports gpiozero, in the same run. What a
supervisor waits before it starts the next one (systemd: RestartSec) comes on top.
"""

import asyncio
import contextlib
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from tests.e2e._served import World, served, world

ROUNDS = 8
YARDSTICK = [sys.executable, "-c", "import gpiozero"]


async def measure() -> dict[str, Any]:
    with world() as table, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        yardstick = statistics.median([_took(YARDSTICK) for _ in range(9)])
        serve = [await _dark_for(table, folder, "serve") for _ in range(ROUNDS)]
        alone = [await _dark_for(table, folder, "restore-plugs") for _ in range(ROUNDS)]
    return {
        "python_and_gpiozero_ms": round(yardstick * 1000, 1),
        "serve": _figures(serve, yardstick),
        "restore_plugs": _figures(alone, yardstick),
    }


def _figures(seconds: list[float], yardstick: float) -> dict[str, float]:
    median = statistics.median(seconds)
    return {
        "median_ms": round(median * 1000, 1),
        "worst_ms": round(max(seconds) * 1000, 1),
        "median_in_yardsticks": round(median / yardstick, 2),
    }


def _took(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True)
    return time.perf_counter() - began


async def _dark_for(table: World, folder: Path, command: str) -> float:
    async with served(folder, table) as server:
        await server.ready()
        await server.client.post("/arm")
        answer = await server.client.post("/kill/node3", params={"for": 3000})
        if not answer.is_success:
            raise RuntimeError(f"node3 was not cut: {answer.text}")
        server.process.kill()
        began = time.perf_counter()
        await server.died()
    following = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "chaosmonkey", command, f"--config={folder / 'lab.toml'}",
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(60), httpx.AsyncClient() as client:
            while (await client.get(f"http://127.0.0.1:{table.port}/bench")).json()["machines"][
                "node3"
            ]["power"]["live"] is False:
                await asyncio.sleep(0.002)
        return time.perf_counter() - began
    finally:
        with contextlib.suppress(ProcessLookupError):
            following.terminate()
        await following.wait()
