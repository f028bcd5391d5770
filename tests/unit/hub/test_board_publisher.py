"""The board shows what is, and the latest of what was."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from chaosmonkey.config import build
from chaosmonkey.control.refusals import NotArmed, NotReady, TooManyOff, TooSoon
from chaosmonkey.control.rules import Facts
from chaosmonkey.control.safety import Safety
from chaosmonkey.hub import BoardPublisher, Hub
from chaosmonkey.hub.board_publisher import HISTORY
from chaosmonkey.hub.view_builders import show_machine, show_refusal
from chaosmonkey.model import (
    Cause,
    Changed,
    ClockStepped,
    EndpointSlice,
    FeedKind,
    Lease,
    Node,
    Origin,
    Outage,
)
from chaosmonkey.outage.cluster_state import ClusterState
from tests.sure import sure
from tests.unit.control.test_guard import lab
from tests.unit.outage._scene import START


class Shown:
    """A board, and what a page that watches it has."""

    def __init__(self) -> None:
        self.now = START
        self.own_names: frozenset[str] = frozenset()
        self.hub, self.world = Hub(lambda: self.now), ClusterState()
        self.board = BoardPublisher(
            self.hub,
            lab(),
            world=self.world,
            plugs=cast("Any", {}),
            cuts={},
            feed_monitor=cast("Any", None),
            cooldown_until=lambda _: None,
            facts=lambda _: Facts(
                world=self.world,
                off={},
                outages={},
                now=self.now,
                safety=Safety(),
                own_names=self.own_names,
            ),
        )

    def tell(self, event: Any) -> None:
        self.world.apply(event)
        self.board.after(event)

    def of(self, kind: str) -> dict[str, Any]:
        return cast("dict[str, Any]", getattr(self.hub.state, kind))


def outage(number: int, **changes: Any) -> Outage:
    began = START + 100 * number
    return replace(
        Outage(f"id-{number}", "node3", "node3", Origin.COMMANDED, began, closed=began + 50),
        **changes,
    )


async def test_a_dead_supply_counts_as_one_of_the_past_and_pushes_no_others_out() -> None:
    shown = Shown()
    for number in range(HISTORY - 1):
        shown.board.show_outage(outage(number))
    for number in range(5):
        supply = outage(500, id=f"supply-{number}", t0=START + 50_000 + number, cause=Cause.SUPPLY)
        shown.board.show_outage(supply)
    assert len(shown.of("outages")) == HISTORY - 1 + 5
    shown.board.show_outage(outage(1000))
    assert "id-0" not in shown.of("outages")
    assert len(shown.of("outages")) == HISTORY - 1 + 5


async def test_a_machine_whose_signs_of_life_are_ignored_shows_that_its_clock_is_behind() -> None:
    shown = Shown()
    shown.tell(Changed(Lease("node3", "l", renewed=START), START))
    assert shown.of("machines")["node3"].clock == ""
    shown.tell(Changed(Lease("node3", "l", renewed=START - 900), START + 10))
    assert "clock is 910 s behind" in shown.of("machines")["node3"].clock


async def test_the_servers_machine_is_shown_as_guarded_by_whatever_it_is_known() -> None:
    shown = Shown()
    node3 = Node("node3", "n3", ready="True", addresses=("10.0.0.3",))
    shown.tell(Changed(node3, START))
    assert shown.of("machines")["node3"].guarded == ""
    shown.own_names = frozenset({"10.0.0.3"})  # its network came later
    shown.board.show_machines()
    assert shown.of("machines")["node3"].guarded == "runs this server"


async def test_a_clock_that_was_set_right_leaves_no_availability_of_another_date() -> None:
    shown = Shown()
    shown.tell(Changed(EndpointSlice("e", "shop", "web-1", "web", ready=1, total=2), START))
    shown.now += 1e9
    shown.tell(ClockStepped(1e9, shown.now))
    assert shown.of("services")["shop/web"].history == ((shown.now, 1, 2),)


def test_a_machine_with_a_network_plug_alone_says_what_refuses_its_cut() -> None:
    node3 = {"name": "node3", "network": {"driver": "gpio", "pin": 3}}
    only = build({"gpio": {"pin_factory": "mock"}, "machine": [node3]})
    view = show_machine(
        "node3",
        "node3",
        lab=only,
        node=None,
        plugs={},
        cuts={},
        feed_monitor=cast("Any", None),
        cooldown_until=None,
        objections={FeedKind.NETWORK: [TooManyOff("Off now: node1.", allowed_at=9.0)]},
    )
    assert view.refused is not None
    assert (view.refused.rule, view.refused.until) == ("max-off", 9.0)


def test_a_rule_that_passes_in_a_moment_hides_none_that_lasts() -> None:
    soon = TooSoon("The last cut was 1 s ago.", allowed_at=3.0)
    later = TooManyOff("Off now: node1.", allowed_at=60.0)
    shown = sure(show_refusal([soon, later]))
    assert (shown.rule, shown.word, shown.until) == ("max-off", "another is off", 60.0)
    unarmed = sure(show_refusal([soon, NotArmed.of(), later]))
    assert (unarmed.rule, unarmed.until) == ("not-armed", None)


def test_what_concerns_the_machine_itself_comes_before_what_concerns_the_table() -> None:
    own = NotReady("node3 is not Ready.", allowed_at=5.0)
    later = TooManyOff("Off now: node1.", allowed_at=60.0)
    assert sure(show_refusal([later, own])).rule == "not-ready"
    assert show_refusal([]) is None
