"""The stage while several things happen at once: none of them undoes what another one shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.conftest import Open
from tests.browser.invented import NOW, delta, outage, pod, pods, snapshot, telling

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from tests.browser.pace import let_pass
from tests.browser.static import hear

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

FLOWN = "document.querySelector('.flyer').getAnimations()[0].currentTime"
"""Milliseconds of the first flyer's way that are behind it."""

NEARLY_THERE = """
  const [way] = document.querySelector('.flyer').getAnimations();
  way.pause();
  way.currentTime = 899.9;
"""


def flying(open_page: Open, **options: Any) -> Page:
    """A stage on which the work of a pod of node1 is on its way to node2."""
    page = open_page("/?bench", **options)
    hear(page, snapshot())
    page.wait_for_selector(".tile")
    # A twentieth of its pace, so that it is still on its way when the test has looked.
    pace = page.context.new_cdp_session(page)
    pace.send("Animation.enable")
    pace.send("Animation.setPlaybackRate", {"playbackRate": 0.05})
    old = pods(5, 6)["1-0"]
    new = pod("1-0b", "node2", old["app"], lineage="1-0", state="starting")
    hear(page, delta(2, pods={"1-0": old | {"state": "terminating"}, "1-0b": new}))
    page.wait_for_selector(".flyer")
    page.wait_for_function(f"{FLOWN} > 0")
    return page


def test_another_pod_that_changes_does_not_send_a_flyer_back(open_page: Open) -> None:
    page = flying(open_page)
    before = page.evaluate(FLOWN)
    assert before > 0
    hear(page, delta(3, pods={"5-5": pods(5, 6)["5-5"] | {"state": "starting"}}))
    page.wait_for_selector(".tile.starting:not(.airborne)")
    assert page.evaluate(FLOWN) >= before


def test_a_window_that_is_resized_leads_a_flyer_to_where_its_tile_is_now(open_page: Open) -> None:
    page = flying(open_page)
    before = page.evaluate(FLOWN)
    page.set_viewport_size({"width": 1280, "height": 960})
    let_pass(page, 100)
    assert page.evaluate(FLOWN) >= before
    page.evaluate(NEARLY_THERE)
    flyer = page.locator(".flyer").bounding_box()
    tile = page.locator(".tile.airborne").bounding_box()
    assert flyer is not None
    assert tile is not None
    assert abs(flyer["x"] - tile["x"]) < 12
    assert abs(flyer["y"] - tile["y"]) < 12


def test_of_two_outages_at_once_it_is_said_which_one_is_measured(open_page: Open) -> None:
    page = open_page("/?bench")
    lost = {"origin": "observed", "clocked": "sensor", "cause": "hand", "t0": NOW - 2}
    lost["telling"] = telling("node5", lost="power lost")
    both = {"a": outage("node3"), "b": outage("node5", **lost)}
    hear(page, snapshot(outages=both))
    said = page.locator("aside h2")
    said.get_by_text("+1 more").wait_for()
    page.evaluate("document.fonts.ready")
    assert "node5 · power lost" in said.inner_text()
    assert said.locator("b").evaluate("one => one.scrollWidth <= one.clientWidth")
