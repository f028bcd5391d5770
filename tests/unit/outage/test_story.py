"""The story of an outage: past what happened, present what lasts."""

from dataclasses import replace
from typing import Any

import pytest

from chaosmonkey.model import Displaced, Fate, FeedKind, Origin, Outage, Successor
from chaosmonkey.outage.story import story

T0 = 1000.0


def pod(
    name: str, fate: Fate = Fate.MOVES, workload: str = "Deployment/shop", **more: Any
) -> Displaced:
    return Displaced(name, "shop", name, workload, name, fate, **more)


AGENT = pod("agent", Fate.STAYS, "DaemonSet/agent")


def moved(name: str) -> Displaced:
    new = Successor(
        f"{name}-new", f"{name}-new", created=T0 + 9, node="n2", scheduled=T0 + 9, ready=T0 + 12
    )
    return pod(name, evicted=T0 + 9, successor=new)


def outage(**more: Any) -> Outage:
    known: dict[str, Any] = {"feed": FeedKind.POWER, "displaced": (pod("a"), pod("b"))}
    return Outage("o", "n1", "n1", Origin.COMMANDED, T0, **(known | more))


NOTICED: dict[str, Any] = {"not_ready": T0 + 8, "tainted": T0 + 8}
RECOVERED: dict[str, Any] = NOTICED | {"recovered": T0 + 12, "displaced": (moved("a"), moved("b"))}
BACK: dict[str, Any] = {"restored": T0 + 60, "rejoined": T0 + 70}


def told(one: Outage, about: str) -> str:
    return next(line.text for line in story(one) if line.about == about)


@pytest.mark.parametrize("feed", FeedKind)
def test_kubernetes_does_not_know_until_it_noticed(feed: FeedKind) -> None:
    kept = {"power": "", "network": " Its pods kept running, cut off."}[feed]
    keep = kept.replace("kept", "keep")
    known = outage(feed=feed, **NOTICED)
    assert (
        told(outage(feed=feed), "cut") == f"n1 lost its {feed}. Kubernetes does not know yet.{keep}"
    )
    assert told(known, "cut") == f"n1 lost its {feed}. Kubernetes did not know yet.{keep}"
    back = replace(known, restored=T0 + 60)
    assert told(back, "cut") == f"n1 lost its {feed}. Kubernetes did not know yet.{kept}"


def test_an_outage_that_was_cut_off_by_a_restart_is_told_in_the_past() -> None:
    ended = outage(closed=T0 + 3, interrupted="the server stopped in the meantime")
    assert told(ended, "cut") == "n1 lost its power. Kubernetes did not know yet."


def test_pods_get_more_time_until_the_first_is_evicted() -> None:
    assert told(outage(**NOTICED), "tainted").endswith("Its pods get a little more time.")
    for later in (RECOVERED, NOTICED | {"displaced": (moved("a"), pod("b"))}, NOTICED | BACK):
        assert told(outage(**later), "tainted").endswith("Its pods got a little more time.")


def test_a_machine_boots_only_until_it_is_back() -> None:
    restored = outage(**RECOVERED, restored=T0 + 60)
    assert told(restored, "restored") == "n1 has its power back and is booting."
    for over in (replace(restored, rejoined=T0 + 70), replace(restored, closed=T0 + 900)):
        assert told(over, "restored") == "n1 got its power back."


def test_the_recovery_accounts_for_every_pod_of_the_machine() -> None:
    others = (pod("db", Fate.WAITS, evicted=T0 + 9), AGENT)
    one = outage(**RECOVERED | {"displaced": (*RECOVERED["displaced"], *others)})
    assert told(one, "recovered") == (
        "Recovered after 12.0 s: both pods that could move were running again. "
        "1 is waiting for n1 to return, 1 belongs to it (DaemonSet)."
    )


def test_a_pod_that_waited_is_told_of_in_the_past_once_it_runs() -> None:
    runs = pod("db", Fate.WAITS, evicted=T0 + 9, returned=T0 + 80)
    one = outage(**RECOVERED | BACK | {"displaced": (*RECOVERED["displaced"], runs)})
    assert told(one, "recovered").endswith(" 1 had to wait for n1 to return.")


def test_only_a_daemon_sets_pod_was_left_and_it_is_said() -> None:
    one = outage(**RECOVERED | {"displaced": (*RECOVERED["displaced"], AGENT)})
    assert told(one, "recovered").endswith(" 1 belongs to n1 (DaemonSet).")
    static = pod("proxy", Fate.STAYS, "Node/n1")
    one = outage(**RECOVERED | {"displaced": (*RECOVERED["displaced"], AGENT, static)})
    assert told(one, "recovered").endswith(" 2 belong to n1.")


def test_where_nothing_can_move_the_wait_ends_with_the_return() -> None:
    stuck = outage(**NOTICED, displaced=(pod("db", Fate.WAITS),))
    assert told(stuck, "not_ready").endswith("can move: they are waiting for it to return.")
    back = replace(stuck, **BACK)
    assert told(back, "not_ready").endswith("could move: they had to wait for it to return.")


def test_a_restart_after_the_recovery_does_not_end_its_measurement() -> None:
    why = "the server stopped in the meantime and did not see what followed"
    after = outage(**RECOVERED, closed=T0 + 83, interrupted=why)
    assert told(after, "closed") == f"The recovery was measured, and the record ends here: {why}."
    before = outage(**NOTICED, closed=T0 + 83, interrupted=why)
    assert told(before, "closed") == f"The measurement ends here: {why}."


def test_what_held_the_eviction_is_present_only_while_it_does() -> None:
    held = outage(**NOTICED, held="one node every 10 s")
    assert told(held, "held") == "The eviction is on hold: one node every 10 s."
    assert told(replace(held, closed=T0 + 9), "held") == (
        "The eviction was on hold: one node every 10 s."
    )
