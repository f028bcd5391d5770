"""The page for phones in a real browser, on a real demo: one vote each, and the outcome as text."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import chaosmonkey.api
from tests.browser.screens import PHONE

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page, WebSocketRoute

    from tests.browser._pages import Lab, Tab

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import expect

from tests.sure import sure

pytest_plugins = ["tests.browser._pages"]
pytestmark = pytest.mark.browser

LARGEST_SCRIPT = 25_500
"""Bytes, compressed, that a phone loads over a hall's network."""


@pytest.fixture
def join(lab: Lab, open_tab: Callable[..., Tab]) -> Callable[..., Tab]:
    def join_one(**options: Any) -> Tab:
        tab = open_tab(f"{lab.url}/j/{lab.code()}", **(PHONE | options))
        expect(tab.page.get_by_text("connected", exact=True)).to_be_visible()
        # Each phone takes its seat as soon as it is there.
        tab.eventually(lambda: tab.changes)
        joining = r'hello {"seat":"[0-9a-f]{32}","code":"[A-Z0-9]{5}"}'
        assert re.fullmatch(joining, tab.changes.pop(0))
        tab.eventually(lambda: tab.page.url.endswith("/play"))
        return tab

    return join_one


HIDDEN = "document.documentElement.scrollHeight - innerHeight"
"""Pixels that one has to scroll to."""


def big(tab: Tab) -> Locator:
    return tab.page.locator("button.big")


def says(tab: Tab) -> Locator:
    return tab.page.locator("#text")


def type_code(tab: Tab, code: str) -> None:
    tab.page.get_by_label("Code on the big screen").fill(code.lower())
    big(tab).tap()


def choose(tab: Tab, machine: str) -> None:
    tab.page.get_by_role("radio", name=machine).check(force=True)


def open_round(lab: Lab, seconds: float | None = None) -> str:
    return str(lab.ask("/api/round/open", {"seconds": seconds} if seconds else {})["id"])


def ballot(round_id: str, machine: str) -> str:
    return f'vote {{"round":"{round_id}","machine":"{machine}"}}'


def test_it_waits_votes_once_and_says_who_leads(lab: Lab, join: Callable[..., Tab]) -> None:
    phone = join()
    expect(says(phone)).to_contain_text("Wait for the presenter to open the next round.")
    expect(big(phone)).to_be_disabled()
    phone.accessible()
    round_id = open_round(lab, 600)
    expect(phone.page.get_by_role("group", name="Which machine?")).to_be_visible()
    expect(big(phone)).to_be_disabled()
    expect(phone.page.get_by_text("Closes in")).to_be_visible()
    phone.accessible()
    choose(phone, "node3")
    expect(big(phone)).to_be_enabled()
    phone.accessible()
    big(phone).dblclick(no_wait_after=True)
    expect(big(phone)).to_contain_text("Voted")
    expect(says(phone)).to_contain_text("1 vote so far. node3 leads.")
    phone.still(ballot(round_id, "node3"))
    assert lab.round()["tally"]["node3"] == 1
    phone.accessible()


def test_two_phones_see_what_became_of_their_votes(lab: Lab, join: Callable[..., Tab]) -> None:
    first, second, third = join(), join(), join()
    open_round(lab)
    for phone, machine in ((first, "node3"), (second, "node3"), (third, "node1")):
        choose(phone, machine)
        big(phone).tap()
        expect(big(phone)).to_contain_text("Voted")
    assert lab.round()["entered"] == 3
    lab.ask("/api/round/execute", {})
    expect(big(first)).to_contain_text("YOU")
    expect(big(third)).to_contain_text("was chosen")
    first.accessible()
    third.accessible()
    expect(says(first)).to_contain_text(
        re.compile(r"You killed node3\. It took Kubernetes (\d+\.\d to )?\d+\.\d s to recover\.")
    )
    expect(says(third)).to_contain_text(
        re.compile(r"node3 was killed\. It took Kubernetes (\d+\.\d to )?\d+\.\d s to recover\.")
    )
    first.accessible()
    third.accessible()


def test_a_reload_and_lost_cookies_are_no_second_vote_and_need_no_code(
    lab: Lab, join: Callable[..., Tab]
) -> None:
    phone = join()
    round_id = open_round(lab)
    choose(phone, "node2")
    big(phone).tap()
    expect(big(phone)).to_contain_text("Voted")
    assert phone.page.context.cookies() == []  # the proof is in the page's storage
    phone.page.reload()
    expect(big(phone)).to_contain_text("Voted")
    assert lab.round()["entered"] == 1
    assert phone.changes.count(ballot(round_id, "node2")) == 1


def test_without_the_proof_of_its_seat_a_phone_shows_again_that_it_is_in_the_room(
    lab: Lab, join: Callable[..., Tab]
) -> None:
    phone = join()
    open_round(lab)
    choose(phone, "node2")
    big(phone).tap()
    expect(big(phone)).to_contain_text("Voted")
    phone.page.evaluate("localStorage.removeItem('proof')")
    phone.page.reload()
    type_code(phone, lab.code())
    expect(big(phone)).to_contain_text("Voted")
    assert lab.round()["entered"] == 1


