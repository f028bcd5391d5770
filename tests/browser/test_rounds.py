"""Each kind of round with real phones, the console and the stage: what one does, all see."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.browser.screens import PHONE

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser._pages import Lab, Tab

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import expect

pytest_plugins = ["tests.browser._pages"]
pytestmark = pytest.mark.browser


@dataclass
class Hall:
    """A stage, a console and phones."""

    lab: Lab
    stage: Tab
    console: Tab
    phones: list[Tab]

    @property
    def crowd(self) -> Locator:
        """The console's box about the audience."""
        return self.console.page.get_by_role("region", name="Audience")

    @property
    def scene(self) -> Locator:
        """The stage's scene about the round."""
        return self.stage.page.get_by_role("region", name="The round")

    def open(self, kind: str, **options: str | bool) -> None:
        """Open a round at the console."""
        self.crowd.get_by_label("Kind of round").select_option(kind)
        for label, value in options.items():
            field = self.crowd.get_by_label(label.replace("_", " "))
            field.set_checked(value) if isinstance(value, bool) else field.select_option(value)
        self.crowd.get_by_role("button", name=f"Open {kind}").click()
        called = "free play" if kind == "free" else kind
        expect(self.crowd).to_contain_text(f"{called} open")

    def press(self, name: str) -> None:
        """Press a button of the console's box."""
        self.crowd.get_by_role("button", name=name).click()

    def whose_turn(self) -> Tab:
        """The phone that has the button."""
        self.phones[0].eventually(
            lambda: any("You have the button" in text(p) for p in self.phones)
        )
        return next(phone for phone in self.phones if "You have the button" in text(phone))

    def accessible(self) -> None:
        """Fail with what axe finds, on every page."""
        for tab in (self.stage, self.console, *self.phones):
            tab.accessible()


def big(phone: Tab) -> Locator:
    return phone.page.locator("button.big")


def text(phone: Tab) -> str:
    return phone.page.locator("#text").inner_text()


def says(phone: Tab) -> Locator:
    return phone.page.locator("#text")


def choose(phone: Tab, machine: str) -> None:
    phone.page.get_by_role("radio", name=machine).check(force=True)


@pytest.fixture
def hall(lab: Lab, open_tab: Callable[..., Tab]) -> Hall:
    lab.ask("/api/show", {"scene": "tally"})
    stage = open_tab(f"{lab.url}/", viewport={"width": 1280, "height": 720})
    console = open_tab(f"{lab.url}/console", viewport={"width": 1280, "height": 800})
    expect(console.page.get_by_text("LIVE", exact=True)).to_be_visible()
    phones = [open_tab(f"{lab.url}/j/{lab.code()}", **PHONE) for _ in range(3)]
    for phone in phones:
        expect(phone.page.get_by_text("connected", exact=True)).to_be_visible()
    return Hall(lab, stage, console, phones)


def test_a_tie_is_drawn_with_a_seed_that_the_stage_shows_before_and_after(hall: Hall) -> None:
    hall.open("vote")
    for phone, machine in zip(hall.phones, ("node2", "node4"), strict=False):
        choose(phone, machine)
        big(phone).tap()
        expect(big(phone)).to_contain_text("Voted")
    expect(hall.crowd).to_contain_text("2 votes so far. A tie between node2 and node4.")
    expect(hall.scene).to_contain_text("Verifiable draw: SHA-256 of its seed is")
    hall.press("Draw")
    expect(hall.scene).to_contain_text("The draw chose")
    current = hall.lab.round()
    expect(hall.scene).to_contain_text(current["seed"])
    expect(hall.crowd.get_by_role("button", name=re.compile("^Cut"))).to_have_count(1)
    hall.accessible()
    hall.press(f"Cut {current['picked']}")
    expect(hall.scene).to_contain_text(f"{current['picked']} it is")
    expect(hall.crowd).to_contain_text(
        f"A draw broke the tie: {current['picked']}, with 1 of 2 votes."
    )


def test_nobody_voted_and_it_is_said_everywhere(hall: Hall) -> None:
    hall.open("vote")
    hall.press("Close vote")
    for place in (hall.crowd, hall.scene, says(hall.phones[0])):
        expect(place).to_contain_text("Closed without votes. The vote cut nothing.")
    hall.open("vote")
    hall.press("Cancel")
    for place in (hall.crowd, hall.scene, says(hall.phones[0])):
        expect(place).to_contain_text("The presenter cancelled the round: it cut nothing.")


