"""`make attack`: ten minutes of everything at once, by chance from a seed, on loopback.

python -m tests.attack [--seconds 600] [--seed 0] [--patient]

A server with five pretend machines, two more whose plugs answer nonsense, a button that chatters,
an API server that is mad every other moment, and strangers who flood it. A presenter arms, cuts,
presses HALT and releases it all the while. At the end nothing is dark, nothing was cut that the
presenter did not ask for, HALT was answered in time, memory is bounded, and the server has not
ended. `--patient` does not judge milliseconds: for machines that others use as well.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import signal
import sqlite3
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx

from chaosmonkey.clock import SystemClock
from chaosmonkey.model import Outage
from chaosmonkey.simcluster import DEMO_MACHINES
from chaosmonkey.store import open_database
from chaosmonkey.store.records import Records
from tests._nasty import NASTY, nasty
from tests.attack._cluster import MADNESS, MARKER, MadServer
from tests.attack._pins import Edge, Relay
from tests.benchmarks._probes import Memory
from tests.benchmarks._table import percentiles, simulator
from tests.contract._replay import replay
from tests.patience import PATIENCE
from tests.ports import free_ports

HALT_MOST = 200
"""Milliseconds: the 99th percentile of HALT's answers, whatever else goes on."""

MEMORY_MOST = 250
"""MB, at the most."""

PAST = 1000
"""Outages on the disk before it begins."""

BUTTONS = {"node1": 25, "node2": 26}
CHATTER = (20.0, 50.0)
"""Times a second that a contact opens and closes."""

POWER = {machine.name: machine.power.pin for machine in DEMO_MACHINES}
PINS = POWER | {f"{machine.name}'s network": machine.network.pin for machine in DEMO_MACHINES}


Press = Callable[[int], Awaitable[dict[str, Any]]]
"""Presses HALT so many times each way: how long each press took, and what went wrong."""


