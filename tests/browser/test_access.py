"""Whoever is not known sees the show and changes nothing; the presenter signs in, halts, asks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import Demo, Open, started
from tests.patience import wait_until

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

TOKEN = "a token of the test"
LAPTOP = {"width": 1280, "height": 800}


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo that trusts nobody for coming from this machine."""
    with started(
        tmp_path_factory.mktemp("asking"),
        CHAOSMONKEY_SERVER__ALWAYS_ASK="true",
        CHAOSMONKEY_SERVER__PRESENTER_TOKEN=TOKEN,
    ) as running:
        running.client.headers["Authorization"] = f"Bearer {TOKEN}"
        yield running


def sign_in(page: Page, token: str = TOKEN) -> None:
    page.get_by_label("Presenter's token").fill(token)
    page.get_by_role("button", name="Sign in").click()


def test_a_viewer_sees_the_stage_but_cannot_pull_its_plugs(asking: Demo, open_page: Open) -> None:
    stage = open_page(asking.url, complaining=True)
    expect(stage.get_by_text("node3").first).to_be_visible()
    answer = stage.evaluate(
        """() => fetch('/bench/machines/node3/power', {method: 'PUT',
            headers: {'Content-Type': 'application/json'}, body: '{"plugged": false}'})
            .then(answer => answer.status)"""
    )
    assert answer == 401
    assert asking.get("/bench")["machines"]["node3"]["power"]["plugged"]


def test_the_console_asks_who_is_there_and_lets_the_presenter_in_until_signing_out(
    asking: Demo, open_page: Open
) -> None:
    page = open_page(f"{asking.url}/console", complaining=True, viewport=LAPTOP)
    assert page.url.endswith("/login")
    sign_in(page, "a guess")
    expect(page.get_by_role("alert")).to_contain_text("token is unknown")
    sign_in(page)
    page.wait_for_url("**/console")
    page.get_by_role("article", name="node3").wait_for()
    page.keyboard.press("2")
    wait_until(lambda: asking.outage().get("machine") == "node2")
    assert asking.outage()["by"].startswith("presenter at")
    page.keyboard.press("Shift+Digit2")
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{asking.url}/console")
    assert page.url.endswith("/login")
    asking.calm()


def test_a_printed_address_signs_in_and_the_token_is_gone_from_it(
    asking: Demo, open_page: Open
) -> None:
    page = open_page(f"{asking.url}/console?token={TOKEN}", viewport=LAPTOP)
    page.get_by_role("article", name="node3").wait_for()
    assert "token" not in page.url
    assert TOKEN not in page.content()
    (cookie,) = [one for one in page.context.cookies() if one["name"].startswith("presenter-")]
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")


def test_halt_holds_for_everybody_until_it_is_released(demo: Demo, open_page: Open) -> None:
    demo.calm()
    console = open_page(f"{demo.url}/console", viewport=LAPTOP)
    stage = open_page(demo.url)
    status = console.locator("header [role=status]")
    console.get_by_role("article", name="node3").wait_for()
    console.keyboard.press("3")
    wait_until(lambda: demo.outage().get("open"))
    console.keyboard.press("h")
    expect(status).to_contain_text("HALT is active. On again: node3 power.")
    expect(stage.locator(".chip", has_text="HALT")).to_be_visible()
    console.keyboard.press("4")
    expect(status).to_contain_text("node4 was not cut: HALT is active. Press R to release it.")
    console.get_by_role("button", name="Release HALT").click()
    expect(status).to_contain_text("Cuts are still disabled")
    expect(stage.locator(".chip", has_text="safe")).to_be_visible()
    demo.calm()


def test_what_a_cut_would_do_is_told_without_cutting(demo: Demo, open_page: Open) -> None:
    demo.calm()
    # Any cut before may have moved the pods of the StatefulSet.
    pods = demo.state["pods"].values()
    node = next(one["node"] for one in pods if one["workload"].startswith("StatefulSet/"))
    console = open_page(f"{demo.url}/console", viewport=LAPTOP)
    console.get_by_role("button", name=f"Inspect {node}").click()
    console.get_by_role("button", name="Check nothing is cut").click()
    panel = console.get_by_role("region", name=f"Overview of {node}")
    would = re.compile(
        r"Allowed: power off for 1 min\. \d+ pods there, \d+ would move after about 10 s\."
    )
    expect(panel).to_contain_text(would)
    expect(panel).to_contain_text("belongs to a StatefulSet: it waits")
    demo.post("/disarm")
    console.get_by_role("button", name="Check again").click()
    expect(panel).to_contain_text("Refused")
    expect(panel).to_contain_text("Not armed: cuts are disabled. Arm it first")
    expect(console.locator("footer")).to_contain_text("1 machine off at once")
    assert demo.get("/bench")["machines"][node]["power"]["live"]
    demo.calm()


def test_the_preflight_is_on_the_console_too(demo: Demo, open_page: Open) -> None:
    demo.calm()
    console = open_page(f"{demo.url}/console", viewport=LAPTOP)
    console.get_by_role("button", name="Preflight").click()
    dialog = console.get_by_role("dialog", name="Preflight")
    expect(dialog.get_by_role("status")).to_have_text("No faults found.")
    expect(dialog).to_contain_text("Its plug answers and is on.")
    expect(dialog).to_contain_text(
        "Pods of a StatefulSet do not move; they wait until their machine is back."
    )
    console.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
