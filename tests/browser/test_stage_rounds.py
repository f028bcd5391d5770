"""The scene about the round, at moments of every kind of round that nobody has to wait for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.conftest import Open
from tests.browser.invented import NOW, outage, round_, snapshot, turn

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import expect

from tests.browser.pace import let_pass
from tests.browser.static import hear
from tests.browser.test_stage_moments import TOO_WIDE

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

TWO_FRAMES = (
    "new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(() => drawn(null))))"
)
"""What a page needs to follow a new size."""

SEED = "bd48090746ed59c39be8f236af591d48"
LONG = (
    "Ticket 1841 did it: node3 lost its power. The queue waits. Off now: node3. "
    "At most 1 may be off at once."
)
BET = {
    "low": 4.0,
    "middle": 14.0,
    "high": 900.0,
    "best": [
        {"ticket": 17, "tag": "abcdef", "name": "Annalena Wolfram", "seconds": 12.5, "off": 0.1},
        {"ticket": 1204, "tag": "abcdee", "name": "", "seconds": 12.0, "off": 0.4},
        {"ticket": 3, "tag": "abcded", "name": "", "seconds": 13.0, "off": 0.6},
    ],
    "offs": [0.1, 0.4, 0.6],
}
CUT = {"stage": "cut", "machine": "node3", "outage": "20270115-080000-node3"}
PAST = [
    turn(1, stage="vetoed", machine="node2", since=NOW - 50),
    turn(2, stage="absent", since=NOW - 40),
    turn(3, name="Annalena Wolfram", since=NOW - 30, **CUT | {"stage": "done"}),
    turn(4, stage="refused", machine="node4", why="A rule.", since=NOW - 20),
    turn(5, stage="unanswered", machine="node1", since=NOW - 15),
]

MOMENTS: dict[str, tuple[dict[str, Any], str]] = {
    "a vote that knows no leader yet": (round_(tally=dict.fromkeys(["node1"], 0)), "closes in"),
    "a tie": (round_(electable=["node4", "node5"]), "Verifiable draw"),
    "a drawn tie": (
        round_(electable=["node4", "node5"], picked="node4", seed=SEED, state="closed"),
        SEED,
    ),
    "a leader that is away": (round_(barred={"node5": "not in the cluster"}), "not in the cluster"),
    "a raffle": (round_("raffle", entered=1841), "1841"),
    "a raffle that was drawn": (
        round_("raffle", state="closed", seed=SEED, turn=turn(1841), past=PAST),
        "has the button",
    ),
    "a name": (
        round_("raffle", state="closed", seed=SEED, turn=turn(7, name="Annalena Wolfram")),
        "Annalena Wolfram",
    ),
    "a press that waits": (
        round_("queue", turn=turn(7, stage="asking", machine="node3"), called=7, waiting=1800,
               entered=1807),
        "node3? The presenter decides.",
    ),
    "a queue": (
        round_("queue", says=LONG, turn=turn(1841, **CUT), called=1841, entered=1999, waiting=158,
               past=PAST, chosen="node3"),
        "and 153 more",
    ),
    "a free press": (round_("free", past=PAST, chosen="node3"), "Earlier"),
    "guesses are secret": (round_("bet", entered=812), "hidden until betting closes"),
    "guesses are told": (round_("bet", state="closed", bet=BET | {"best": []}), "middle"),
    "a bet that runs": (
        round_("bet", state="executed", bet=BET | {"best": []}, outage=CUT["outage"]),
        "middle",
    ),
    "a bet that was won": (round_("bet", state="revealed", bet=BET, seconds=12.4), "0.1 s off"),
    "a bet without a time": (
        round_("bet", state="revealed", bet=BET | {"best": [], "offs": []}),
        "No winner: no recovery time.",
    ),
    "a presenter who is away": (round_(away=True), "Waiting for the presenter."),
    "a round that was given up": (round_(state="cancelled"), "Join with your phone"),
}  # fmt: skip


def shown(open_page: Open, name: str, *, light: bool = False, **options: Any) -> Page:
    page = open_page("/?bench", **options)
    one, text = MOMENTS[name]
    show = {"scene": "tally", "light": light}
    open_outages = {CUT["outage"]: outage("node3")}
    hear(page, snapshot(show=show, rounds={"round": one}, outages=open_outages))
    expect(page.get_by_text(text).first).to_be_visible()
    page.evaluate("document.fonts.ready")
    let_pass(page, 200)  # the page's clock ticks ten times a second
    return page


@pytest.mark.parametrize("light", [False, True], ids=["dark", "light"])
@pytest.mark.parametrize("name", MOMENTS)
def test_anybody_can_read_it(open_page: Open, name: str, light: bool) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is missing")
    page = shown(open_page, name, light=light)
    found = axe.Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("name", MOMENTS)
def test_it_fits_any_projector(open_page: Open, name: str) -> None:
    page = shown(open_page, name)
    scene = page.get_by_role("region", name="The round")
    for width, height in [(1280, 720), (1024, 768), (3840, 2160), (2560, 1080)]:
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate(TWO_FRAMES)
        assert page.evaluate(TOO_WIDE) == [], (width, height)
        inside = scene.evaluate("one => one.scrollHeight <= one.clientHeight + 1")
        assert inside, (width, height)


@pytest.mark.parametrize("wifi", ["", "A hall with a long name, 5 GHz"])
def test_how_to_join_fits_any_projector(open_page: Open, wifi: str) -> None:
    for size in [(1280, 720), (1024, 768), (2560, 1080)]:
        page = open_page("/?bench", viewport={"width": size[0], "height": size[1]})
        hear(page, snapshot(show={"scene": "qr", "wifi": wifi}))
        expect(page.get_by_text("KTX4P")).to_be_visible()
        assert page.evaluate(TOO_WIDE) == []
        words = page.locator(".words").bounding_box()
        assert words is not None
        assert words["y"] >= 0
        assert words["y"] + words["height"] <= size[1]
        page.close()
