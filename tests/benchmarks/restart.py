"""How long a crash leaves a machine dark: from `kill -9` to the pin's edge on the bench.

    cut ─► kill -9 ─► serve, or restore-plugs, is started at once ─► the machine has its feed again

Told in starts of a Python that imports gpiozero, which nothing can undercut. What a supervisor
waits before it starts the next one (systemd: RestartSec) comes on top.
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
from tests.e2e.conftest import LONG
from tests.patience import PATIENCE

ROUNDS = 8


async def measure() -> dict[str, Any]:
    with world() as table, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        serve = [await _dark_for(table, folder, "serve") for _ in range(ROUNDS)]
        alone = [await _dark_for(table, folder, "restore-plugs") for _ in range(ROUNDS)]
    return {
        "serve": _figures(serve),
        "restore_plugs": _figures(alone),
    }


def _figures(seconds: list[float]) -> dict[str, float]:
    return {
        "median_ms": round(statistics.median(seconds) * 1000, 1),
        "worst_ms": round(max(seconds) * 1000, 1),
    }


async def _dark_for(table: World, folder: Path, command: str) -> float:
    async with served(folder, table) as server:
        await server.ready()
        await server.client.post("/arm")
        answer = await server.client.post("/kill/node3", params={"for": LONG})
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
        async with asyncio.timeout(PATIENCE), httpx.AsyncClient(timeout=PATIENCE) as client:
            while (await client.get(f"http://127.0.0.1:{table.port}/bench")).json()["machines"][
                "node3"
            ]["power"]["live"] is False:
                await asyncio.sleep(0.002)
        return time.perf_counter() - began
    finally:
        with contextlib.suppress(ProcessLookupError):
            following.terminate()
        await following.wait()