def test_a_leader_that_goes_away_is_said_and_the_next_one_is_offered(hall: Hall) -> None:
    hall.open("vote")
    choose(hall.phones[0], "node3")
    big(hall.phones[0]).tap()
    hall.lab.vote(7, "node3")
    hall.lab.vote(8, "node1")
    hall.lab.ask("/bench/machines/node3/power", {"plugged": False}, method="PUT")
    try:
        expect(hall.scene).to_contain_text("Cannot be cut now: node3")
        expect(hall.crowd.get_by_role("button", name="Cut node1")).to_be_visible()
        expect(hall.crowd.get_by_role("button", name="Cut node3")).to_have_count(0)
        gone = hall.phones[1].page.get_by_role("radio", name="node3")
        expect(gone).to_be_disabled()
        hall.accessible()
    finally:
        hall.lab.ask("/bench/machines/node3/power", {"plugged": True}, method="PUT")


def test_a_raffle_draws_a_phone_which_presses_and_the_presenter_says_yes(hall: Hall) -> None:
    hall.open("raffle")
    expect(hall.scene).to_contain_text("Verifiable draw")
    for at, phone in enumerate(hall.phones):
        big(phone).tap()
        expect(big(phone)).to_contain_text("is your ticket")
        expect(big(phone)).to_contain_text(str(at + 1))
    hall.accessible()
    hall.press("Close and draw")
    winner = hall.whose_turn()
    expect(hall.scene).to_contain_text(hall.lab.round()["seed"])
    expect(hall.scene).to_contain_text("has the button")
    loser = next(phone for phone in hall.phones if phone is not winner)
    expect(says(loser)).to_contain_text("was drawn and has the button. Yours is")
    hall.accessible()
    choose(winner, "node2")
    big(winner).tap()
    expect(big(winner)).to_contain_text("Pressed")
    expect(hall.scene).to_contain_text("node2? The presenter decides.")
    hall.accessible()
    hall.console.changes.clear()
    hall.console.page.keyboard.press("y")
    expect(big(winner)).to_contain_text("YOU")
    ticket = hall.lab.round()["turn"]["ticket"]
    hall.console.still(f'POST /api/round/approve {{"ticket":{ticket},"machine":"node2"}}')
    expect(says(winner)).to_contain_text("You killed node2")
    expect(says(loser)).to_contain_text("node2 was killed")
    assert winner.changes.count(f'here {{"round":"{hall.lab.round()["id"]}"}}') == 1


def test_a_veto_is_told_and_another_phone_is_drawn(hall: Hall) -> None:
    hall.open("raffle")
    for phone in hall.phones:
        big(phone).tap()
        expect(big(phone)).to_contain_text("is your ticket")
    hall.press("Close and draw")
    first = hall.whose_turn()
    choose(first, "node2")
    big(first).tap()
    expect(big(first)).to_contain_text("Pressed")
    hall.console.page.keyboard.press("v")
    expect(says(first)).to_contain_text("The presenter said no this time.")
    expect(hall.scene).to_contain_text("The presenter said no: node2 was not cut.")
    hall.accessible()
    hall.press("Draw again")
    second = hall.whose_turn()
    assert second is not first
    second.page.get_by_role("button", name="Pass it on").tap()
    expect(says(second)).to_contain_text("You gave the button back.")


def test_a_queue_tells_each_phone_who_is_before_it(hall: Hall) -> None:
    hall.open("queue", I_approve_each_press=False)
    for phone in hall.phones:
        big(phone).tap()
        expect(big(phone)).not_to_contain_text("LINE UP")
    first, second, third = hall.phones
    expect(says(first)).to_contain_text("You have the button!")
    expect(big(second)).to_contain_text("person ahead of you")
    expect(big(third)).to_contain_text("people ahead of you")
    expect(hall.scene.get_by_role("list", name="Next")).to_have_text(re.compile(r"2\s*3"))
    hall.accessible()
    choose(first, "node1")
    big(first).tap()
    expect(big(first)).to_contain_text("YOU")
    expect(hall.scene).to_contain_text("Ticket 1 did it: node1 lost its power.")
    second.page.get_by_role("button", name="Give up my place").tap()
    expect(says(second)).to_contain_text("You gave up your place.")
    expect(big(third)).to_contain_text("NEXT")
    hall.lab.ask("/restore/node1")
    expect(says(third)).to_contain_text("You have the button!")
    hall.press("Next")
    expect(says(third)).to_contain_text("The presenter skipped you.")
    hall.press("Close queue")
    expect(hall.crowd).to_contain_text("The queue is over. 1 press cut a machine.")


