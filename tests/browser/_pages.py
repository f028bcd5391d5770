"""What tests of the console and of phones share: a demo to ask, and pages that are listened to."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.conftest import Demo
from tests.browser.pace import come_to_rest, let_pass
from tests.meant import MEANT
from tests.patience import PATIENCE, wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Request, WebSocket

LAPTOP = {"width": 1280, "height": 800}
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


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
        headers = MEANT | {"Accept": "application/json", "Content-Type": "application/json"}
        if cookie:
            headers["Cookie"] = cookie
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                set_cookie = answer.headers.get("Set-Cookie", "").partition(";")[0]
                return json.load(answer), set_cookie
        except urllib.error.HTTPError as refusal:
            with refusal:
                return json.load(refusal), ""

    def get(self, path: str) -> Any:
        return self.ask(path, method="GET")

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = self.get("/api/state")
        state: dict[str, Any] = found.get("state", found)
        return state

    def show(self) -> dict[str, Any]:
        found: dict[str, Any] = self.state()["show"]["show"]
        return found

    def round(self) -> dict[str, Any]:
        found: dict[str, Any] = self.state()["rounds"]["round"]
        return found

    def code(self) -> str:
        """The code that the stage shows."""
        return str(self.show()["join_code"])

    def play(self, seat: int, what: str, **body: Any) -> dict[str, Any]:
        """Do something as another phone, in the round that is open."""
        joining = {"seat": f"{seat:032x}", "code": self.code()}
        _, cookie = self.ask_with_cookie("/api/play/join", joining)
        asked = {"round": self.round()["id"]} | body
        answer: dict[str, Any] = self.ask(f"/api/play/{what}", asked, cookie=cookie)
        return answer

    def vote(self, seat: int, machine: str) -> None:
        """Vote as another phone."""
        assert self.play(seat, "vote", machine=machine)["voted"] == machine

    def calm(self) -> None:
        """Return when every machine is up, no outage open, and all is set as in the beginning."""
        self.ask("/halt")
        self.ask("/release")
        self.ask("/api/round/cancel")
        self.ask("/arm")
        settings = {"scene": "board", "blank": False, "feed": "power", "light": False}
        self.ask("/api/show", settings)

        def is_calm() -> bool:
            state = self.state()
            ready = all(one["ready"] == "True" for one in state["machines"].values())
            return ready and not any(one["open"] for one in state["outages"].values())

        wait_until(is_calm, "The cluster did not come to rest.")


@pytest.fixture
def lab(demo: Demo) -> Lab:
    """The demo, at rest."""
    found = Lab(demo.url)
    found.calm()
    return found


@pytest.fixture
def slow_lab(slow_demo: Demo) -> Lab:
    """The slow demo, at rest."""
    found = Lab(slow_demo.url)
    found.calm()
    return found


@pytest.fixture
def slow_console(slow_lab: Lab, open_tab: Callable[..., Tab]) -> Tab:
    """The console of the slow demo."""
    return console_of(slow_lab, open_tab)


@dataclass
class Tab:
    """A page, what it changed by requests, and what it complained of.

    A phone's requests are those on its websocket: "vote {…}", without their ids.
    """

    page: Page
    changes: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    complains: bool = False
    """Whether complaints are what the test expects: its server goes away."""

    def __post_init__(self) -> None:
        self.page.on("request", self._asked)
        self.page.on("websocket", self._connected)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._said)

    def _asked(self, request: Request) -> None:
        if request.method != "GET":
            path = request.url.partition("/")[2].partition("/")[2].partition("/")[2]
            self.changes.append(f"{request.method} /{path} {request.post_data or ''}".strip())

    def _connected(self, socket: WebSocket) -> None:
        if socket.url.partition("?")[0].endswith("/ws/play"):
            socket.on("framesent", self._sent)

    def _sent(self, frame: str | bytes) -> None:
        body = json.loads(frame)
        del body["id"]
        do = body.pop("do")
        if do == "ping":
            return  # it changes nothing
        self.changes.append(f"{do} {json.dumps(body, separators=(',', ':'))}")

    def _said(self, message: Any) -> None:
        # That a request was refused is what some tests are about.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    def eventually(self, look: Callable[[], Any], why: str = "") -> None:
        """Return when `look` is true; the browser goes on meanwhile."""

        def looked() -> bool:
            if look():
                return True
            self.page.wait_for_timeout(30)
            return False

        wait_until(looked, why)

    def changed(self, *expected: str) -> None:
        """Return when exactly these requests were sent since the last time."""
        self.eventually(
            lambda: len(self.changes) >= len(expected),
            f"{expected} was not sent, but {self.changes}",
        )
        self.still(*expected)

    def still(self, *expected: str) -> None:
        """Fail if anything else was sent, a moment later too."""
        self.eventually(lambda: len(self.changes) >= len(expected))
        let_pass(self.page, 150)
        assert self.changes == list(expected)
        self.changes.clear()

    def accessible(self) -> None:
        """Fail with what axe finds."""
        from axe_playwright_python.sync_playwright import Axe

        come_to_rest(self.page)
        found = Axe().run(self.page, options=WCAG)
        assert found.violations_count == 0, found.generate_report()


@pytest.fixture
def open_tab(chromium: Browser) -> Iterator[Callable[..., Tab]]:
    """Opens pages, each in a browser of its own, and checks in the end that none complained."""
    contexts: list[BrowserContext] = []
    tabs: list[Tab] = []

    def open_one(url: str, **options: Any) -> Tab:
        before = options.pop("before", None)
        complains = options.pop("complains", False)
        context = chromium.new_context(**options)
        context.set_default_timeout(PATIENCE * 1000)
        contexts.append(context)
        tab = Tab(context.new_page(), complains=complains)
        tabs.append(tab)
        if before is not None:
            before(tab.page)
        tab.page.goto(url)
        return tab

    yield open_one
    for context in contexts:
        context.close()
    quiet = [tab for tab in tabs if not tab.complains]
    assert [complaint for tab in quiet for complaint in tab.complaints] == []


@pytest.fixture
def console(lab: Lab, open_tab: Callable[..., Tab]) -> Tab:
    """The console on a laptop, of a demo at rest."""
    return console_of(lab, open_tab)


def console_of(lab: Lab, open_tab: Callable[..., Tab]) -> Tab:
    from playwright.sync_api import expect

    tab = open_tab(f"{lab.url}/console", viewport=LAPTOP)
    expect(tab.page.get_by_text("LIVE", exact=True)).to_be_visible()
    expect(tab.page.get_by_role("article")).to_have_count(5)
    return tab