@dataclass
class Attack:
    """One run.

    Attributes:
        asked: machine → moments between which its power was asked to be cut, and answered.
    """

    process: Process
    relay: Relay
    cluster: MadServer
    client: httpx.AsyncClient
    chance: random.Random
    output: list[str]
    asked: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    cuts: int = 0
    halts: dict[str, list[float]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    async def go_on(self, seconds: float, press_halt: Press) -> None:
        """Present, with whatever may go wrong, for so long."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.process.returncode is None:
            await self._cut()
            if self.chance.random() < 0.3:
                await self._pause()
            if self.chance.random() < 0.5:
                await self._chatter()
            self.cluster.madness = self.chance.choice(MADNESS)
            await self._halt(press_halt)
            self.cluster.madness = ""
            await asyncio.sleep(self.chance.uniform(1, 4))

    async def calm_down(self) -> None:
        """Return when everything is on, or when it should have been."""
        await self._post("/halt")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while self.relay.dark(PINS):
                    await asyncio.sleep(0.1)

    async def _cut(self) -> None:
        machine = self.chance.choice(sorted(POWER))
        await self._post("/release")
        await self._post("/arm")
        began = time.monotonic()
        answer = await self._post(f"/kill/{machine}", {"for": self.chance.choice((5, 30, 60))})
        if answer is not None and answer.status_code == 200:
            self.cuts += 1
        elif answer is not None:
            rule = str(answer.json().get("rule") or answer.json().get("title"))
            self.refused[rule] = self.refused.get(rule, 0) + 1
        self.asked.setdefault(machine, []).append((began, time.monotonic()))
        await asyncio.sleep(self.chance.uniform(0, 4))

    async def _pause(self) -> None:
        """Stop the whole process for a moment, as a machine that swaps or sleeps does."""
        self.process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(self.chance.uniform(0.2, 3))
        self.process.send_signal(signal.SIGCONT)

    async def _chatter(self) -> None:
        pin = self.chance.choice(sorted(BUTTONS.values()))
        await self.relay.chatter(pin, rate=self.chance.uniform(*CHATTER), seconds=3)

    async def _halt(self, press: Press) -> None:
        pressed = await press(30)
        for way, took in pressed["took"].items():
            self.halts.setdefault(way, []).extend(took)
        self.wrong += pressed["wrong"]

    async def _post(self, path: str, query: dict[str, Any] | None = None) -> httpx.Response | None:
        with contextlib.suppress(httpx.TransportError):
            return await self.client.post(path, params=query)
        return None


def judge(
    attack: Attack, *, memory: float, redirected: int, patient: bool
) -> tuple[dict[str, Any], list[str]]:
    """What is reported, and what was broken."""
    dark = sorted(attack.relay.dark(PINS))
    halts = {way: percentiles(took) for way, took in attack.halts.items() if took}
    unasked = [edge for edge in attack.relay.edges if edge.level == 1 and not _asked(attack, edge)]
    tracebacks = sum("Traceback" in line for line in attack.output)
    broken = [
        *(f"{name} is dark" for name in dark),
        *(f"pin {edge.pin} was cut, and nobody asked for it" for edge in unasked),
        *(f"HALT: {wrong}" for wrong in attack.wrong[:5]),
    ]
    if attack.process.returncode is not None:
        broken.append(f"the server ended with {attack.process.returncode}")
    if not attack.cuts:
        broken.append(f"nothing was cut at all: {attack.refused}")
    if redirected:
        broken.append(f"{redirected} commands came by a redirect")
    if tracebacks:
        broken.append(f"{tracebacks} tracebacks in its log")
    if memory >= MEMORY_MOST:
        broken.append(f"{memory} MB of memory")
    if not patient:
        broken += [
            f"HALT by the {way}: 99 % within {found['p99_ms']} ms"
            for way, found in halts.items()
            if found["p99_ms"] >= HALT_MOST
        ]
    return {
        "cuts": attack.cuts,
        "refused": attack.refused,
        "halt": halts,
        "memory_mb": memory,
        "madness": attack.cluster.seen,
        "dark": dark,
        "unasked": len(unasked),
    }, broken


def _asked(attack: Attack, edge: Edge) -> bool:
    """Whether an edge that cuts belongs to something that was asked for."""
    name = next((name for name, pin in POWER.items() if pin == edge.pin), "")
    return any(began <= edge.at <= ended for began, ended in attack.asked.get(name, ()))


@contextlib.asynccontextmanager
async def opened(chance: random.Random) -> AsyncIterator[tuple[Attack, Path, int, str]]:
    """Everything that takes part but the strangers; the folder, the port and the token."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sim_port, bench_port = free_ports()
        _, sane = await stack.enter_async_context(simulator(sim_port, bench_port))
        relay = Relay(("127.0.0.1", bench_port))
        header = await stack.enter_async_context(relay.serving())
        cluster = MadServer(sane, chance)
        api = await stack.enter_async_context(cluster.serving())
        port, _ = free_ports()
        cluster.home = f"http://127.0.0.1:{port}"
        odd = [await stack.enter_async_context(nasty(name)) for name in chance.sample([*NASTY], 2)]
        config = folder / "lab.toml"
        config.write_text(_settings(folder, port, api, header, odd))
        await _fill(folder / "data")
        token = "chaos_presenter_of_an_attack"
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "chaosmonkey", "serve", f"--config={config}",
            stdout=PIPE, stderr=STDOUT,
            env=os.environ | {"CHAOSMONKEY_SERVER__PRESENTER_TOKEN": token},
        )  # fmt: skip
        _give_a_core_to(process.pid)
        client = await stack.enter_async_context(
            httpx.AsyncClient(
                base_url=cluster.home,
                headers={"Authorization": f"Bearer {token}"},
                timeout=PATIENCE,
                transport=httpx.AsyncHTTPTransport(local_address="127.0.0.9"),
            )
        )
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        output: list[str] = []
        reading = tasks.create_task(_read(process, output))
        attack = Attack(process, relay, cluster, client, chance, output)
        try:
            await _ready(attack)
            yield attack, folder, port, token
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
            await process.wait()
            await reading


def _settings(folder: Path, port: int, api: str, header: int, odd: list[str]) -> str:
    machines = "".join(
        f'[[machine]]\nname = "{machine.name}"\n'
        f'power = {{ driver = "gpio", pin = {machine.power.pin} }}\n'
        f'network = {{ driver = "gpio", pin = {machine.network.pin} }}\n'
        + (f"button = {BUTTONS[machine.name]}\n" if machine.name in BUTTONS else "")
        for machine in DEMO_MACHINES
    )
    machines += "".join(
        f'[[machine]]\nname = "odd{number}"\npower = {power}\n' for number, power in enumerate(odd)
    )
    return (
        f'[server]\nport = {port}\ndata = "{folder / "data"}"\nalways_ask = true\n'
        f'[cluster]\nserver = "{api}"\n'
        f'[gpio]\npin_factory = "mock"\nheader = "127.0.0.1:{header}"\n'
        f'[timing]\npreset = "stage"\n[limits]\nmax_off = 3\nmin_ready = 0\ncooldown = 0\n'
        f"machine_cooldown = 0\n{machines}"
    )


