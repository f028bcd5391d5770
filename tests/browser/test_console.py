"""The console in a real browser, on a real demo: what the presenter does, happens, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser._pages import Lab, Tab

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import expect

from tests.browser.pace import let_pass

pytest_plugins = ["tests.browser._pages"]
pytestmark = pytest.mark.browser


def card(tab: Tab, name: str) -> Locator:
    return tab.page.get_by_role("article", name=name, exact=True)


def status(tab: Tab) -> Locator:
    return tab.page.locator("header [role=status]")


SHOW = "POST /api/show "
KEYS: list[tuple[str, str, str]] = [
    ("A", "a", "POST /disarm"),
    ("A", "a", "POST /arm"),
    ("1…9", "4", "POST /kill/node4?feed=power"),
    ("Shift1…9", "Shift+Digit4", "POST /restore/node4"),
    ("N", "n", SHOW + '{"feed":"network"}'),
    ("P", "p", SHOW + '{"feed":"power"}'),
    ("Y", "y", ""),
    ("V", "v", ""),
    ("PgDn", "PageDown", SHOW + '{"turn":1}'),
    ("PgUp", "PageUp", SHOW + '{"turn":-1}'),
    ("Q", "q", SHOW + '{"scene":"qr","blank":false}'),
    ("Q", "q", SHOW + '{"scene":"board","blank":false}'),
    ("B.", "b", SHOW + '{"blank":true}'),
    ("B.", ".", SHOW + '{"blank":false}'),
    ("L", "l", SHOW + '{"light":true}'),
    ("L", "l", SHOW + '{"light":false}'),
    ("F5", "F5", ""),
    ("Esc", "Escape", ""),
    ("H", "h", "POST /halt"),
    ("R", "r", "POST /release"),
]
"""Row of the list, the key, and the request that it sends."""

SHOWN_ELSEWHERE = {"?", "D", "X"}


def test_every_key_does_what_the_list_of_keys_says(console: Tab) -> None:
    console.page.keyboard.press("?")
    dialog = console.page.get_by_role("dialog", name="All keys")
    rows = dialog.locator("dt").all_inner_texts()
    listed = {"".join(row.split()).replace("to", "…") for row in rows}
    assert listed == {row for row, _, _ in KEYS} | SHOWN_ELSEWHERE
    console.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    console.still()
    for _, key, request in KEYS:
        console.page.keyboard.press(key)
        console.changed(*[request] if request else [])
        let_pass(console.page, 750 if "kill" in request else 50)


def test_a_cut_by_key_needs_an_armed_console_and_is_an_outage(lab: Lab, console: Tab) -> None:
    console.page.keyboard.press("a")
    expect(console.page.get_by_role("switch")).not_to_be_checked()
    console.changed("POST /disarm")
    console.page.keyboard.press("2")
    expect(status(console)).to_contain_text("node2 was not cut: cuts are disabled. Press A")
    expect(card(console, "node2").get_by_role("button", name="Cut power")).to_be_disabled()
    console.still()
    console.page.keyboard.press("a")
    expect(console.page.get_by_role("switch")).to_be_checked()
    console.changed("POST /arm")
    console.page.keyboard.press("2")
    console.changed("POST /kill/node2?feed=power")
    expect(status(console)).to_contain_text("node2 lost its power")
    expect(card(console, "node2")).to_contain_text("no power")
    newest = lab.get("/api/outages")[0]
    assert (newest["machine"], newest["feed"]) == ("node2", "power")
    console.eventually(lambda: lab.get("/api/outages")[0]["recovery_seconds"])
    expect(console.page.get_by_role("list", name="Log")).to_contain_text("Recovered after")


def test_network_is_cut_when_network_is_chosen(lab: Lab, console: Tab) -> None:
    console.page.get_by_role("button", name="Network").click()
    button = card(console, "node5").get_by_role("button", name="Cut network")
    button.click()
    expect(card(console, "node5")).to_contain_text("no network")
    assert lab.get("/api/outages")[0]["feed"] == "network"


def test_a_double_click_and_a_held_key_cut_once_and_restore_nothing(console: Tab) -> None:
    card(console, "node1").get_by_role("button", name="Cut power").dblclick()
    expect(card(console, "node1").get_by_role("button", name="Restore")).to_be_visible()
    console.still("POST /kill/node1?feed=power")
    console.page.keyboard.down("h")
    console.page.keyboard.down("h")  # what a held key sends: the same, as a repetition
    console.page.keyboard.up("h")
    console.changed("POST /halt")
    expect(status(console)).to_contain_text("HALT is active. On again: node1 power")


def test_a_refusal_says_why_and_what_to_do_and_stays_in_the_log(console: Tab) -> None:
    console.page.keyboard.press("1")
    expect(card(console, "node1")).to_contain_text("no power")
    console.page.keyboard.press("2")
    expect(status(console)).to_contain_text("Off now: node1. At most 1 may be off at once.")
    expect(status(console)).to_contain_text("The limit is limits.max_off.")
    expect(console.page.get_by_role("list", name="Log")).to_contain_text("At most 1 may be off")


def test_a_reload_in_an_outage_resumes_from_the_server(console: Tab) -> None:
    console.page.keyboard.press("3")
    expect(card(console, "node3")).to_contain_text("no power")
    console.page.reload()
    expect(card(console, "node3")).to_contain_text("no power")
    expect(card(console, "node3").get_by_role("button", name="Restore")).to_be_visible()
    expect(console.page.get_by_role("switch")).to_be_checked()
    expect(console.page.get_by_role("heading", name="node3: power cut")).to_be_visible()
    console.changes.clear()
    console.page.keyboard.press("Shift+Digit3")
    console.changed("POST /restore/node3")


def test_what_a_clicker_types_by_itself_does_no_harm(console: Tab) -> None:
    console.page.keyboard.press("3")
    console.changed("POST /kill/node3?feed=power")
    console.page.evaluate("document.body.dataset.before = 'yes'")
    card(console, "node1").get_by_role("button", name="Inspect node1").click()
    for key in ("F5", "Escape", "F5", "Escape", "Control+F5", "Shift+F5", "Escape"):
        console.page.keyboard.press(key)
    console.still()
    assert console.page.evaluate("document.body.dataset.before") == "yes"
    expect(console.page.get_by_role("switch")).to_be_checked()


def test_letters_in_a_field_are_letters(console: Tab) -> None:
    field = console.page.get_by_role("spinbutton")
    field.click()
    console.page.keyboard.type("3h1a.")
    console.page.keyboard.press("Control+h")
    console.still()


def test_a_plug_that_a_hand_pulled_is_no_cut_of_ours(slow_lab: Lab, slow_console: Tab) -> None:
    lab, console = slow_lab, slow_console
    lab.ask("/bench/machines/node2/power", {"plugged": False}, method="PUT")
    try:
        expect(card(console, "node2")).to_contain_text("No power arrives, though its plug is on")
        expect(card(console, "node2")).to_contain_text("still Ready")
        expect(console.page.get_by_role("heading", name="node2: power lost")).to_be_visible()
        expect(card(console, "node2")).to_contain_text("NotReady")
    finally:
        lab.ask("/bench/machines/node2/power", {"plugged": True}, method="PUT")
    expect(card(console, "node2")).to_contain_text("up")


def test_a_cable_that_no_sensor_watches_is_a_silent_machine(lab: Lab, console: Tab) -> None:
    lab.ask("/bench/machines/node2/network", {"plugged": False}, method="PUT")
    try:
        expect(card(console, "node2")).to_contain_text("its power is on")
        expect(card(console, "node2")).to_contain_text("NotReady")
        expect(console.page.get_by_role("heading", name="node2: silent")).to_be_visible()
    finally:
        lab.ask("/bench/machines/node2/network", {"plugged": True}, method="PUT")
    expect(card(console, "node2")).to_contain_text("up")


def test_the_pretend_panels_button_cuts_and_restores_and_its_red_one_halts(
    lab: Lab, console: Tab
) -> None:
    """The page presses pretend buttons; the server sees lines of a chip and nothing else."""
    console.page.get_by_role("button", name="Panel", exact=True).click()
    panel = console.page.get_by_role("dialog", name="Simulated panel")
    button = panel.get_by_role("button", name="Button of node3")
    expect(panel.get_by_role("img", name="LED of node3")).to_contain_class("lit")
    console.accessible()
    button.hover()
    console.page.mouse.down()
    expect(card(console, "node3")).to_contain_text("no power")
    console.page.mouse.up()
    newest = lab.get("/api/outages")[0]
    assert (newest["machine"], newest["by"], newest["clocked"]) == ("node3", "the panel", "sensor")
    panel.get_by_role("button", name="Big red button").click()
    expect(card(console, "node3")).not_to_contain_text("no power")
    console.eventually(lambda: lab.get("/api/state")["state"]["show"]["show"]["halted"])
    panel.get_by_role("button", name="Big red button").click()
    console.page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    hand = "PUT /bench/panel/"
    pressed, let_go = '{"pressed":true}', '{"pressed":false}'
    console.still(
        f"{hand}buttons/node3 {pressed}", f"{hand}buttons/node3 {let_go}",
        f"{hand}halt {pressed}", f"{hand}halt {let_go}",
    )  # fmt: skip
