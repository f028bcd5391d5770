"""What this machine can do at all, measured in the same run: machines differ three-fold.

    start     a Python that imports gpiozero, from its start to its end: nothing restores sooner
    commit    a row that SQLite commits to the disk, synchronously: nothing is journalled sooner
    request   the server's processor time for a GET of /healthz: nothing is answered for less
    frames    frames in a second of an empty page in Chromium: nothing moves more smoothly

Every median is told in these too, and so can be compared between a Raspberry Pi and a laptop.
"""

import asyncio
import contextlib
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks._table import cpu_seconds, rig, simulated_objects

STARTS, COMMITS, REQUESTS = 9, 200, 2000
PORT = 18083

FRAMES = """
() => new Promise(resolve => {
  let frames = 0, begun = 0;
  const frame = now => {
    begun ||= now;
    if (now - begun >= 1000) return resolve(frames);
    frames += 1;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
})
"""

COUNTED = "frames_in_1_s"


@dataclass(frozen=True)
class Yardsticks:
    """Seconds, but for `frames`, which is 0 where there is no browser."""

    start: float
    commit: float
    request: float
    frames: int

    def shown(self) -> dict[str, float]:
        return {
            "start_ms": round(self.start * 1000, 1),
            "commit_ms": round(self.commit * 1000, 3),
            "request_ms": round(self.request * 1000, 3),
            "frames_of_an_empty_page": self.frames,
        }

    def beside(self, figures: Any) -> Any:
        """The same figures, and beside each median what it is in yardsticks."""
        if not isinstance(figures, Mapping):
            return figures
        told = {key: self.beside(value) for key, value in figures.items()}
        for key, unit in (("p50_ms", 0.001), ("median_ms", 0.001), ("median_s", 1.0)):
            if key in figures:
                told |= self._of(figures[key] * unit)
        if COUNTED in figures and self.frames:
            told["of_an_empty_pages_frames"] = round(figures[COUNTED] / self.frames, 2)
        return told

    def _of(self, seconds: float) -> dict[str, float]:
        return {
            "in_starts": round(seconds / self.start, 3),
            "in_commits": round(seconds / self.commit, 2),
            "in_requests": round(seconds / self.request, 2),
        }


def measure(*, browser: bool) -> Yardsticks:
    """Take all yardsticks; frames only if something is measured in them."""
    with tempfile.TemporaryDirectory() as folder:
        commit = _commit(Path(folder))
    return Yardsticks(_start(), commit, asyncio.run(_request()), _frames() if browser else 0)


def _start() -> float:
    took = []
    for _ in range(STARTS):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import gpiozero"], check=True)
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def _commit(folder: Path) -> float:
    """With the settings of the journal."""
    took = []
    path = folder / "yardstick.db"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("CREATE TABLE row (number INTEGER)")
        for number in range(COMMITS):
            began = time.perf_counter()
            database.execute("INSERT INTO row VALUES (?)", (number,))
            took.append(time.perf_counter() - began)
    return statistics.median(took)


async def _request() -> float:
    async with rig(await simulated_objects(), port=PORT) as it:
        before = cpu_seconds(it.process.pid)
        for _ in range(REQUESTS):
            (await it.client.get("/healthz")).raise_for_status()
        return (cpu_seconds(it.process.pid) - before) / REQUESTS


def _frames() -> int:
    try:
        from playwright.sync_api import sync_playwright

        from tests.browser import static
    except ImportError:
        return 0
    if not static.CHROMIUM.exists():
        return 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(static.CHROMIUM), args=static.ARGUMENTS
        )
        page = browser.new_page(viewport={"width": 1920, "height": 1080})
        frames = [page.evaluate(FRAMES) for _ in range(3)]
        browser.close()
    return int(statistics.median(frames))
