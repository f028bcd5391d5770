"""How many watch events a second our reflector takes in, beside the official client's Watch.

A process of its own serves the recorded pod events of all traces, round and round, over plain HTTP
on the loopback: the same bytes to both. Each side takes in `EVENTS` events to its own end product:
ours to the model, through the cache, published; theirs to the dictionaries with V1Pod that
`Watch.stream(list_pod_for_all_namespaces)` yields. The two take turns in one run, and the median
of the rounds is reported; a first round of each, which builds the official client's models, is not
counted. What parsing the lines with orjson would take, and nothing else, stands beside it.

    python -m tests.benchmarks.reflector
"""

from __future__ import annotations

import asyncio
import gzip
import json
import multiprocessing
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from typing import Any

import kubernetes.client
import kubernetes.watch
import orjson

from chaosmonkey.clock import SystemClock
from chaosmonkey.cluster.cache import Cache
from chaosmonkey.cluster.client import Client
from chaosmonkey.cluster.reflector import Reflector
from chaosmonkey.cluster.resources import PODS
from chaosmonkey.config import Cluster

ROOT = Path(__file__).parents[2]
TRACES = ROOT / "tests" / "traces"
CHANGES = {"ADDED", "MODIFIED", "DELETED"}
EVENTS = 3000
ROUNDS = 5


def recorded() -> list[bytes]:
    """The pod events of all traces as the server sent them, one line each."""
    lines = []
    for path in sorted(TRACES.glob("*.jsonl.gz")):
        with gzip.open(path) as records:
            for record in map(orjson.loads, records):
                event = record.get("event")
                if record.get("resource") == "pods" and event["type"] in CHANGES:
                    lines.append(orjson.dumps(event) + b"\n")
    return lines


def renumbered(lines: list[bytes], count: int) -> bytes:
    """`count` events with rising versions, so that none is old news to a cache."""
    events = []
    for number in range(count):
        event = orjson.loads(lines[number % len(lines)])
        event["object"]["metadata"]["resourceVersion"] = str(1_000_000 + number)
        events.append(orjson.dumps(event) + b"\n")
    return b"".join(events)


def serve(port_to: Connection) -> None:
    """An API server that lists nothing and then says everything it has, in chunks of 64 KiB."""
    body = renumbered(recorded(), EVENTS)
    empty = b'{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[]}'

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                start = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                if b"watch=" not in head:
                    writer.write(start + b"Content-Length: %d\r\n\r\n" % len(empty) + empty)
                    continue
                writer.write(start + b"Transfer-Encoding: chunked\r\n\r\n")
                for at in range(0, len(body), 65536):
                    piece = body[at : at + 65536]
                    writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
                    await writer.drain()
                await asyncio.sleep(3600)  # the watch stays open
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def main() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port_to.send((server.sockets[0].getsockname()[1], len(body)))
        await server.serve_forever()

    asyncio.run(main())


@contextmanager
def server() -> Iterator[tuple[str, int]]:
    """The address of a running one, and how many bytes it has to say."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs,), daemon=True)
    process.start()
    try:
        port, size = ours.recv()
        yield f"http://127.0.0.1:{port}", size
    finally:
        process.terminate()
        process.join()


async def take_ours(address: str) -> float:
    """Seconds that our reflector takes for all events, from its list on."""
    client, clock, done = Client(Cluster(server=address)), SystemClock(), asyncio.Event()
    taken = 0

    class Counting(Cache):
        def put(self, entry: Any, at: float) -> None:
            nonlocal taken
            super().put(entry, at)
            self.count()

        def remove(self, entry: Any, at: float) -> None:
            super().remove(entry, at)
            self.count()

        def count(self) -> None:
            nonlocal taken
            taken += 1
            if taken == EVENTS:
                done.set()

    reflector = Reflector(
        client, PODS, None, Counting(lambda _: None),
        clock=clock, pace=clock, random=Random(1), stall_after=75.0,
    )  # fmt: skip
    start = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(reflector.run())
        await done.wait()
        seconds = time.perf_counter() - start
        running.cancel()
    await client.close()
    return seconds


def take_theirs(address: str) -> float:
    """Seconds that the official client's Watch takes for all events."""
    configuration = kubernetes.client.Configuration(host=address)
    with kubernetes.client.ApiClient(configuration) as api:
        core = kubernetes.client.CoreV1Api(api)
        start = time.perf_counter()
        watch = kubernetes.watch.Watch()  # type: ignore[no-untyped-call] # kubernetes is untyped
        stream = watch.stream(core.list_pod_for_all_namespaces)  # type: ignore[no-untyped-call]
        for number, _ in enumerate(stream, 1):
            if number == EVENTS:
                break
        return time.perf_counter() - start


def parse_alone(body: bytes) -> float:
    """Seconds to parse all events, without network, model or cache."""
    lines = body.splitlines()
    start = time.perf_counter()
    for line in lines:
        orjson.loads(line)
    return time.perf_counter() - start


def cost_of_importing() -> dict[str, float]:
    """Seconds and MB of a fresh interpreter that imports the cluster room and no more."""
    code = (
        "import time, pathlib; t = time.perf_counter(); import chaosmonkey.cluster;"
        "pages = pathlib.Path('/proc/self/statm').read_text().split()[1];"
        "print(time.perf_counter() - t, int(pages) * 4096 / 1e6)"
    )
    runs = [
        [float(word) for word in out.split()]
        for out in (
            subprocess.check_output([sys.executable, "-c", code], cwd=ROOT) for _ in range(3)
        )
    ]
    seconds, megabytes = min(runs)
    return {"import_seconds": round(seconds, 3), "import_resident_mb": round(megabytes, 1)}


def measure() -> dict[str, Any]:
    """Both sides' events a second, their ratio, and under which conditions."""
    with server() as (address, size):
        rounds = [
            (asyncio.run(take_ours(address)), take_theirs(address)) for _ in range(ROUNDS + 1)
        ][1:]
    body = renumbered(recorded(), EVENTS)
    parsed = [parse_alone(body) for _ in range(ROUNDS)]
    ours, theirs = ([*seconds] for seconds in zip(*rounds, strict=True))
    ratios = [slow / quick for quick, slow in rounds]
    return {
        "ours_events_per_second": round(EVENTS / statistics.median(ours)),
        "official_events_per_second": round(EVENTS / statistics.median(theirs)),
        "ratio": round(statistics.median(ratios), 1),
        "ratio_range": [round(min(ratios), 1), round(max(ratios), 1)],
        "ratio_of_parsing_alone": round(statistics.median(theirs) / statistics.median(parsed), 1),
        **cost_of_importing(),
        "conditions": {
            "events": EVENTS,
            "bytes_per_event": size // EVENTS,
            "rounds": ROUNDS,
            "transport": "HTTP/1.1 chunked, loopback, no TLS; the server is another process",
            "ours": "bytes to model, cached, published",
            "official": "kubernetes.watch.Watch over list_pod_for_all_namespaces, to V1Pod",
            "kubernetes": version("kubernetes"),
            "python": platform.python_version(),
            "cores": os.cpu_count(),
        },
    }


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))  # noqa: T201 - its output is what it is for
