"""A demo of one's own for each module, ten times as fast as real, and browsers on its pages."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Request

import chaosmonkey.api

SPEED = 10
PATIENCE = 20.0
"""Real seconds that anything may take before a test fails."""

CHROMIUM = "/usr/bin/chromium"
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
    "--font-render-hinting=none",
]

PAGES = Path(chaosmonkey.api.__file__).parent / "pages"
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


def eventually(look: Callable[[], Any], why: str = "it did not happen") -> Any:
    """What `look` returns, once that is true."""
    deadline = time.monotonic() + PATIENCE  # noqa: TID251 - real browsers, real time
    while True:
        if found := look():
            return found
        if time.monotonic() > deadline:  # noqa: TID251
            pytest.fail(f"{why} within {PATIENCE:g} s")
        time.sleep(0.03)


def free_ports() -> tuple[int, int]:
    """A port for the pages, and one for the simulator with the next one free as well."""
    while True:
        with contextlib.ExitStack() as sockets:
            bound = [sockets.enter_context(socket.socket()) for _ in range(3)]
            try:
                bound[0].bind(("127.0.0.1", 0))
                bound[1].bind(("127.0.0.1", 0))
                bound[2].bind(("127.0.0.1", bound[1].getsockname()[1] + 1))
            except (OSError, OverflowError):
                continue
            return bound[0].getsockname()[1], bound[1].getsockname()[1]


@dataclass
class Lab:
    """A running demo."""

    url: str

    def ask(self, path: str, body: Any = None, *, method: str = "POST", cookie: str = "") -> Any:
        """What the server answers, be it a refusal."""
        return self.ask_with_cookie(path, body, method=method, cookie=cookie)[0]

    def ask_with_cookie(
        self, path: str, body: Any = None, *, method: str = "POST", cookie: str = ""
    ) -> tuple[Any, str]:
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if cookie:
            headers["Cookie"] = cookie
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                set_cookie = answer.headers.get("Set-Cookie", "").partition(";")[0]
                return json.load(answer), set_cookie
        except urllib.error.HTTPError as refusal:
            with refusal:
                return json.load(refusal), ""

    def get(self, path: str) -> Any:
        return self.ask(path, method="GET")

    def state(self) -> dict[str, Any]:
        found = self.get("/api/state")
        return found.get("state", found)

    def show(self) -> dict[str, Any]:
        return self.state()["show"]["show"]

    def round(self) -> dict[str, Any]:
        return self.state()["rounds"]["round"]

    def vote(self, seat: int, machine: str) -> None:
        """Vote as another phone."""
        _, cookie = self.ask_with_cookie("/api/play/join", {"seat": f"{seat:032x}"})
        ballot = {"round": self.round()["id"], "machine": machine}
        assert self.ask("/api/play/vote", ballot, cookie=cookie)["voted"] == machine

    def calm(self) -> None:
        """Return when every machine is up, no outage open, and all is set as in the beginning."""
        self.ask("/halt")
        self.ask("/api/round/cancel")
        self.ask("/arm")
        settings = {"scene": "board", "blank": False, "feed": "power", "light": False}
        self.ask("/api/show", settings)

        def is_calm() -> bool:
            state = self.state()
            ready = all(one["ready"] == "True" for one in state["machines"].values())
            return ready and not any(one["open"] for one in state["outages"].values())

        eventually(is_calm, "the cluster did not come to rest")


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A demo for the whole session."""
    if not (PAGES / "console.html").is_file():
        pytest.fail("The pages are not built: make pages.")
    port, sim_port = free_ports()
    folder = tmp_path_factory.mktemp("demo")
    with (folder / "output.txt").open("w") as output:
        process = subprocess.Popen(
            [
                sys.executable, "-m", "chaosmonkey", "demo", "--port", str(port),
                "--sim-port", str(sim_port), "--speed", str(SPEED), "--data", str(folder),
            ],
            stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
        lab = Lab(f"http://127.0.0.1:{port}")

        def is_ready() -> bool:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{lab.url}/readyz", timeout=5).close()
                return True
            return False

        try:
            eventually(is_ready, "the demo did not start")
            yield lab
        finally:
            process.terminate()
            process.wait(40)


@pytest.fixture
def lab(running: Lab) -> Lab:
    """The demo, at rest."""
    running.calm()
    return running


@pytest.fixture(scope="session")
def chromium(playwright: Any) -> Iterator[Browser]:
    """Debian's chromium."""
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
    yield browser
    browser.close()


@dataclass
class Tab:
    """A page, what it changed by requests, and what it complained of."""

    page: Page
    changes: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", self._asked)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._said)

    def _asked(self, request: Request) -> None:
        if request.method != "GET":
            path = request.url.partition("/")[2].partition("/")[2].partition("/")[2]
            self.changes.append(f"{request.method} /{path} {request.post_data or ''}".strip())

    def _said(self, message: Any) -> None:
        # That a request was refused is what some tests are about.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    def eventually(self, look: Callable[[], Any], why: str = "it did not happen") -> Any:
        """What `look` returns, once that is true; the browser goes on meanwhile."""
        return eventually(lambda: look() or self.page.wait_for_timeout(30), why)

    def changed(self, *expected: str) -> None:
        """Return when exactly these requests were sent since the last time."""
        self.eventually(
            lambda: len(self.changes) >= len(expected),
            f"{expected} was not sent, but {self.changes}",
        )
        self.still(*expected)

    def still(self, *expected: str) -> None:
        """Fail if anything else was sent, a moment later too."""
        self.page.wait_for_timeout(150)
        assert self.changes == list(expected)
        self.changes.clear()

    def accessible(self) -> None:
        """Fail with what axe finds."""
        self.page.wait_for_timeout(250)
        found = Axe().run(self.page, options=WCAG)
        assert found.violations_count == 0, found.generate_report()


@pytest.fixture
def open_tab(chromium: Browser) -> Iterator[Callable[..., Tab]]:
    """Opens pages, each in a browser of its own, and checks in the end that none complained."""
    contexts: list[BrowserContext] = []
    tabs: list[Tab] = []

    def open_one(url: str, **options: Any) -> Tab:
        before = options.pop("before", None)
        context = chromium.new_context(**options)
        contexts.append(context)
        tab = Tab(context.new_page())
        tabs.append(tab)
        if before is not None:
            before(tab.page)
        tab.page.goto(url)
        return tab

    yield open_one
    for context in contexts:
        context.close()
    assert [complaint for tab in tabs for complaint in tab.complaints] == []