def _give_a_core_to(pid: int) -> None:
    """Let the server have a core for itself: strangers are elsewhere, and have their own."""
    if hasattr(os, "sched_setaffinity") and len(cores := sorted(os.sched_getaffinity(0))) > 1:
        os.sched_setaffinity(pid, {cores[0]})
        os.sched_setaffinity(0, set(cores[1:]))


async def _fill(folder: Path) -> None:
    """Let it have a past."""
    name = "02-power-cut-grace8"
    past: Outage = replay(name, cuts={"node3": 0.0}, restored=29.9)["node3"]
    folder.mkdir()
    async with open_database(folder, SystemClock()) as database:
        records = Records(database)
        for number in range(PAST):
            one = replace(past.later(1.7e9 + number * 600 - past.t0), id=f"past-{number:04}")
            await records.save(one)


async def _read(process: Process, output: list[str]) -> None:
    assert process.stdout is not None
    async for line in process.stdout:
        output.append(line.decode(errors="replace").rstrip())  # noqa: PERF401 - it grows


async def _ready(attack: Attack) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            with contextlib.suppress(httpx.TransportError):
                if "cluster" not in (await attack.client.get("/readyz")).text:
                    return
            await asyncio.sleep(0.1)


async def main(seconds: float, seed: int, *, patient: bool) -> int:
    """Run it; 0 if all held."""
    chance = random.Random(seed)
    async with opened(chance) as (attack, folder, port, token):
        probe = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.attack._probe", str(port),
            str(folder / "data" / "control.sock"),
            stdin=PIPE, stdout=PIPE, env=os.environ | {"TOKEN": token}, limit=2**20,
        )  # fmt: skip
        strangers = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.attack._floods", str(port), str(seconds), str(seed),
            stdout=PIPE,
        )  # fmt: skip
        try:
            await attack.go_on(seconds, lambda times: _press(probe, times))
            answered, _ = await strangers.communicate()
        finally:
            for process in (probe, strangers):
                if process.returncode is None:
                    process.kill()
                await process.wait()
        await attack.calm_down()
        memory = Memory(attack.process.pid).most() if attack.process.returncode is None else 0.0
        redirected = _redirected(folder / "data" / "chaosmonkey.db")
        report, broken = judge(attack, memory=memory, redirected=redirected, patient=patient)
    report["strangers_answered"] = int(answered or 0)
    if attack.process.returncode not in (0, None) and not broken:
        broken.append(f"it ended with {attack.process.returncode} when it was told to")
    sys.stdout.write(json.dumps({"seed": seed, "seconds": seconds, **report}, indent=2) + "\n")
    for what in broken:
        sys.stdout.write(f"BROKEN: {what}\n")
    if broken:
        sys.stdout.write("\n".join(_worth_reading(attack.output)) + "\n")
    return 1 if broken else 0


def _worth_reading(output: list[str]) -> list[str]:
    """The first traceback of a log, and its end."""
    first = next((at for at, line in enumerate(output) if "Traceback" in line), len(output))
    return [*output[max(first - 2, 0) : first + 40], "…", *output[-20:]]


async def _press(probe: Process, times: int) -> dict[str, Any]:
    assert probe.stdin is not None
    assert probe.stdout is not None
    probe.stdin.write(b"%d\n" % times)
    found: dict[str, Any] = json.loads(await probe.stdout.readline())
    return found


def _redirected(database: Path) -> int:
    with contextlib.closing(sqlite3.connect(database)) as opened_database:
        query = "SELECT count(*) FROM audit WHERE command LIKE ?"
        (found,) = opened_database.execute(query, (f"%{MARKER}%",)).fetchone()
    return int(found)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.attack")
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--patient", action="store_true", help="do not judge milliseconds")
    wanted = parser.parse_args()
    sys.exit(asyncio.run(main(wanted.seconds, wanted.seed, patient=wanted.patient)))
