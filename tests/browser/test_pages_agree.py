"""Stage and console of invented tables: one order, one truth, nothing live that is not heard."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser import invented, static
from tests.browser.invented import NOW, feed, machine, outage, round_, snapshot

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route, WebSocketRoute

    from tests.browser._pages import Tab

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import expect

from tests.browser.pace import let_pass

pytest_plugins = ["tests.browser._pages"]
pytestmark = pytest.mark.browser

HALL = {"width": 1920, "height": 1080}
LAPTOP = {"width": 1280, "height": 800}
SIGNED_OUT = 4401


def placed(*names: str, **changes: dict[str, Any]) -> dict[str, Any]:
    """Machines in the places of a configuration."""
    return {
        name: machine(name, place=at, **changes.get(name, {})) for at, name in enumerate(names, 1)
    }


class Server:
    """A server that says one thing; each of its websockets is the test's to close."""

    def __init__(self, message: dict[str, Any]) -> None:
        self.sockets: list[WebSocketRoute] = []
        self._said = json.dumps(message)
        self._dead = False

    def __call__(self, page: Page) -> None:
        static.serve(page)
        page.route_web_socket("**/ws?*", self._hear)

    def _hear(self, socket: WebSocketRoute) -> None:
        self.sockets.append(socket)
        if self._dead:
            socket.close(code=1011)
        else:
            socket.send(self._said)

    def die(self, code: int = 1011) -> None:
        self._dead = True
        self.sockets[-1].close(code=code)


@pytest.fixture
def show(open_tab: Callable[..., Tab]) -> Callable[..., tuple[Tab, Server]]:
    def show_one(path: str, message: dict[str, Any]) -> tuple[Tab, Server]:
        server = Server(message)
        view = LAPTOP if path == "/console" else HALL
        tab = open_tab(static.ORIGIN + path, before=server, viewport=view)
        return tab, server

    return show_one


Show = Callable[..., tuple["Tab", Server]]


def test_the_stage_the_console_and_its_digits_have_the_configurations_order(show: Show) -> None:
    names = ("rack-b", "node10", "rack-a", "node2")
    table = snapshot(machines=dict(reversed(placed(*names).items())), pods={})
    stage, _ = show("/", table)
    expect(stage.page.locator(".machine h2 .name")).to_have_text(list(names))
    console, _ = show("/console", table)
    expect(console.page.get_by_role("article")).to_have_count(4)
    cards = console.page.get_by_role("article").all()
    assert [card.get_attribute("aria-label") for card in cards] == list(names)
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.abort()

    console.page.route("**/kill/**", refuse)
    console.page.keyboard.press("1")
    console.eventually(lambda: asked)
    assert "/kill/rack-b?" in asked[0]


STARTED = outage("node3", t0=NOW - 4)


def test_a_server_that_dies_leaves_a_grey_stage_whose_stopwatch_does_not_jump(show: Show) -> None:
    stage, server = show("/", snapshot(outages={"o": STARTED}))
    watch = stage.page.locator(".watch span").last
    stage.eventually(lambda: float(watch.inner_text()) > 5)
    before = float(watch.inner_text())
    server.die()
    expect(stage.page.get_by_text("NOT CONNECTED", exact=True)).to_be_visible()
    let_pass(stage.page, 300)  # it is looked at ten times a second
    stopped = float(watch.inner_text())
    assert stopped >= before
    let_pass(stage.page, 500)
    assert float(watch.inner_text()) == stopped
    expect(stage.page.get_by_text("ARMED", exact=True)).to_have_count(0)
    assert "grayscale(1)" in filter_of(stage, ".scene")


@pytest.mark.parametrize("scene", ["tally", "result", "qr"])
def test_in_every_scene_it_is_said_and_greyed_that_the_server_is_not_heard(
    show: Show, scene: str
) -> None:
    told = snapshot(show={"scene": scene}, rounds={"round": round_()}, outages={"o": STARTED})
    stage, server = show("/", told)
    expect(stage.page.locator(f"main[data-scene={scene}]")).to_be_visible()
    assert filter_of(stage, ".scene") == "none"
    server.die()
    expect(stage.page.get_by_text("NOT CONNECTED", exact=True)).to_be_visible()
    assert "grayscale(1)" in filter_of(stage, ".scene")


