"""A real browser, the built pages, and demos to show.

Playwright's synchronous interface keeps an event loop running in this thread while it is started,
so it is started and stopped with each module, and tests here are no coroutines.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

import tests.e2e.conftest as e2e
from tests.meant import MEANT
from tests.patience import PATIENCE, wait_until
from tests.ports import free_ports

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SPEED = 10.0

UNHURRIED = e2e.UNHURRIED | {
    "CHAOSMONKEY_LIMITS__MACHINE_COOLDOWN": "0",
    "CHAOSMONKEY_LIMITS__COOLDOWN": "0",
}
"""What each test cuts has nothing to do with what the one before did."""

Open = Callable[..., "Page"]


@dataclass
class Demo:
    """A running demo."""

    process: subprocess.Popen[bytes]
    url: str
    client: httpx.Client
    data: Path

    def get(self, path: str) -> Any:
        return self.client.get(path).raise_for_status().json()

    def post(self, path: str, body: Any = None) -> Any:
        return self.client.post(path, json=body).raise_for_status().json()

    def put(self, path: str, body: Any) -> Any:
        return self.client.put(path, json=body).raise_for_status().json()

    @property
    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = self.get("/api/state")["state"]
        return found

    @property
    def code(self) -> str:
        """The code that the stage shows."""
        return str(self.state["show"]["show"]["join_code"])

    def outage(self) -> dict[str, Any]:
        """The newest outage; {} without one."""
        return next(iter(self.get("/api/outages")), {})

    def calm(self) -> None:
        """Return when every plug is in, every machine is Ready and no outage is open."""
        bench = self.get("/bench")["machines"]
        for name, feeds in bench.items():
            for feed in ("power", "network"):
                if not feeds[feed]["plugged"]:
                    self.put(f"/bench/machines/{name}/{feed}", {"plugged": True})
        self.post("/halt")
        self.post("/release")
        self.post("/arm")
        show = {"scene": "board", "blank": False, "light": False}
        self.post("/api/show", show)

        def is_calm() -> bool:
            state = self.state
            ready = all(one["ready"] == "True" for one in state["machines"].values())
            return ready and not any(one["open"] for one in state["outages"].values())

        wait_until(is_calm)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    from tests.browser import static

    if not static.CHROMIUM.exists():
        pytest.skip(f"no chromium at {static.CHROMIUM}")
    if not (static.PAGES / "stage.html").exists():
        pytest.fail(f"no pages in {static.PAGES}: make pages builds them")
    sync_api.expect.set_options(timeout=PATIENCE * 1000)
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(static.CHROMIUM), args=static.ARGUMENTS
        )
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[Open]:
    """Opens pages; whatever they complain about in the console fails the test.

    A path is answered from the folder of built pages, a whole address by whoever serves it.
    """
    from tests.browser import static

    contexts = []
    complaints: list[str] = []

    def open_one(address: str, *, complaining: bool = False, **options: Any) -> Page:
        options = {"viewport": {"width": 1920, "height": 1080}} | options
        context = chromium.new_context(**options)
        context.set_default_timeout(PATIENCE * 1000)
        contexts.append(context)
        page = context.new_page()
        if not complaining:
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on(
                "console",
                lambda said: complaints.append(said.text) if said.type == "error" else None,
            )
        if address.startswith("/"):
            static.serve(page)
            address = static.ORIGIN + address
        page.goto(address)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One demo for a module, ten times as fast as real."""
    with started(tmp_path_factory.mktemp("demo")) as running:
        yield running


@pytest.fixture(scope="module")
def slow_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One in which Kubernetes takes 4 s to notice: what a page says until then can be read."""
    with started(tmp_path_factory.mktemp("slow-demo"), speed=2.0) as running:
        yield running


@contextlib.contextmanager
def started(
    data: Path, *, speed: float = SPEED, preset: str = "stage", edges: int = 0, **settings: str
) -> Iterator[Demo]:
    """A demo of its own; settings are environment variables."""
    port, sim_port = free_ports()
    if edges:
        sim_port, _ = free_ports()  # the edges listen next to the pages
    process = subprocess.Popen(
        [
            sys.executable, "-m", "chaosmonkey", "demo", f"--port={port}", f"--speed={speed}",
            f"--sim-port={sim_port}", f"--data={data}", f"--preset={preset}",
            f"--edges={edges}",
        ],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env=os.environ | UNHURRIED | settings,  # noqa: TID251 - a child's
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        with httpx.Client(base_url=url, timeout=PATIENCE, headers=MEANT) as client:

            def answers() -> bool:
                with contextlib.suppress(httpx.TransportError):
                    return client.get("/readyz").status_code == 200
                return False

            wait_until(answers)
            yield Demo(process, url, client, data)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)
