"""A phone whose connection or server goes away: a vote counts once, a press is not repeated."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests.browser.screens import PHONE

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page, WebSocketRoute

    from tests.browser._pages import Lab, Tab
    from tests.browser.conftest import Demo

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import expect

from tests.e2e.conftest import children

pytest_plugins = ["tests.browser._pages"]
pytestmark = pytest.mark.browser


RECORD_TEXTS = """
window.texts = [];
addEventListener('DOMContentLoaded', () => new MutationObserver(() => {
  const text = document.querySelector('#text')?.textContent;
  if (text && text !== window.texts.at(-1)) window.texts.push(text);
}).observe(document.body, {subtree: true, childList: true, characterData: true}));
"""


def server_pid(demo: Demo) -> int:
    return next(pid for pid, line in children(demo.process.pid) if "serve" in line)


def kill_server(demo: Demo) -> None:
    """End the server with kill -9; the demo starts it again on the same port."""
    os.kill(server_pid(demo), signal.SIGKILL)


def kill_server_before_it_reads(demo: Demo, act: Callable[[], None]) -> None:
    """Send something that the server's machine receives and the server does not."""
    server = server_pid(demo)
    os.kill(server, signal.SIGSTOP)
    act()
    os.kill(server, signal.SIGKILL)


def big(tab: Tab) -> Locator:
    return tab.page.locator("button.big")


def choose(tab: Tab, machine: str) -> None:
    tab.page.get_by_role("radio", name=machine).check(force=True)


def connected(tab: Tab) -> Locator:
    return tab.page.get_by_text("connected", exact=True)


def requests(tab: Tab, do: str) -> list[str]:
    return [change for change in tab.changes if change.startswith(f"{do} ")]


@pytest.fixture
def join(lab: Lab, open_tab: Callable[..., Tab]) -> Callable[..., Tab]:
    def join_one(before: Callable[[Page], None] = lambda _: None) -> Tab:
        def prepare(page: Page) -> None:
            page.add_init_script(RECORD_TEXTS)
            before(page)

        url = f"{lab.url}/j/{lab.code()}"
        tab = open_tab(url, before=prepare, complains=True, **PHONE)
        expect(connected(tab)).to_be_visible()
        return tab

    return join_one


@dataclass
class Net:
    """The network between phones and the server, which can break in several ways."""

    sockets: list[WebSocketRoute] = field(default_factory=list)
    presses: int = 0
    pongs: int = 0
    swallows: Callable[[str], bool] = lambda _: False
    """Which messages get lost, though the connection stays open."""
    dead: int = 0
    """How many of the first connections are half-open: nothing arrives, and they do not close."""

    def between(self, page: Page) -> None:
        page.route_web_socket("**/ws/play", self._handle)

    def _handle(self, phone: WebSocketRoute) -> None:
        self.sockets.append(phone)
        number = len(self.sockets)
        server = phone.connect_to_server()

        def arrives(message: str | bytes) -> bool:
            return number > self.dead and not self.swallows(str(message))

        def to_server(message: str | bytes) -> None:
            self.presses += json.loads(message)["do"] == "press"
            if arrives(message):
                server.send(message)

        def to_phone(message: str | bytes) -> None:
            self.pongs += json.loads(message)["type"] == "pong"
            if arrives(message):
                phone.send(message)

        phone.on_message(to_server)
        server.on_message(to_phone)


def test_a_vote_while_the_server_is_away_is_kept_and_counts_once_when_it_is_back(
    demo: Demo, lab: Lab, join: Callable[..., Tab]
) -> None:
    lab.ask("/api/round/open")
    phone = join()
    phone.page.context.set_offline(True)
    kill_server(demo)
    kept = "Reconnecting. What you do now is sent as soon as the connection is back."
    expect(phone.page.get_by_text(kept)).to_be_visible()
    choose(phone, "node2")
    phone.accessible()
    big(phone).tap()
    expect(big(phone)).to_contain_text("Kept")
    text = "Your vote for node2 is kept and sent as soon as the connection is back."
    expect(phone.page.locator("#text")).to_have_text(text)
    phone.accessible()
    phone.page.context.set_offline(False)
    expect(big(phone)).to_contain_text("Voted")
    assert len(requests(phone, "vote")) == 1
    assert lab.round()["tally"]["node2"] == 1
    assert lab.round()["entered"] == 1


def test_a_vote_that_the_server_never_read_is_sent_again_and_counts_once(
    demo: Demo, lab: Lab, join: Callable[..., Tab]
) -> None:
    lab.ask("/api/round/open")
    phone = join()
    choose(phone, "node2")
    kill_server_before_it_reads(demo, lambda: big(phone).tap())
    expect(big(phone)).to_contain_text("Voted")
    kept = "Your vote for node2 is kept and sent as soon as the connection is back."
    assert kept in phone.page.evaluate("window.texts")
    assert len(requests(phone, "vote")) == 2
    assert lab.round()["tally"]["node2"] == 1
    assert lab.round()["entered"] == 1


