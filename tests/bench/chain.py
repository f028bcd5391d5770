"""How long a request takes to the pin, and what the API server says to the browser.

    POST /kill/nodeN ──► guard, journal on the disk, gpiozero ──► level on the pretend header
    line written to the watch ──► reflector, cache, tracker, board, hub ──► websocket frame received

The API server, the header, the HTTP client and the websocket are in this process, the server is one
of its own; both share two cores with whatever else runs.
"""

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import orjson
from websockets.asyncio.client import ClientConnection, connect

from tests.bench._table import PINS, ApiServer, Header, percentiles, server, simulated_objects

SPEED = 200.0
"""Of the server's own time, so that an unnoticed outage is over soon; latencies are real time."""

ROUNDS = 40
PAUSE = 1.5
"""Seconds before a round, which is seven commands: 60 in 10 s are allowed."""

EVENTS = 500
PORT = 18080


async def measure() -> dict[str, Any]:
    objects = await simulated_objects()
    api = ApiServer(objects)
    header = Header()
    runner, api_port = await api.serve()
    bench = await header.serve()
    try:
        with tempfile.TemporaryDirectory() as folder:
            async with (
                server(
                    Path(folder),
                    api=f"http://127.0.0.1:{api_port}",
                    header_port=bench.sockets[0].getsockname()[1],
                    port=PORT,
                    speed=SPEED,
                ),
                httpx.AsyncClient(base_url=f"http://127.0.0.1:{PORT}", timeout=10) as client,
            ):
                await _ready(client)
                return {
                    "conditions": f"{len(PINS)} machines, {len(objects['pods'])} pods, loopback",
                    "request_to_pin_edge": await _edges(client, api, header),
                    "event_to_frame": await _frames(api),
                }
    finally:
        bench.close()
        await runner.cleanup()


async def _ready(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                if (await client.get("/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.05)


async def _edges(client: httpx.AsyncClient, api: ApiServer, header: Header) -> dict[str, float]:
    """From before the request is sent to the moment when the line's new level arrives."""
    took = []
    for _ in range(ROUNDS):
        for what in ("/release", "/arm"):
            assert (await client.post(what)).status_code == 200
        await asyncio.sleep(PAUSE)
        for machine, pin in PINS.items():
            header.edges.pop((pin, "out 1"), None)
            began = time.perf_counter()
            answer = await client.post(f"/kill/{machine}", params={"for": 3600})
            assert answer.status_code == 200, answer.text
            took.append(await _edge(header, pin) - began)
        halted = await client.post("/halt")
        assert len(halted.json()["restored"]) == len(PINS), halted.text
        await _over(client, api)
    return percentiles(took)


async def _edge(header: Header, pin: int) -> float:
    async with asyncio.timeout(5):
        while (pin, "out 1") not in header.edges:
            header.came.clear()
            await header.came.wait()
    return header.edges[pin, "out 1"]


async def _over(client: httpx.AsyncClient, api: ApiServer) -> None:
    """Renew every lease, as kubelets that are back do, until all outages are closed."""
    async with asyncio.timeout(20):
        while True:
            for lease in api.objects["leases"]:
                lease["spec"]["renewTime"] = f"2030-01-01T00:00:00.{api.version % 10**6:06}Z"
                await api.write("leases", lease)
            state = (await client.get("/api/state")).json()["state"]
            if not any(outage["open"] for outage in state["outages"].values()):
                return
            await asyncio.sleep(0.05)


async def _frames(api: ApiServer) -> dict[str, float]:
    """From the end of writing a pod's event to the frame that shows it."""
    took = []
    async with connect(f"ws://127.0.0.1:{PORT}/ws", max_size=None) as socket:
        await socket.recv()
        for number in range(EVENTS):
            pod = api.objects["pods"][number % len(api.objects["pods"])]
            status = pod["status"]["containerStatuses"][0]
            status["restartCount"] = number + 1
            written = await api.write("pods", pod)
            took.append(await _frame(socket, pod["metadata"]["uid"], number + 1) - written)
            await asyncio.sleep(0.02)  # single events, not a burst that is sent as one
    return percentiles(took)


async def _frame(socket: ClientConnection, uid: str, restarts: int) -> float:
    async with asyncio.timeout(5):
        while True:
            message = await socket.recv()
            now = time.perf_counter()
            pod = orjson.loads(message).get("set", {}).get("pods", {}).get(uid)
            if pod is not None and pod["restarts"] == restarts:
                return now
