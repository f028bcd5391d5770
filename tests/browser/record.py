"""Record short runs of a demo, so that the stage can show any moment of them again.

    python -m tests.browser.record [NAME …]

A recording is a JSON list, oldest first. `t` is in seconds of the demo's clock since the recording
began, whatever the speed it was made at: {"t": 1.25, "message": …} is a message of the websocket,
{"t": 1.31, "bench": …} what the pretend table looked like from then on.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import websockets

from tests.meant import MEANT
from tests.patience import PATIENCE
from tests.ports import free_ports

SPEED = 5.0
FOLDER = Path(__file__).parent / "recordings"


@dataclass
class Recorder:
    """A demo to act on, and what it said since the recording began."""

    client: httpx.AsyncClient
    port: int
    zero: float = 0.0
    began: float = 0.0
    items: list[dict[str, Any]] = field(default_factory=list)
    _listeners: list[asyncio.Task[None]] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / SPEED)

    async def post(self, path: str, body: Any = None) -> Any:
        answer = await self.client.post(path, json=body)
        answer.raise_for_status()
        return answer.json()

    async def hand(self, machine: str, *, plugged: bool, feed: str = "power") -> None:
        path = f"/bench/machines/{machine}/{feed}"
        (await self.client.put(path, json={"plugged": plugged})).raise_for_status()

    async def kill(self, machine: str, kind: str, seconds: float) -> None:
        await self.post(f"/kill/{machine}?feed={kind}&for={seconds}")

    async def quiet(self) -> None:
        """Return when no outage is open and every machine is Ready."""
        while True:
            state = (await self.client.get("/api/state")).json()["state"]
            ready = all(machine["ready"] == "True" for machine in state["machines"].values())
            if ready and not any(outage["open"] for outage in state["outages"].values()):
                return
            await self.sleep(1)

    async def listen(self) -> None:
        """Keep what the websocket says."""
        url = f"ws://127.0.0.1:{self.port}/ws"
        async with websockets.connect(url, max_size=None) as stream:
            async for text in stream:
                message = json.loads(text)
                if message["type"] == "beat":
                    continue  # a sign of life shows nothing
                if message["type"] == "snapshot":
                    self.zero = message["at"]
                    self.began = asyncio.get_running_loop().time()
                    message["state"]["cluster"]["cluster"]["speed"] = 1
                for cluster in message.get("set", {}).get("cluster", {}).values():
                    cluster["speed"] = 1
                self.items.append({"t": round(message["at"] - self.zero, 3), "message": message})

    async def look_at_bench(self) -> None:
        """Keep the sockets as they are, each time that one changed."""
        last = None
        while True:
            bench = (await self.client.get("/bench")).json()["machines"]
            sockets = {
                name: {feed: {"plugged": one[feed]["plugged"]} for feed in ("power", "network")}
                for name, one in bench.items()
            }
            if sockets != last and self.items:
                last = sockets
                passed = asyncio.get_running_loop().time() - self.began
                at = max(self.items[-1]["t"], round(passed * SPEED, 3))
                self.items.append({"t": at, "bench": {"machines": sockets}})
            await self.sleep(0.25)


async def power(run: Recorder) -> None:
    await run.sleep(12)
    await run.kill("node3", "power", 45)
    await run.sleep(108)


async def network(run: Recorder) -> None:
    await run.sleep(6)
    await run.kill("node2", "network", 40)
    await run.sleep(69)


async def hand(run: Recorder) -> None:
    await run.sleep(6)
    await run.hand("node4", plugged=False)
    await run.sleep(36)
    await run.hand("node4", plugged=True)
    await run.sleep(58)


async def vote(run: Recorder) -> None:
    await run.post("/api/show", {"scene": "qr"})
    url = f"ws://127.0.0.1:{run.port}/ws/play"
    async with contextlib.AsyncExitStack() as phones:
        for _ in range(23):
            await phones.enter_async_context(websockets.connect(url))
        await run.sleep(6)
        opened = await run.post("/api/round/open", {"seconds": 45 / SPEED})
        state = (await run.client.get("/api/state")).json()["state"]
        code = state["show"]["show"]["join_code"]
        await run.post("/api/show", {"scene": "tally"})
        for number, choice in enumerate([3, 1, 3, 5, 1, 2, 3, 1, 3, 5, 3, 1, 1, 4, 3, 3, 2, 3, 3]):
            run.client.cookies.clear()  # each vote comes from another phone
            await run.post("/api/play/join", {"seat": f"{number:032x}", "code": code})
            await run.post("/api/play/vote", {"round": opened["id"], "machine": f"node{choice}"})
            await run.sleep(1.4)
        await run.sleep(18)
        await run.post("/api/round/execute", {})
        await run.post("/api/show", {"scene": "board"})
        await run.sleep(25)
        await run.post("/api/show", {"scene": "result"})
        await run.sleep(10)
    await run.post("/api/show", {"scene": "board"})


SCRIPTS: dict[str, Callable[[Recorder], Awaitable[None]]] = {
    "power": power,
    "network": network,
    "hand": hand,
    "vote": vote,
}


@contextlib.asynccontextmanager
async def demo() -> AsyncIterator[Recorder]:
    """A demo with a few outages behind it."""
    port, sim_port = free_ports()
    with tempfile.TemporaryDirectory() as data:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "chaosmonkey", "demo", "--port", str(port),
            "--sim-port", str(sim_port), "--data", data, "--speed", str(SPEED),
        )  # fmt: skip
        try:
            async with httpx.AsyncClient(
                base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE, headers=MEANT
            ) as client:
                await answering(client)
                yield Recorder(client, port)
        finally:
            process.terminate()
            await process.wait()


async def answering(client: httpx.AsyncClient) -> None:
    """Return when the server sees the cluster."""
    while True:
        with contextlib.suppress(httpx.TransportError):
            if (await client.get("/readyz")).status_code == 200:
                return
        await asyncio.sleep(0.1)


async def main(names: list[str]) -> None:
    async with demo() as run:
        for machine, kind in (
            ("node1", "power"), ("node5", "network"), ("node2", "power"),
            ("node4", "power"), ("node1", "network"),
        ):  # fmt: skip
            await run.kill(machine, kind, 30)
            await run.quiet()
        for name in names or SCRIPTS:
            await run.quiet()
            run.items = []
            async with asyncio.TaskGroup() as tasks:
                listening = tasks.create_task(run.listen(), name="listen")
                looking = tasks.create_task(run.look_at_bench(), name="look at the bench")
                await SCRIPTS[name](run)
                listening.cancel()
                looking.cancel()
            path = FOLDER / f"{name}.json"
            lines = (json.dumps(item, separators=(",", ":")) for item in run.items)
            path.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")
            print(path.name, f"{path.stat().st_size // 1000} KB")  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