def test_a_vote_that_was_counted_without_an_answer_counts_once(
    lab: Lab, join: Callable[..., Tab]
) -> None:
    lab.ask("/api/round/open")
    net = Net()
    phone = join(net.between)
    net.swallows = lambda message: '"type":"ack"' in message
    choose(phone, "node2")
    big(phone).tap()
    phone.eventually(lambda: lab.round()["entered"] == 1)
    net.swallows = lambda _: False
    net.sockets[-1].close()
    expect(big(phone)).to_contain_text("Voted")
    assert lab.round()["entered"] == 1


def test_a_press_that_the_server_never_read_is_not_sent_again(
    demo: Demo, lab: Lab, join: Callable[..., Tab]
) -> None:
    lab.ask("/api/round/open", {"mode": "free"})
    phone = join()
    choose(phone, "node2")
    kill_server_before_it_reads(demo, lambda: big(phone).tap())
    alert = phone.page.get_by_role("alert")
    expect(alert).to_have_text("Your press was not confirmed. Press again.")
    phone.accessible()
    assert lab.round()["turn"] is None
    assert len(requests(phone, "press")) == 1
    big(phone).tap()
    expect(big(phone)).to_contain_text("Pressed")
    expect(alert).to_have_count(0)
    assert lab.round()["turn"]["machine"] == "node2"


def test_a_press_that_was_counted_without_an_answer_is_shown_as_pressed(
    lab: Lab, join: Callable[..., Tab]
) -> None:
    lab.ask("/api/round/open", {"mode": "free"})
    net = Net()
    phone = join(net.between)
    choose(phone, "node2")
    net.swallows = lambda message: '"type":"ack"' in message
    big(phone).tap()
    phone.eventually(lambda: lab.round()["turn"] is not None)
    net.swallows = lambda _: False
    net.sockets[-1].close()
    expect(big(phone)).to_contain_text("Pressed")
    expect(phone.page.get_by_role("alert")).to_have_count(0)
    assert net.presses == 1


def test_a_phone_without_its_seat_asks_for_the_code_and_sends_the_vote_that_it_kept(
    lab: Lab, join: Callable[..., Tab]
) -> None:
    lab.ask("/api/round/open")
    net = Net()
    phone = join(net.between)
    choose(phone, "node2")
    net.swallows = lambda message: '"do":"vote"' in message
    big(phone).tap()
    phone.page.evaluate("localStorage.removeItem('proof')")
    net.swallows = lambda _: False
    net.sockets[-1].close()
    phone.page.get_by_label("Code on the big screen").fill(lab.code())
    big(phone).tap()
    expect(big(phone)).to_contain_text("Voted")
    assert lab.round()["tally"]["node2"] == 1


UNLOCKED = (
    "for (const one of ['resume', 'visibilitychange']) document.dispatchEvent(new Event(one))"
)
"""What a page is told when its phone is unlocked; a headless Chromium is always visible."""

OTHER_NETWORK = "dispatchEvent(new Event('online'))"


def stop_clock(page: Page) -> None:
    """From now on the page's timers wait for `page.clock.run_for`."""
    for ahead in (0.01, 0.1, 1.0, 3.0):
        with contextlib.suppress(PlaywrightError):  # that moment has passed: this machine is busy
            page.clock.pause_at(page.evaluate("Date.now()") / 1000 + ahead)
            return
    pytest.fail("the page's clock does not stop")


@pytest.mark.parametrize("wakes", [UNLOCKED, OTHER_NETWORK], ids=["unlocked", "network"])
def test_a_phone_that_wakes_up_on_a_dead_connection_has_another_a_second_later(
    lab: Lab, join: Callable[..., Tab], wakes: str
) -> None:
    lab.ask("/api/round/open")
    net = Net()

    def before(page: Page) -> None:
        page.clock.install()
        net.between(page)

    phone = join(before)
    stop_clock(phone.page)
    net.dead = 1
    phone.page.evaluate(wakes)
    phone.page.clock.run_for(990)
    assert len(net.sockets) == 1
    lab.vote(1, "node3")  # while the phone receives nothing
    phone.page.clock.run_for(20)
    phone.eventually(lambda: len(net.sockets) == 2)
    expect(phone.page.locator("#text")).to_contain_text("1 vote so far.")
    expect(connected(phone)).to_be_visible()


def test_a_phone_that_wakes_up_on_a_connection_that_works_keeps_it(
    lab: Lab, join: Callable[..., Tab]
) -> None:
    net = Net()

    def before(page: Page) -> None:
        page.clock.install()
        net.between(page)

    phone = join(before)
    stop_clock(phone.page)
    phone.page.evaluate(UNLOCKED)
    phone.eventually(lambda: net.pongs == 1)
    phone.page.clock.run_for(3000)
    assert len(net.sockets) == 1
    expect(connected(phone)).to_be_visible()
