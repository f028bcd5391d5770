"""The console in every state that a show can bring: usable for anybody, and whole on a tablet."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser import invented, static
from tests.browser.invented import (
    NOW,
    displaced,
    feed,
    machine,
    outage,
    pod,
    round_,
    snapshot,
    turn,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page, ViewportSize

    from tests.browser._pages import Lab, Tab

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import expect

from tests.browser.pace import come_to_rest
from tests.sure import sure

pytest_plugins = ["tests.browser._pages"]
pytestmark = pytest.mark.browser

TABLET: ViewportSize = {"width": 1024, "height": 768}
OFF = feed("off", stage="cut", restore_by=NOW + 40)
LOST = {"rule": "dark", "word": "feed lost", "until": None}
PULLED = machine(
    "node3",
    ready="Unknown",
    power=feed(sensed="off", finding="No power arrives.", refused=LOST),
)
SHELF = {f"node{n}": machine(f"node{n}") for n in range(1, 6)}
MASTER = {"master": machine("master", power=None, network=None, control_plane=True,
                            guarded="control plane")}  # fmt: skip
ASKING = turn(7, stage="asking", machine="node4", name="Annalena Wolfram")
RUNNING = {
    "o": outage("node3", phase="evict", phases={"detect": 7.1},
                pods=[displaced("a", evicts_at=NOW + 214)])
}  # fmt: skip

BY_HAND = {
    "origin": "observed",
    "cause": "hand",
    "telling": invented.telling(
        "node3", who="Not cut by chaosmonkey: probably a pulled or loose cable."
    ),
}

STATES: dict[str, tuple[dict[str, Any], str]] = {
    "calm": (snapshot(machines=SHELF | MASTER), "Armed: a digit cuts"),
    "safe": (snapshot(show={"armed_until": None}), "press to arm"),
    "halted": (snapshot(show={"armed_until": None, "halted": NOW - 5}), "Release HALT"),
    "no machines": (snapshot(machines={}, pods={}, services={}), "No machines yet."),
    "stale": (snapshot(cluster={"stale_since": NOW - 23, "why": "It refused."}), "STALE"),
    "an outage": (
        snapshot(machines=SHELF | MASTER | {"node3": machine("node3", power=OFF, ready="Unknown")},
                 outages=RUNNING),
        "Kubernetes should evict its pods in about",
    ),
    "a pulled cable": (
        snapshot(machines=SHELF | MASTER | {"node3": PULLED},
                 pods=invented.pods(5, 6),
                 outages={"o": RUNNING["o"] | BY_HAND}),
        "a pulled or loose cable",
    ),
    "no network": (
        snapshot(machines=SHELF | {"node3": machine("node3", network=OFF)}),
        "still Ready",
    ),
    "trouble": (
        snapshot(
            machines=SHELF
            | {
                "node1": machine("node1", power=feed("off", stage="stuck", trouble="It is stuck.")),
                "node2": machine("node2", power=feed("unknown")),
                "node3": machine("node3", ready=None),
                "node4": machine("node4", cordoned=True),
                "node5": machine("node5", power=feed(sensed="off", finding="It is on, but dark.")),
            }
        ),
        "power stuck",
    ),
    "no room": (
        snapshot(pods=invented.pods(5, 6) | {"a": pod("a", None, state="pending", reason="No.")}),
        "Unscheduled:",
    ),
    "many": (
        snapshot(machines={f"node{n}": machine(f"node{n}") for n in range(1, 13)},
                 pods=invented.pods(12, 20)),
        "node12",
    ),
    "a vote": (snapshot(rounds={"round": round_()}), "Close vote"),
    "a press that waits": (
        snapshot(rounds={"round": round_("queue", turn=ASKING, called=7, waiting=3)}),
        "Veto",
    ),
    "a draw": (
        snapshot(rounds={"round": round_("raffle", state="closed", turn=turn(3), seed="ab" * 16)}),
        "Draw again",
    ),
    "a bet": (snapshot(rounds={"round": round_("bet")}), "Close bet"),
}  # fmt: skip

IN_A_SHOW = set(STATES) - {"many", "trouble", "no room"}
"""Those that nobody may have to scroll in."""


@pytest.fixture
def told(open_tab: Callable[..., Tab]) -> Callable[..., Tab]:
    """Opens the console of a server that says one thing."""

    def open_one(message: dict[str, Any] | None, **options: Any) -> Tab:
        def before(page: Page) -> None:
            static.serve(page)
            said = json.dumps(message)
            heard = "**/ws?role=console"
            page.route_web_socket(heard, lambda one: one.send(said) if message else None)

        return open_tab(f"{static.ORIGIN}/console", before=before, **options)

    return open_one


@pytest.mark.parametrize("light", [False, True], ids=["dark", "light"])
@pytest.mark.parametrize("name", STATES)
def test_anybody_can_use_it_on_a_tablet(told: Callable[..., Tab], name: str, light: bool) -> None:
    message, text = STATES[name]
    message["state"]["show"]["show"]["light"] = light
    tab = told(message, viewport=TABLET)
    expect(tab.page.get_by_text(text).first).to_be_visible()
    tab.accessible()
    hidden = "[document.documentElement.scrollWidth - innerWidth, " \
        "document.documentElement.scrollHeight - innerHeight]"  # fmt: skip
    beside, below = tab.page.evaluate(hidden)
    assert beside <= 0
    if name in IN_A_SHOW:
        assert below <= 0


def test_before_the_first_word_of_the_server_it_says_so(told: Callable[..., Tab]) -> None:
    tab = told(None, viewport=TABLET)
    expect(tab.page.get_by_text("CONNECTING", exact=True)).to_be_visible()
    expect(tab.page.get_by_text("Waiting for the cluster")).to_be_visible()
    expect(tab.page.get_by_role("button", name="HALT")).to_be_enabled()
    tab.accessible()


def test_arming_moves_nothing_else(told: Callable[..., Tab]) -> None:
    places = set()
    for name in ("safe", "calm", "halted"):
        tab = told(STATES[name][0], viewport=TABLET)
        expect(tab.page.get_by_text(STATES[name][1]).first).to_be_visible()
        come_to_rest(tab.page)
        power = tab.page.get_by_role("button", name="Power", exact=True)
        places.add(sure(power.bounding_box())["x"])
    assert len(places) == 1


@pytest.mark.parametrize("light", [False, True], ids=["dark", "light"])
def test_everything_in_front_is_accessible(lab: Lab, console: Tab, light: bool) -> None:
    lab.ask("/api/show", {"light": light})
    console.page.set_viewport_size(TABLET)
    for name, title in (("All keys", "All keys"), ("Preflight", "Preflight"),
                        ("Panel", "Simulated panel")):  # fmt: skip
        console.page.get_by_role("button", name=name).click()
        dialog = console.page.get_by_role("dialog", name=title)
        expect(dialog.get_by_role("heading", name=title)).to_be_visible()
        halt = sure(console.page.get_by_role("button", name="HALT").bounding_box())
        box = sure(dialog.bounding_box())
        assert halt["y"] + halt["height"] <= box["y"], "HALT stays in sight"
        assert box["y"] + box["height"] <= TABLET["height"]
        console.accessible()
        console.page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
