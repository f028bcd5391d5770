"""The stage at moments that nobody has to wait for: recorded ones, and invented ones."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser import invented
from tests.browser.conftest import Open
from tests.browser.invented import NOW, delta, feed, machine, outage, pod, snapshot

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import expect

from tests.browser.static import hear

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

MOMENTS = {
    "before": ("power", 8),
    "undetected": ("power", 16),
    "not-ready": ("power", 20),
    "flying": ("power", 21.4),
    "starting": ("power", 22.3),
    "done": ("power", 26),
    "booting": ("power", 60),
    "cut-off": ("network", 10),
    "twins": ("network", 30),
    "by-hand": ("hand", 9),
    "observed": ("hand", 25),
    "qr": ("vote", 3),
    "tally": ("vote", 25),
    "result": ("vote", 90),
}

TOO_WIDE = """
() => [...document.querySelectorAll('h1, h2, h3, p, li, strong, small, .chip, .watch')]
  .filter(one => one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0
    && getComputedStyle(one).display !== 'inline' && !one.closest('.visually-hidden'))
  .map(one => `${one.tagName}.${one.className}: ${one.textContent.trim().slice(0, 60)}`)
"""

CUT_NAMES = """
() => [...document.querySelectorAll('.machine .name, .tile.named > span')]
  .filter(one => one.scrollWidth > one.clientWidth).map(one => one.textContent)