def test_a_console_that_hears_nothing_is_grey_and_not_armed(show: Show) -> None:
    console, server = show("/console", snapshot(outages={"o": STARTED}))
    expect(console.page.get_by_role("switch")).to_contain_text("ARMED")
    server.die()
    expect(console.page.get_by_text("NOT CONNECTED", exact=True)).to_be_visible()
    expect(console.page.get_by_role("switch")).to_contain_text("Unknown")
    expect(console.page.locator("header [role=status]")).to_contain_text("this page is not live")
    assert "grayscale(1)" in filter_of(console, ".work")
    console.accessible()


def test_a_console_whose_session_has_ended_says_so_without_a_key_press(show: Show) -> None:
    console, server = show("/console", snapshot())
    expect(console.page.get_by_text("LIVE", exact=True)).to_be_visible()
    server.die(SIGNED_OUT)
    expect(console.page.get_by_text("SIGNED OUT", exact=True)).to_be_visible()
    expect(console.page.get_by_role("link", name="Sign in")).to_be_visible()
    console.accessible()


def filter_of(tab: Tab, place: str) -> str:
    return str(tab.page.eval_on_selector(place, "one => getComputedStyle(one).filter"))


def test_the_console_shows_pods_as_they_are_whatever_kubernetes_believes(show: Show) -> None:
    off = feed("off", stage="cut", restore_by=NOW + 40)
    pods = invented.pods(3, 4)
    for pod in pods.values():
        pod["state"] = "unreachable" if pod["node"] == "node1" else "ready"
    told = snapshot(
        machines=placed(
            "node1", "node2", "node3", node1={"network": off, "ready": "Unknown"},
            node2={"power": off},
        ),
        pods=pods,
        outages={"a": outage("node1", feed="network"), "b": outage("node2")},
    )  # fmt: skip
    console, _ = show("/console", told)
    for name, looks, word in (
        ("node1", "cutoff", "running, unreachable"),
        ("node2", "lost", "lost"),
        ("node3", "ready", "ready"),
    ):
        card = console.page.get_by_role("article", name=name, exact=True)
        expect(card.locator(f".pods button.{looks}")).to_have_count(4)
        assert str(card.locator(".pods button").first.get_attribute("title")).endswith(word)
    console.accessible()


def test_what_a_rule_refuses_is_not_bright_and_says_why(show: Show) -> None:
    refused = {"rule": "max-off", "word": "too many off", "until": None}
    power = feed(refused=refused)
    told = snapshot(machines=placed("node1", "node2", node1={"power": power}), pods={})
    console, _ = show("/console", told)
    button = console.page.get_by_role("article", name="node1").get_by_role(
        "button", name="Too many off"
    )
    expect(button).to_be_disabled()
    expect(console.page.get_by_role("button", name="Cut power")).to_have_count(1)


def test_an_outage_that_was_aborted_is_no_good_news_and_says_why(show: Show) -> None:
    aborted = outage(
        "node3", open=False, outcome="aborted", phase=None, interrupted="the server was restarted"
    )
    console, _ = show("/console", snapshot(outages={"o": aborted}))
    box = console.page.get_by_role("region", name="node3: power cut")
    expect(box.locator(".tag.bad")).to_have_text("aborted")
    expect(box).to_contain_text("Only partly measured: the server was restarted")
    stage, _ = show("/", snapshot(outages={"o": aborted | {"outcome": "unnoticed"}}))
    cross = "M5 5l14 14M19 5L5 19"
    steps = stage.page.locator("aside li.skipped")
    expect(steps).to_have_count(4)
    assert cross not in steps.first.inner_html()


def test_a_dead_supply_leaves_the_plugs_in_their_sockets(show: Show) -> None:
    dark = {"power": feed(sensed="off", finding="No power arrives."), "ready": "Unknown"}
    told = snapshot(
        machines=placed("node1", "node2", node1=dark),
        outages={"o": outage("node1", origin="observed", clocked="sensor", cause="supply")},
    )
    stage, _ = show("/", told)
    plug = stage.page.locator(".machine", has_text="node1").locator("svg.power")
    expect(plug).to_have_class(re.compile(r"\bdead\b"))


