"""A closer look from the console, and what it says when it cannot be believed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page, WebSocketRoute

    from tests.browser._pages import Lab, Tab

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import expect

from tests.sure import sure

pytest_plugins = ["tests.browser._pages"]
pytestmark = pytest.mark.browser

SIZE = {"width": 1280, "height": 800}


def card(tab: Tab, name: str) -> Locator:
    return tab.page.get_by_role("article", name=name, exact=True)


def status(tab: Tab) -> Locator:
    return tab.page.locator("header [role=status]")


def test_a_pod_is_looked_at_read_and_deleted_after_a_question(lab: Lab, console: Tab) -> None:
    tile = card(console, "node1").get_by_role("button", name="Pod storefront").first
    name = sure(tile.get_attribute("aria-label")).split()[1].rstrip(",")
    tile.click()
    panel = console.page.get_by_role("complementary")
    expect(panel.get_by_role("heading", level=2)).to_be_focused()
    for text in (name, "Containers", "Events", "Conditions", "app=storefront", "restart"):
        expect(panel).to_contain_text(text)
    console.page.keyboard.press("l")
    expect(panel.get_by_role("region", name="Log of")).to_contain_text("INFO")
    console.page.keyboard.press("d")
    expect(panel).to_contain_text(f"Pod shop/{name}")
    console.accessible()

    console.page.keyboard.press("x")
    question = console.page.get_by_role("dialog", name="Delete this pod?")
    expect(question.get_by_role("button", name="Keep it")).to_be_focused()
    console.accessible()
    console.page.keyboard.press("Enter")
    expect(question).to_have_count(0)
    console.still()
    console.page.keyboard.press("x")
    question.get_by_role("button", name="Delete the pod").click()
    console.eventually(lambda: console.changes)
    (deletion,) = console.changes
    assert deletion.startswith(f"DELETE /api/pods/shop/{name}?uid=")
    expect(status(console)).to_contain_text(f"{name} is deleted")
    console.eventually(lambda: name not in {pod["name"] for pod in lab.state()["pods"].values()})
    console.page.keyboard.press("Escape")
    expect(panel).to_have_count(0)


def test_the_focus_returns_to_what_opened_the_panel(console: Tab) -> None:
    opener = card(console, "node4").get_by_role("button", name="Inspect node4")
    opener.focus()
    console.page.keyboard.press("Enter")
    panel = console.page.get_by_role("complementary")
    expect(panel).to_contain_text("KubeletReady")
    panel.get_by_role("button", name="Pod cart").click()
    expect(panel).to_contain_text("Containers")
    console.page.keyboard.press("Escape")
    expect(opener).to_be_focused()
    console.page.get_by_role("button", name="Inspect Deployment storefront").click()
    expect(panel).to_contain_text("Wanted")
    expect(panel.get_by_role("button", name="Pod storefront")).to_have_count(10)


@pytest.mark.parametrize(
    ("light", "size"), [(False, (1280, 800)), (True, (1024, 768))], ids=["dark", "light"]
)
def test_it_is_accessible_with_everything_open(
    lab: Lab,
    console: Tab,
    light: bool,
    size: tuple[int, int],
) -> None:
    lab.ask("/api/show", {"light": light})
    lab.ask("/api/round/open", {})
    lab.vote(3, "node2")
    lab.ask("/kill/node3")
    console.page.set_viewport_size({"width": size[0], "height": size[1]})
    expect(card(console, "node3")).to_contain_text("no power")
    console.page.keyboard.press("2")
    expect(status(console)).to_contain_text("At most 1")
    console.accessible()
    small = console.page.locator("button:visible").evaluate_all(
        "all => all.map(one => [one.ariaLabel ?? one.innerText, one.getBoundingClientRect()])"
        ".filter(([, box]) => box.width < 44 || box.height < 44).map(([name]) => name)"
    )
    assert small == []
    assert console.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    console.page.keyboard.press("?")
    console.accessible()
    console.page.keyboard.press("Escape")
    card(console, "node1").get_by_role("button", name="Inspect node1").click()
    panel = console.page.get_by_role("complementary")
    expect(panel).to_contain_text("Labels")
    header = sure(console.page.get_by_role("banner").bounding_box())
    shown = sure(panel.bounding_box())
    assert header["y"] + header["height"] <= shown["y"]
    assert shown["y"] + shown["height"] <= size[1]
    console.accessible()
    halt = console.page.get_by_role("button", name="HALT")
    halt.click()
    expect(status(console)).to_contain_text("HALT")


def test_it_says_since_when_the_cluster_is_not_seen(lab: Lab, open_tab: Callable[..., Tab]) -> None:
    seen = lab.state()
    at = seen["show"]["show"]["armed_until"] - 300
    seen["cluster"]["cluster"] |= {"stale_since": at - 14, "why": "connection refused"}
    snapshot = {"type": "snapshot", "protocol": 1, "seq": 1, "at": at, "state": seen}

    def before(page: Page) -> None:
        page.route_web_socket("**/ws?role=console", lambda one: one.send(json.dumps(snapshot)))

    tab = open_tab(f"{lab.url}/console", viewport=SIZE, before=before)
    expect(tab.page.get_by_text("STALE", exact=True)).to_be_visible()
    expect(tab.page.get_by_text("Lost contact with the cluster 1")).to_contain_text(
        "connection refused"
    )
    expect(tab.page.get_by_text("Cuts are refused until it answers.").first).to_be_visible()
    tab.accessible()


def test_it_says_when_the_server_is_gone_and_takes_up_again(
    lab: Lab, open_tab: Callable[..., Tab]
) -> None:
    through: list[WebSocketRoute | None] = []

    def before(page: Page) -> None:
        def handle(socket: WebSocketRoute) -> None:
            if through and through[-1] is None:
                socket.close()
            else:
                through.append(socket)
                socket.connect_to_server()

        page.route_web_socket("**/ws?role=console", handle)

    tab = open_tab(f"{lab.url}/console", viewport=SIZE, before=before)
    expect(tab.page.get_by_text("LIVE", exact=True)).to_be_visible()
    gone = sure(through[-1])
    through.append(None)
    gone.close()
    expect(tab.page.get_by_text("NOT CONNECTED", exact=True)).to_be_visible()
    expect(card(tab, "node1").get_by_role("button", name="Not connected")).to_be_disabled()
    expect(tab.page.get_by_role("button", name="HALT")).to_be_enabled()
    tab.accessible()
    through.pop()
    expect(tab.page.get_by_text("LIVE", exact=True)).to_be_visible()
    expect(card(tab, "node1").get_by_role("button", name="Cut power")).to_be_enabled()
