"""The stage in a real browser, with a real demo behind it that runs ten times as fast."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import Demo, Open
from tests.patience import wait_until

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser

WATCH_FLYERS = """
() => {
  window.flown = new Set();
  new MutationObserver(() => {
    for (const one of document.querySelectorAll('.flyer')) window.flown.add(one);
  }).observe(document.body, {childList: true, subtree: true});
}
"""


def calm_stage(demo: Demo, open_page: Open) -> Page:
    demo.calm()
    page = open_page(demo.url + "/")
    expect(says(page)).to_have_text("All 30 pods ready on 5 machines.")
    return page


@pytest.fixture
def stage(demo: Demo, open_page: Open) -> Page:
    return calm_stage(demo, open_page)


def says(page: Page) -> Locator:
    return page.get_by_role("status").first


def machine(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=re.compile(f"^{name}[,:]"))


def test_a_calm_board_is_live_and_names_every_machine(stage: Page) -> None:
    expect(stage.get_by_text("LIVE", exact=True)).to_be_visible()
    for name in ("node1", "node2", "node3", "node4", "node5"):
        label = machine(stage, name).get_attribute("aria-label")
        assert label is not None
        assert "running. Kubernetes says Ready" in label
    assert "control plane" in (machine(stage, "master").get_attribute("aria-label") or "")


def test_a_cut_is_told_from_the_plug_to_the_recovery(slow_demo: Demo, open_page: Open) -> None:
    demo, stage = slow_demo, calm_stage(slow_demo, open_page)
    stage.evaluate(WATCH_FLYERS)
    demo.post("/kill/node3?for=100000")
    expect(says(stage)).to_have_text("node3 has no power. Kubernetes has not noticed yet.")
    undetected = machine(stage, "node3").get_attribute("aria-label") or ""
    assert "no power. Kubernetes still says Ready" in undetected
    assert "lost" in undetected, "its pods are gone, whatever Kubernetes believes"
    expect(stage.get_by_text("Kubernetes still says")).to_be_visible()
    expect(machine(stage, "node3")).to_have_attribute("aria-label", re.compile("NotReady"))
    expect(says(stage)).to_have_text(re.compile("^Recovered in "))

    recovered = demo.outage()
    shown = stage.locator(".watch.done").inner_text().split()[0].removesuffix("s")
    assert float(shown) == pytest.approx(recovered["recovery_seconds"], abs=0.06)
    wait_until(lambda: stage.locator(".flyer").count() == 0)
    moved = sum(one["fate"] == "moves" for one in recovered["pods"])
    assert stage.evaluate("window.flown.size") == moved
    phases = stage.locator("aside ol li b").all_inner_texts()
    assert sum(map(float, phases)) == pytest.approx(recovered["recovery_seconds"], abs=0.2)


def test_pods_that_stay_do_not_move(stage: Page, demo: Demo) -> None:
    places = """() => [...document.querySelectorAll('section.machine')].map(one =>
      [...one.querySelectorAll('.tile')].map(tile => [tile.offsetLeft, tile.offsetTop].join()))"""
    before = stage.evaluate(places)
    demo.post("/kill/node1?for=100000")
    expect(says(stage)).to_have_text(re.compile("^Recovered in "))
    after = stage.evaluate(places)
    for was, now in zip(before, after, strict=True):
        assert now[: len(was)] == was


def test_a_hand_pulls_a_plug_and_only_the_socket_knows(slow_demo: Demo, open_page: Open) -> None:
    demo, stage = slow_demo, calm_stage(slow_demo, open_page)
    plug = stage.get_by_role("switch", name="power cable of node4")
    box = plug.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    stage.mouse.move(x, y)
    stage.mouse.down()
    stage.mouse.move(x, y + 60, steps=5)
    stage.mouse.up()
    expect(says(stage)).to_have_text(
        "node4's power cable was pulled. Kubernetes does not know yet."
    )
    expect(plug).not_to_be_checked()
    assert demo.get("/bench")["machines"]["node4"]["power"]["plugged"] is False
    wait_until(lambda: demo.outage().get("machine") == "node4")
    power = demo.state["machines"]["node4"]["power"]
    assert (power["state"], power["sensed"]) == ("on", "off"), "nobody told it: a sensor saw it"
    assert (demo.outage()["origin"], demo.outage()["cause"]) == ("observed", "hand")
    expect(says(stage)).to_have_text(re.compile("^Recovered in "))

    plug.focus()
    stage.keyboard.press("Enter")
    expect(plug).to_be_checked()
    expect(machine(stage, "node4").get_by_text("STARTING")).to_be_visible()


def test_a_network_cable_is_another_plug(stage: Page, demo: Demo) -> None:
    cable = stage.get_by_role("switch", name="network cable of node2")
    cable.click()
    expect(machine(stage, "node2").get_by_text("NO NETWORK", exact=True)).to_be_visible()
    expect(machine(stage, "node2").locator(".led.on")).to_be_visible()
    assert machine(stage, "node2").locator(".tile.cutoff").count() > 0
    # No sensor watches it: it is counted from the last sign of life, and may be shorter.
    expect(stage.locator(".watch .most")).to_be_visible()
    cable.click()
    expect(cable).to_be_checked()


def test_keys_ask_the_server_so_that_every_stage_follows(
    stage: Page, demo: Demo, open_page: Open
) -> None:
    other = open_page(demo.url + "/")
    stage.keyboard.press("l")
    expect(other.locator("html")).to_have_attribute("data-theme", "light")
    stage.keyboard.press("q")
    expect(other.get_by_alt_text(re.compile("QR code"))).to_be_visible()
    stage.keyboard.press("PageDown")
    expect(other.get_by_text("No round yet")).to_be_visible()
    stage.keyboard.press(".")
    expect(other.get_by_text("The stage is dark.")).to_be_attached()
    stage.keyboard.press("b")
    stage.keyboard.press("PageDown")
    expect(other.get_by_role("region", name="Result")).to_be_visible()


def test_a_clickers_f5_and_esc_stay_with_the_browser(stage: Page, demo: Demo) -> None:
    stage.evaluate(
        "() => { window.kept = []; addEventListener('keydown', "
        "event => window.kept.push([event.key, event.defaultPrevented])); }"
    )
    stage.keyboard.press("Escape")
    assert stage.evaluate("window.kept") == [["Escape", False]]
    stage.reload()
    expect(says(stage)).to_have_text("All 30 pods ready on 5 machines.")


def test_the_server_learns_what_was_drawn(stage: Page, demo: Demo) -> None:
    demo.post("/api/show", {"light": True})
    wait_until(lambda: demo.state["show"]["show"]["stage_delay_ms"] is not None)


def test_a_server_that_dies_is_missed_and_comes_back(demo: Demo, open_page: Open) -> None:
    import os
    import signal

    from tests.e2e.conftest import children

    demo.calm()
    stage = open_page(demo.url + "/", complaining=True)
    expect(stage.get_by_text("LIVE", exact=True)).to_be_visible()

    server = next(pid for pid, line in children(demo.process.pid) if "serve" in line)
    os.kill(server, signal.SIGKILL)
    expect(stage.get_by_text("NOT CONNECTED", exact=True)).to_be_visible()
    expect(says(stage)).to_have_text(re.compile("Lost contact with the server"))
    expect(stage.get_by_text("LIVE", exact=True)).to_be_visible()
