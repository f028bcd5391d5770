"""All pages show the same: what one does, every other one sees, also over the server's death."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sqlite3
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import Demo, Open
from tests.e2e.conftest import children
from tests.patience import wait_until

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def recorded(demo: Demo) -> int:
    """How many outages are on the disk."""
    with contextlib.closing(sqlite3.connect(demo.data / "chaosmonkey.db")) as database:
        (found,) = database.execute("SELECT count(*) FROM outages").fetchone()
    return int(found)


def machine(stage: Page, name: str) -> str:
    label = stage.get_by_role("region", name=re.compile(f"^{name}[,:]")).get_attribute("aria-label")
    return label or ""


def loses_power(stage: Page, name: str) -> None:
    wait_until(lambda: "no power" in machine(stage, name))


def sentence(stage: Page) -> str:
    return stage.get_by_role("status").first.inner_text()


@pytest.fixture
def stages(demo: Demo, open_page: Open) -> tuple[Page, Page]:
    demo.calm()
    return open_page(demo.url + "/"), open_page(demo.url + "/")


def test_a_cut_by_the_console_is_seen_on_two_stages_and_in_the_records(
    demo: Demo, stages: tuple[Page, Page], open_page: Open
) -> None:
    console = open_page(demo.url + "/console", viewport={"width": 1280, "height": 800})
    expect(console.get_by_text("LIVE", exact=True)).to_be_visible()
    demo.post("/arm")
    expect(console.get_by_role("switch", name=re.compile("ARMED"))).to_be_visible()
    console.keyboard.press("3")
    for stage in stages:
        loses_power(stage, "node3")
    wait_until(lambda: demo.outage().get("recovery_seconds") is not None)
    for stage in stages:
        expect(stage.get_by_role("status").first).to_have_text(re.compile("^Recovered in"))
    wait_until(lambda: sentence(stages[0]) == sentence(stages[1]))
    clocks = {stage.locator(".watch").inner_text() for stage in stages}
    assert len(clocks) == 1
    assert f"{demo.outage()['recovery_seconds']:.1f}" in clocks.pop().replace("\n", "")


def test_a_vote_on_a_phone_ends_on_every_page(
    demo: Demo, stages: tuple[Page, Page], open_page: Open
) -> None:
    phone = open_page(demo.url + f"/j/{demo.code}", viewport={"width": 390, "height": 844})
    demo.post("/api/round/open")
    phone.get_by_role("radio", name="node2").check(force=True)
    phone.locator("button.big").click()
    wait_until(lambda: demo.state["rounds"]["round"]["tally"]["node2"] == 1)
    demo.post("/api/round/execute")
    for stage in stages:
        loses_power(stage, "node2")
    expect(phone.locator("body")).to_contain_text("You killed node2")
    expect(phone.locator("body")).to_contain_text(
        re.compile(r"It took Kubernetes (\d+\.\d to )?\d+\.\d s to recover")
    )


def test_a_server_that_dies_in_an_outage_restores_and_no_page_repeats_the_kill(
    demo: Demo, open_page: Open
) -> None:
    demo.calm()
    before = len(demo.get("/api/outages"))
    # Pages complain about refused connections while the server is away; that is what is tested.
    stage = open_page(demo.url + "/", complaining=True)
    console = open_page(demo.url + "/console", complaining=True)
    expect(console.get_by_text("LIVE", exact=True)).to_be_visible()
    demo.post("/arm")
    expect(console.get_by_role("switch", name=re.compile("ARMED"))).to_be_visible()
    console.keyboard.press("4")
    wait_until(lambda: "no power" in machine(stage, "node4"))
    wait_until(lambda: recorded(demo) > before)  # written a moment after the cut
    server = next(pid for pid, line in children(demo.process.pid) if "serve" in line)
    os.kill(server, signal.SIGKILL)
    for page in (stage, console):
        expect(page.get_by_text("NOT CONNECTED", exact=True)).to_be_visible()
    for page in (stage, console):
        expect(page.get_by_text("LIVE", exact=True)).to_be_visible()
    wait_until(lambda: demo.get("/bench")["machines"]["node4"]["power"]["live"])
    demo.calm()
    assert len(demo.get("/api/outages")) == before + 1
    assert demo.outage()["outcome"] in ("aborted", "recovered")
