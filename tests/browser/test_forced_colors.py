"""What is told by a fill is told to people too whose system has two colours only."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import Open
from tests.browser.invented import NOW, delta, feed, machine, snapshot

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import expect

from tests.browser.static import hear

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser._pages import Lab, Tab

pytest_plugins = ["tests.browser._pages"]
pytestmark = pytest.mark.browser


def fill(found: Locator) -> str:
    return str(found.first.evaluate("one => getComputedStyle(one).backgroundColor"))


def test_a_light_that_is_on_looks_other_than_one_that_is_off(open_page: Open) -> None:
    page = open_page("/?bench", forced_colors="active")
    dark = feed("off", restore_by=NOW + 60)
    hear(page, snapshot(), delta(2, machines={"node3": machine("node3", power=dark)}))
    expect(page.locator(".led.off")).to_have_count(1)
    assert fill(page.locator(".led.on")) != fill(page.locator(".led.off"))


def test_what_is_chosen_looks_other_than_what_is_not(
    lab: Lab, open_tab: Callable[..., Tab]
) -> None:
    console = open_tab(f"{lab.url}/console", forced_colors="active").page
    chosen = console.get_by_role("button", name="Power", pressed=True)
    assert fill(chosen) != fill(console.get_by_role("button", name="Network", pressed=False))

    lab.ask("/api/round/open", {"mode": "vote"})
    phone = open_tab(f"{lab.url}/j/{lab.code()}", forced_colors="active").page
    phone.get_by_role("radio", name="node2").check(force=True)
    assert fill(phone.locator("input:checked + span")) != fill(
        phone.locator("input:not(:checked) + span")
    )
