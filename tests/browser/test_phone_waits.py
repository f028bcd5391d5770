"""What a phone waits for: an answer, its turn, a refusal's end, a network, another tab."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.screens import PHONE

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page, WebSocketRoute

    from tests.browser._pages import Lab, Tab

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import expect

from tests.browser.pace import let_pass
from tests.patience import wait_until

pytest_plugins = ["tests.browser._pages"]
pytestmark = pytest.mark.browser

COUNTED_SOCKETS = """
window.sockets = [];
window.WebSocket = class extends WebSocket {
  constructor(...args) { super(...args); window.sockets.push(this); }
};
"""

SLEPT = """
() => {
  const before = window.sockets.length;
  const now = Date.now;
  Date.now = () => now() + 60_000;
  document.dispatchEvent(new Event('visibilitychange'));
  Date.now = now;
  return window.sockets.length - before;
}
"""


@pytest.fixture
def join(lab: Lab, open_tab: Callable[..., Tab]) -> Callable[..., Tab]:
    def join_one(**options: Any) -> Tab:
        tab = open_tab(f"{lab.url}/j/{lab.code()}", **(PHONE | options))
        expect(tab.page.get_by_text("connected", exact=True)).to_be_visible()
        return tab

    return join_one


def big(page: Page) -> Locator:
    return page.locator("button.big")


def choose(page: Page, machine: str) -> None:
    page.get_by_role("radio", name=machine).check(force=True)


def press(page: Page, machine: str) -> None:
    choose(page, machine)
    big(page).tap()


def refused_while_another_asks(lab: Lab, join: Callable[..., Tab]) -> Tab:
    """A phone that was refused, because the presenter is asked about another one's press."""
    lab.ask("/api/round/open", {"mode": "free"})
    first, second = join(), join()
    choose(second.page, "node3")
    press(first.page, "node2")
    wait_until(lambda: lab.round()["turn"] is not None)
    big(second.page).tap()
    expect(second.page.get_by_role("alert")).to_contain_text("Another phone just pressed")
    return second


@pytest.mark.parametrize("answer", ["veto", "approve", "cancel"])
def test_a_refusal_ends_with_what_made_it_true(
    lab: Lab, join: Callable[..., Tab], answer: str
) -> None:
    phone = refused_while_another_asks(lab, join)
    let_pass(phone.page, 2500)
    expect(phone.page.get_by_role("alert")).to_be_visible()  # it is true for as long
    lab.ask(f"/api/round/{answer}")
    expect(phone.page.get_by_role("alert")).to_have_count(0)


def test_a_second_tab_of_a_seat_follows_the_first_and_both_are_one_phone(
    lab: Lab, join: Callable[..., Tab]
) -> None:
    first = join().page
    second = first.context.new_page()
    second.goto(f"{lab.url}/play")
    expect(second.get_by_text("connected", exact=True)).to_be_visible()
    wait_until(lambda: lab.show()["phones"] == 1)
    lab.ask("/api/round/open")
    expect(big(second)).to_contain_text("Choose")
    press(first, "node2")
    expect(big(first)).to_contain_text("Voted")
    expect(big(second)).to_contain_text("Voted")
    assert lab.round()["entered"] == 1
    assert lab.show()["phones"] == 1


def test_a_page_that_asks_for_the_code_is_no_phone_yet(
    lab: Lab, open_tab: Callable[..., Tab]
) -> None:
    wait_until(lambda: lab.show()["phones"] == 0)  # those of the tests before have left
    tab = open_tab(f"{lab.url}/play", **PHONE)
    field = tab.page.get_by_label("Code on the big screen")
    expect(field).to_be_visible()
    let_pass(tab.page, 500)
    assert lab.show()["phones"] == 0
    field.fill(lab.code())
    big(tab.page).tap()
    expect(tab.page.get_by_text("connected", exact=True)).to_be_visible()
    wait_until(lambda: lab.show()["phones"] == 1)


def test_in_a_queue_a_phone_shows_its_ticket_by_which_the_stage_calls_it(
    lab: Lab, join: Callable[..., Tab]
) -> None:
    lab.ask("/api/round/open", {"mode": "queue"})
    for seat in (1, 2):
        lab.play(seat, "enter")
    phone = join().page
    big(phone).tap()
    expect(phone.locator("header")).to_contain_text("ticket 3")
    lab.ask("/api/round/next")
    expect(phone.locator("header")).to_contain_text("ticket 3")


def test_a_vote_that_the_server_answers_slowly_is_said_to_be_on_its_way(
    lab: Lab, join: Callable[..., Tab]
) -> None:
    lab.ask("/api/round/open")
    held: list[Callable[[], None]] = []
    holds = False

    def handle(socket: WebSocketRoute) -> None:
        def to_phone(message: str | bytes) -> None:
            if holds and '"type":"ack"' in str(message):
                held.append(partial(socket.send, message))
            else:
                socket.send(message)

        socket.connect_to_server().on_message(to_phone)

    phone = join(before=lambda page: page.route_web_socket("**/ws/play", handle)).page
    holds = True
    press(phone, "node2")
    expect(big(phone)).to_contain_text("Sending")
    expect(big(phone)).to_contain_text("waiting for the answer")
    expect(phone.locator("#text")).to_contain_text("Do not press again.")
    expect(big(phone)).to_be_disabled()
    assert lab.round()["entered"] == 1
    held[0]()
    expect(big(phone)).to_contain_text("Voted")


def test_a_phone_that_slept_connects_at_once_when_it_is_seen_again(
    lab: Lab, join: Callable[..., Tab]
) -> None:
    phone = join(before=lambda page: page.add_init_script(COUNTED_SOCKETS)).page
    assert phone.evaluate(SLEPT) == 1
    expect(phone.get_by_text("connected", exact=True)).to_be_visible()
    states = phone.evaluate("window.sockets.map(one => one.readyState)")
    assert states[0] in (2, 3)
    wait_until(lambda: lab.show()["phones"] == 1)


def test_after_halt_a_vote_says_on_every_page_what_has_to_come_first(
    lab: Lab, join: Callable[..., Tab], open_tab: Callable[..., Tab]
) -> None:
    lab.ask("/api/round/open")
    lab.vote(1, "node3")
    phone = join().page
    console = open_tab(f"{lab.url}/console", viewport={"width": 1280, "height": 800}).page
    crowd = console.get_by_role("region", name="Audience")
    lab.ask("/api/round/close")
    lab.ask("/halt")
    expect(crowd).to_contain_text("HALT is active: release it, then arm.")
    expect(crowd.get_by_role("button", name="Cut node3")).to_be_disabled()
    expect(phone.locator("#text")).to_contain_text("HALT is active.")