def test_the_bars_of_a_result_are_as_long_as_their_times(show: Show) -> None:
    phases = {"detect": 7.0, "evict": 0.0, "reschedule": 1.0, "ready": 2.0}
    done = outage(
        "node3", open=False, outcome="recovered", recovery_seconds=10.0, phase=None, phases=phases
    )
    stage, _ = show("/", snapshot(outages={"o": done}, show={"scene": "result"}))
    expect(stage.page.locator(".phases li")).to_have_count(4)
    wide = stage.page.eval_on_selector_all(
        ".phases i i", "all => all.map(one => one.getBoundingClientRect().width)"
    )
    assert [round(one / wide[0] * 7, 1) for one in wide] == [7.0, 0.0, 1.0, 2.0]


def test_after_a_draw_only_the_one_that_was_drawn_is_marked(show: Show) -> None:
    tie = round_(leaders=["node2", "node4"], electable=["node2", "node4"])
    stage, _ = show("/", snapshot(show={"scene": "tally"}, rounds={"round": tie}))
    expect(stage.page.locator("li.leads")).to_have_count(2)
    drawn = tie | {"picked": "node4", "state": "closed", "seed": "ab" * 16}
    stage, _ = show("/", snapshot(show={"scene": "tally"}, rounds={"round": drawn}))
    expect(stage.page.locator("li.leads")).to_have_count(1)
    expect(stage.page.locator("li.leads .name")).to_contain_text("node4")


LONG = [f"raspberrypi-cluster-rack-{number}" for number in range(1, 6)]

READABLE_ENDS = """
(selector) => [...document.querySelectorAll(selector)].filter(one => {
  const tail = one.querySelector('.tail');
  return tail !== null && tail.scrollWidth <= tail.clientWidth + 1
    && tail.getBoundingClientRect().right <= one.getBoundingClientRect().right + 1;
}).map(one => one.querySelector('.tail').textContent)
"""


@pytest.mark.parametrize(
    ("path", "scene", "names"),
    [
        ("/", "board", ".machine .name"),
        ("/", "tally", "li .name"),
        ("/console", "board", "article .name"),
    ],
)
def test_names_that_differ_at_their_end_do_so_on_every_page(
    show: Show, path: str, scene: str, names: str
) -> None:
    told = snapshot(
        machines=placed(*LONG), pods={}, show={"scene": scene},
        rounds={"round": round_(choices=LONG, tally=dict.fromkeys(LONG, 1))},
    )  # fmt: skip
    tab, _ = show(path, told)
    expect(tab.page.locator(names)).to_have_count(5)
    tab.eventually(lambda: len(tab.page.evaluate(READABLE_ENDS, names)) == 5)
    assert len(set(tab.page.evaluate(READABLE_ENDS, names))) == 5
    expect(tab.page.locator(f"{names} [title]").first).to_have_attribute("title", LONG[0])


def test_keys_of_the_stage_work_with_caps_lock_and_shift(show: Show) -> None:
    stage, _ = show("/", snapshot())
    expect(stage.page.get_by_text("LIVE", exact=True)).to_be_visible()
    stage.page.route("**/api/show", lambda route: route.fulfill(json={"scene": "board"}))
    for key in ("B", "Shift+L", "Q"):
        stage.page.keyboard.press(key)
    stage.changed(
        'POST /api/show {"blank":true}',
        'POST /api/show {"light":true}',
        'POST /api/show {"scene":"qr"}',
    )


def test_another_service_is_not_shown_without_a_word(show: Show) -> None:
    calm = invented.service(9, 9, name="big", history=[[NOW - 600, 9, 9]])
    small = invented.service(3, 3, name="small", history=[[NOW - 600, 3, 3]])
    stage, server = show("/", snapshot(services={"shop/big": calm, "shop/small": small}))
    strip = stage.page.get_by_role("region", name="Endpoints that are Ready")
    expect(strip).to_contain_text("big 9 of 9")
    hit = small | {"ready": 1, "history": [[NOW - 600, 3, 3], [NOW, 1, 3]]}
    server.sockets[-1].send(json.dumps(invented.delta(2, services={"shop/small": hit})))
    expect(strip).to_contain_text("small 1 of 3")
    expect(strip).to_contain_text("in the last 60 s, small lost more than big")