def test_a_bet_is_won_by_the_closest_guess_and_the_result_tells(hall: Hall) -> None:
    hall.open("bet", Machine="node4")
    for phone, guess in zip(hall.phones, ("11", "500,5", "3"), strict=True):
        phone.page.get_by_label("How many seconds?").fill(guess)
        big(phone).tap()
        expect(big(phone)).to_contain_text("is your guess")
    expect(hall.scene).to_contain_text("hidden until betting closes")
    hall.accessible()
    hall.press("Close bet")
    expect(hall.scene).to_contain_text("500.5 s")
    hall.accessible()
    hall.press("Cut node4")
    expect(hall.scene).to_contain_text("node4 lost its power. 3 guesses on its recovery time")
    expect(hall.scene).to_contain_text("Ticket 1 guessed 11 s and wins.")
    expect(says(hall.phones[0])).to_contain_text("YOU WIN.")
    expect(says(hall.phones[1])).to_contain_text("number 3 of 3.")
    hall.accessible()
    hall.lab.ask("/api/show", {"scene": "result"})
    result = hall.stage.page.get_by_role("region", name="Result")
    expect(result).to_contain_text("Ticket 1 wins the bet: 11.0 s")
    hall.stage.accessible()


def test_a_free_press_is_done_or_told_when_it_is_possible_again(hall: Hall) -> None:
    hall.open("free", I_approve_each_press=False)
    first, second, _ = hall.phones
    choose(first, "node5")
    big(first).tap()
    expect(says(first)).to_contain_text("You did it: node5 lost its power.")
    choose(second, "node2")
    big(second).tap()
    alert = second.page.get_by_role("alert")
    expect(alert).to_contain_text("Off now: node5. At most 1 may be off at once.")
    expect(alert).to_contain_text(re.compile(r"Try again in \d+ s"))
    hall.accessible()
    hall.press("Close free play")
    expect(says(second)).to_contain_text("The round is over. 1 press cut a machine.")


def test_a_press_that_a_rule_refuses_is_told_to_the_presenter_who_may_try_again(
    hall: Hall,
) -> None:
    hall.open("queue")
    phone = hall.phones[0]
    big(phone).tap()
    choose(phone, "node1")
    big(phone).tap()
    expect(hall.crowd.get_by_role("button", name="Cut node1")).to_be_enabled()
    hall.console.page.keyboard.press("a")
    expect(hall.crowd.get_by_role("button", name="Cut node1")).to_be_disabled()
    expect(hall.crowd).to_contain_text("Cuts are disabled: arm to carry it out.")
    refused = hall.lab.ask("/api/round/approve", {})
    assert refused["rule"] == "not-armed"
    expect(hall.crowd).to_contain_text("The presenter has not armed the table yet.")
    hall.console.page.keyboard.press("a")
    hall.press("Cut node1")
    expect(big(phone)).to_contain_text("YOU")


def test_a_presenter_who_is_away_is_missed_only_where_it_matters(hall: Hall) -> None:
    hall.open("vote")
    expect(hall.scene).to_contain_text("No votes yet.")
    hall.console.page.close()
    for place in (hall.scene, says(hall.phones[0])):
        expect(place).to_contain_text("Waiting for the presenter.")
    hall.lab.ask("/api/round/open", {"seconds": 3000})
    expect(hall.phones[0].page.get_by_text("Closes in")).to_be_visible()
    expect(hall.scene).not_to_contain_text("away")


def test_a_phone_without_the_code_asks_for_it_and_says_when_it_is_wrong(
    lab: Lab, open_tab: Callable[..., Tab]
) -> None:
    phone = open_tab(f"{lab.url}/j", **PHONE)
    field = phone.page.get_by_label("Code on the big screen")
    expect(field).to_be_visible()
    phone.accessible()
    field.fill("wrong")
    big(phone).tap()
    expect(phone.page.get_by_role("alert")).to_contain_text("That code is wrong or has expired.")
    phone.accessible()
    field.fill(f" {lab.code().lower()} ")
    field.press("Enter")
    expect(says(phone)).to_contain_text("Wait for the presenter to open the next round.")
    phone.page.reload()
    expect(says(phone)).to_contain_text("Wait for the presenter to open the next round.")
    phone.page.goto(f"{lab.url}/j/XXXXX")  # an old picture of the code: the cookie is enough
    expect(says(phone)).to_contain_text("Wait for the presenter to open the next round.")


def test_the_stage_shows_how_to_join(lab: Lab, open_tab: Callable[..., Tab]) -> None:
    lab.ask("/api/show", {"scene": "qr"})
    stage = open_tab(f"{lab.url}/", viewport={"width": 1280, "height": 720})
    expect(stage.page.get_by_text(lab.code(), exact=True)).to_be_visible()
    expect(stage.page.get_by_text(re.compile(r"^127\.0\.0\.1:\d+/j$"))).to_be_visible()
    stage.accessible()