"""

CROSSED_FLAGS = """
() => {
  const strip = document.querySelector('section[aria-label="Endpoints that are Ready"] svg');
  if (strip === null) return [];
  const texts = [...strip.querySelectorAll('text')]
    .map(one => [one.textContent, one.getBoundingClientRect()]);
  const unit = strip.getBoundingClientRect().width / strip.viewBox.baseVal.width;
  const left = strip.getBoundingClientRect().left, top = strip.getBoundingClientRect().top;
  const poles = [...strip.querySelectorAll('path.flag')].flatMap(one =>
    [...one.getAttribute('d').matchAll(/M([\\d.]+) ([\\d.]+)(?:V([\\d.]+)|v([\\d.]+))/g)]
      .map(([, x, y, to, by]) => [left + x * unit, top + y * unit,
        top + (to === undefined ? +y + +by : +to) * unit]));
  const found = [];
  texts.forEach(([text, box], index) => {
    for (const [x, from, to] of poles)
      if (box.left < x && x < box.right && from < box.bottom - 8 * unit && box.top + 8 * unit < to)
        found.push(`a pole crosses ${text}`);
    for (const [other, its] of texts.slice(index + 1))
      if (box.left < its.right && its.left < box.right && Math.abs(box.top - its.top) < 8 * unit)
        found.push(`${text} covers ${other}`);
  });
  return found;
}
"""


def at(open_page: Open, name: str, **options: Any) -> Page:
    run, t = MOMENTS[name]
    page = open_page(f"/?run=/recordings/{run}.json&t={t}", **options)
    page.wait_for_selector("main")
    page.evaluate("document.fonts.ready")
    return page


def board(open_page: Open, *messages: dict[str, Any], **options: Any) -> Page:
    page = open_page("/?bench", **options)
    hear(page, *messages)
    page.wait_for_selector("header")
    return page


@pytest.mark.parametrize("name", ["undetected", "flying", "twins", "tally"])
def test_a_recorded_moment_is_the_same_picture_every_time(open_page: Open, name: str) -> None:
    first, second = (at(open_page, name).screenshot() for _ in range(2))
    assert first == second


@pytest.mark.parametrize("light", [False, True], ids=["dark", "light"])
@pytest.mark.parametrize("name", MOMENTS)
def test_anybody_can_read_it(open_page: Open, name: str, light: bool) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is missing")
    page = at(open_page, name)
    if light:
        page.evaluate("document.documentElement.dataset.theme = 'light'")
    found = axe.Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("size", [(1280, 720), (1024, 768), (3840, 2160), (2560, 1080)])
def test_it_fits_any_projector(open_page: Open, size: tuple[int, int]) -> None:
    viewport = {"width": size[0], "height": size[1]}
    for name in ("undetected", "twins", "tally", "result", "qr"):
        page = at(open_page, name, viewport=viewport)
        assert page.evaluate(TOO_WIDE) == [], name
        assert page.evaluate(CUT_NAMES) == [], name
        assert page.evaluate(CROSSED_FLAGS) == [], name
        inside = "document.documentElement.scrollWidth <= innerWidth"
        assert page.evaluate(inside), name


def test_flights_hang_in_the_air_between_ghost_and_tile(open_page: Open) -> None:
    page = at(open_page, "flying")
    assert page.locator(".flyer").count() == 5
    assert page.locator(".tile.airborne").count() == 5
    assert page.locator(".tile.ghost").count() >= 5
    running = "document.getAnimations().filter(one => one.playState === 'running').length"
    assert page.evaluate(running) == 0


def test_a_recording_of_another_site_is_not_shown(open_page: Open) -> None:
    page = open_page("/?run=http://elsewhere.test/run.json&t=1")
    expect(page.get_by_text("Recordings from another site are not shown.")).to_be_visible()


def moved(uid: str = "1-0", to: str = "node2") -> dict[str, Any]:
    """A pod of node1 is given up, and its work is taken over elsewhere."""
    old = invented.pods(5, 6)[uid]
    new = pod(f"{uid}b", to, old["app"], lineage=uid, state="starting")
    return delta(2, pods={uid: old | {"state": "terminating"}, new["uid"]: new})


def test_a_takeover_flies_and_its_tile_waits_for_it(open_page: Open) -> None:
    page = board(open_page, snapshot())
    page.wait_for_selector(".tile")
    hear(page, moved())
    expect(page.locator(".flyer")).to_have_count(1)
    expect(page.locator(".tile.airborne")).to_have_count(1)
    expect(page.locator(".flyer")).to_have_count(0)
    expect(page.locator(".tile.airborne")).to_have_count(0)
    assert page.locator(".tile.ghost").count() == 1


def test_who_wants_less_motion_sees_none(open_page: Open) -> None:
    page = board(open_page, snapshot(), reduced_motion="reduce")
    page.wait_for_selector(".tile")
    hear(page, moved())
    page.wait_for_selector(".tile.starting")
    assert page.locator(".flyer").count() == 0


def test_a_snapshot_lands_what_was_in_the_air(open_page: Open) -> None:
    page = board(open_page, snapshot())
    page.wait_for_selector(".tile")
    hear(page, moved())
    page.wait_for_selector(".flyer")
    hear(page, snapshot(seq=9))
    expect(page.locator(".flyer")).to_have_count(0)


def test_names_in_the_demo_are_read_from_the_last_row(open_page: Open) -> None:
    page = at(open_page, "undetected")
    size = "one => parseFloat(getComputedStyle(one).fontSize)"
    assert page.locator(".tile.named").first.evaluate(size) >= 27


@pytest.mark.parametrize("number", [3, 5, 7, 8, 12])
def test_no_name_is_cut_with_so_many_machines(open_page: Open, number: int) -> None:
    machines = {f"node{n}": machine(f"node{n}") for n in range(1, number + 1)}
    page = board(open_page, snapshot(machines=machines, pods=invented.pods(number, 8)))
    page.wait_for_selector(".tile")
    page.evaluate("document.fonts.ready")
    assert page.evaluate(CUT_NAMES) == []


def test_labels_of_flags_neither_cross_nor_cover_while_they_move(open_page: Open) -> None:
    for run, first, last in (("power", 0, 70), ("network", 0, 70), ("hand", 0, 30)):
        for t in range(first, last, 10):
            page = open_page(f"/?run=/recordings/{run}.json&t={t + 0.5}")
            page.wait_for_selector("main")
            page.evaluate("document.fonts.ready")
            assert page.evaluate(CROSSED_FLAGS) == [], f"{run} at {t}"
            page.close()


@pytest.mark.parametrize(
    ("each", "density"), [(6, "named"), (40, "named"), (100, "squares"), (160, "counts")]
)
def test_the_more_pods_the_less_is_told_of_each(open_page: Open, each: int, density: str) -> None:
    page = board(open_page, snapshot(pods=invented.pods(5, each)))
    shown = "named" if page.locator(".tile.named").count() else "squares"
    shown = shown if page.locator(".tile").count() else "counts"
    assert shown == density
    assert page.get_by_text(f"{each} pods", exact=True).count() == 5


TROUBLES: dict[str, tuple[dict[str, Any], str]] = {
    "no machine": (snapshot(machines={}, pods={}, services={}), "No machines are configured"),
    "no pod": (snapshot(pods={}, services={}), "no pod runs on them yet"),
    "no service": (snapshot(services={}), "No service has endpoints"),
    "stale": (
        snapshot(cluster={"stale_since": NOW - 23, "why": "The API server does not answer."}),
        "STALE for",
    ),
    "no room": (
        snapshot(pods={"a": pod("a", None, state="pending", reason="Insufficient memory")}),
        "Insufficient memory",
    ),
    "tolerated": (
        snapshot(
            outages={
                "o": outage(
                    "node3",
                    phase="evict",
                    pods=[invented.displaced("a", evicts_at=NOW + 214)],
                )
            }
        ),
        "should evict its pods in about",
    ),
    "held": (
        snapshot(outages={"o": outage("node3", phase="evict", held="one node every 10 s")}),
        "On hold: one node every 10 s",
    ),
    "unnoticed": (
        snapshot(outages={"o": outage("node3", phase=None, outcome="unnoticed", open=False)}),
        "Unnoticed: node3 was back",
    ),
    "incomplete": (
        snapshot(outages={"o": outage("node3", phase=None, outcome="incomplete", open=False)}),
        "Not everything came back",
    ),
    "aborted": (
        snapshot(
            outages={
                "o": outage(
                    "node3", phase=None, outcome="aborted", interrupted="the server was killed"
                )
            }
        ),
        "Only partly measured: the server was killed",
    ),
    "stuck": (
        snapshot(
            machines={"node1": machine("node1", power=feed("off", trouble="It does not answer."))}
        ),
        "PLUG STUCK",
    ),
    "cordoned": (
        snapshot(machines={"node1": machine("node1", cordoned=True)}),
        "cordoned",
    ),
    "no vote": (snapshot(show={"scene": "tally"}), "No round yet"),
    "no result": (snapshot(show={"scene": "result"}), "No result yet"),
    "how to join": (snapshot(show={"scene": "qr", "wifi": "A hall"}), "First join the Wi-Fi"),
    "halted": (snapshot(show={"halted": NOW - 5, "armed_until": None}), "HALT"),
    "blank": (snapshot(show={"blank": True}), "The stage is dark."),
}


@pytest.mark.parametrize("name", TROUBLES)
def test_every_trouble_says_what_it_is(open_page: Open, name: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is missing")
    message, text = TROUBLES[name]
    page = open_page("/?bench")
    hear(page, message)
    expect(page.get_by_text(text).first).to_be_attached()
    assert page.evaluate(TOO_WIDE) == []
    for theme in ("dark", "light"):
        page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
        found = axe.Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


def test_without_a_server_it_says_so(open_page: Open) -> None:
    page = open_page("/", complaining=True)
    expect(page.get_by_text("No answer from the server yet")).to_be_visible()
    expect(page.get_by_text("CONNECTING", exact=True)).to_be_visible()


def test_what_the_server_refuses_is_said_in_its_own_words(open_page: Open) -> None:
    page = board(open_page, snapshot(), complaining=True)
    page.route(
        "**/api/show",
        lambda route: route.fulfill(
            status=403,
            content_type="application/problem+json",
            body='{"detail": "A foreign page asked.", "remedy": "Use the console."}',
        ),
    )
    page.keyboard.press("q")
    expect(page.get_by_role("alert")).to_have_text("A foreign page asked. Use the console.")


def test_states_differ_without_any_colour(open_page: Open) -> None:
    """Each look of a pod has an icon of its own or a border of its own."""
    page = board(open_page, snapshot())
    drawn: dict[tuple[str, str, str], str] = {}
    for name in ("before", "undetected", "starting", "done", "cut-off", "twins"):
        page = at(open_page, name)
        for look, icon, style, hollow in page.evaluate(
            """() => [...document.querySelectorAll('.tile:not(.hole)')].map(tile => {
              const style = getComputedStyle(tile);
              const look = [...tile.classList].find(one => /^(ready|starting|lost|ghost|cutoff|orphan)$/.test(one));
              return [look, tile.querySelector('path').getAttribute('d'), style.borderStyle,
                String(style.backgroundColor === 'rgba(0, 0, 0, 0)')];
            })"""  # noqa: E501 - JavaScript
        ):
            key = (icon, style, hollow)
            assert drawn.setdefault(key, look) == look
    assert set(drawn.values()) == {"ready", "starting", "lost", "ghost", "cutoff", "orphan"}


def test_a_server_that_comes_back_with_an_outage_under_way_goes_on_counting(
    open_page: Open,
) -> None:
    page = board(open_page, snapshot())
    hear(page, snapshot(seq=1, outages={"o": outage("node3", t0=NOW - 7)}))
    watch = page.locator(".watch.running")
    expect(watch).to_be_visible()
    shown = re.sub(r"[^0-9.]", "", watch.inner_text())
    assert 7 <= float(shown) < 12