def test_a_phone_that_reconnects_keeps_its_vote(lab: Lab, open_tab: Callable[..., Tab]) -> None:
    sockets: list[WebSocketRoute] = []
    away = False

    def handle(socket: WebSocketRoute) -> None:
        if away:
            socket.close()
        else:
            sockets.append(socket)
            socket.connect_to_server()

    def before(page: Page) -> None:
        page.route_web_socket("**/ws/play", handle)

    round_id = open_round(lab)
    phone = open_tab(f"{lab.url}/j/{lab.code()}", before=before, **PHONE)
    choose(phone, "node5")
    big(phone).tap()
    expect(big(phone)).to_contain_text("Voted")
    away = True
    sockets[-1].close()
    expect(phone.page.get_by_text("Your vote is kept.")).to_be_visible()
    phone.accessible()
    away = False
    expect(phone.page.get_by_text("connected", exact=True)).to_be_visible()
    expect(big(phone)).to_contain_text("Voted")
    assert phone.changes.count(ballot(round_id, "node5")) == 1


def test_a_machine_that_is_down_cannot_be_chosen(lab: Lab, join: Callable[..., Tab]) -> None:
    phone = join()
    lab.ask("/kill/node4?for=200")
    open_round(lab)
    expect(phone.page.get_by_role("radio", name="node4 off")).to_be_disabled()
    expect(phone.page.get_by_role("radio", name="node2")).to_be_enabled()


def test_a_closed_round_says_so(lab: Lab, join: Callable[..., Tab]) -> None:
    phone = join()
    open_round(lab)
    choose(phone, "node2")
    lab.ask("/api/round/close")
    expect(big(phone)).to_contain_text("Closed")
    expect(big(phone)).to_be_disabled()
    expect(says(phone)).to_contain_text("You did not vote this time.")
    phone.accessible()
    phone.still()


@pytest.mark.parametrize("size", [(320, 568), (360, 640), (430, 932), (844, 390)], ids=str)
def test_nothing_is_cut_off_and_everything_is_large_enough(
    lab: Lab,
    join: Callable[..., Tab],
    size: tuple[int, int],
) -> None:
    phone = join(viewport={"width": size[0], "height": size[1]})
    open_round(lab)
    choose(phone, "node2")
    assert phone.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    box = sure(big(phone).bounding_box())
    assert box["width"] > 280
    assert box["height"] > 180
    assert box["y"] + box["height"] <= size[1]
    assert phone.page.evaluate(HIDDEN) <= 0
    for radio in phone.page.get_by_role("radio").all():
        box = sure(radio.bounding_box())
        assert min(box["width"], box["height"]) >= 44
    phone.accessible()
    big(phone).tap()
    expect(big(phone)).to_contain_text("Voted")
    lab.ask("/api/round/execute", {})
    expect(big(phone)).to_contain_text("YOU")
    assert phone.page.evaluate(HIDDEN) <= 0
    expect(says(phone)).to_contain_text("You killed node2")
    assert phone.page.evaluate(HIDDEN) <= 0


@pytest.mark.parametrize("size", [(320, 568), (844, 390)], ids=str)
def test_a_bet_is_placed_on_any_phone(
    lab: Lab,
    join: Callable[..., Tab],
    size: tuple[int, int],
) -> None:
    phone = join(viewport={"width": size[0], "height": size[1]})
    lab.ask("/api/round/open", {"mode": "bet", "machine": "node2"})
    phone.page.get_by_label("How many seconds").fill("13.5")
    big(phone).tap()
    expect(big(phone)).to_contain_text("is your guess")
    wide = "document.documentElement.scrollWidth - innerWidth"
    assert phone.page.evaluate(wide) <= 0


def test_a_refusal_is_told_in_words_for_the_hall(lab: Lab, join: Callable[..., Tab]) -> None:
    phone = join()
    lab.ask("/api/round/open", {"mode": "free", "approve": False})
    choose(phone, "node4")
    lab.ask("/halt")
    big(phone).tap()
    expect(phone.page.get_by_role("alert")).to_have_text(
        "HALT is active. Wait until cuts are allowed again."
    )
    phone.accessible()


def test_it_uses_nothing_that_plain_http_on_a_hall_network_lacks(
    lab: Lab,
    join: Callable[..., Tab],
) -> None:
    phone = join()
    loaded = phone.page.evaluate("performance.getEntriesByType('resource').map(one => one.name)")
    assert all(name.startswith(lab.url) for name in loaded)
    assert not [name for name in loaded if name.endswith((".woff2", ".woff"))]


def test_it_is_small() -> None:
    pages = Path(chaosmonkey.api.__file__).parent / "pages"
    page = (pages / "phone.html").read_text(encoding="utf-8")
    scripts = set(re.findall(r'(?:src|href)="/(assets/[^"]+\.js)"', page))
    text = {name: (pages / name).read_bytes() for name in scripts}
    assert sum(len(gzip.compress(script)) for script in text.values()) < LARGEST_SCRIPT
    for lacking in (b"randomUUID", b"crypto.subtle", b"serviceWorker", b"wakeLock", b"clipboard"):
        assert not any(lacking in script for script in text.values())
