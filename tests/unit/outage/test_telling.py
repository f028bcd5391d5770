"""An outage in a sentence and a word, as every page shows it."""

import re
from dataclasses import replace
from typing import Any

import pytest

from chaosmonkey.model import Cause, Clocked, Displaced, Fate, FeedKind, Origin, Outage, Successor
from chaosmonkey.outage.telling import summarize

T0 = 1000.0


def pod(name: str, fate: Fate = Fate.MOVES, **more: Any) -> Displaced:
    return Displaced(name, "shop", name, "Deployment/shop", name, fate, **more)


def outage(**more: Any) -> Outage:
    known: dict[str, Any] = {"feed": FeedKind.POWER, "displaced": (pod("a"), pod("b"))}
    return Outage("o", "n1", "n1", Origin.COMMANDED, T0, **(known | more))


def observed(**more: Any) -> Outage:
    return replace(outage(), origin=Origin.OBSERVED, **more)


def successor(ready: float | None = None, node: str | None = "n2", waiting: str = "") -> Successor:
    return Successor("x", "x", T0 + 9, node=node, scheduled=T0 + 9, ready=ready, waiting=waiting)


NOTICED = {"not_ready": T0 + 8, "tainted": T0 + 8}
EVICTED = tuple(pod(name, evicted=T0 + 9) for name in "ab")
MADE = tuple(pod(name, evicted=T0 + 9, successor=successor()) for name in "ab")
DONE = tuple(pod(name, evicted=T0 + 9, successor=successor(T0 + 12.4)) for name in "ab")
RECOVERED = NOTICED | {"recovered": T0 + 12.4, "displaced": DONE}


@pytest.mark.parametrize(
    ("one", "headline"),
    [
        (outage(), "n1 has no power. Kubernetes has not noticed yet."),
        (
            outage(feed=FeedKind.NETWORK),
            "n1 is cut off but still running. Kubernetes has not noticed yet.",
        ),
        (
            outage(restored=T0 + 3),
            "n1 has its power back. Kubernetes has not noticed the outage yet.",
        ),
        (
            observed(feed=None, clocked=Clocked.LAST_SIGN),
            "n1 fell silent. Not cut by chaosmonkey: probably a pulled cable or a fault.",
        ),
        (
            observed(clocked=Clocked.SENSOR, cause=Cause.HAND),
            "n1 has lost its power. Not cut by chaosmonkey: probably a pulled or loose cable.",
        ),
        (
            outage(**NOTICED),
            "Kubernetes noticed that n1 does not answer (NotReady). "
            "Its pods get a little more time.",
        ),
        (
            outage(**NOTICED, held="one node every 10 s"),
            "Kubernetes noticed, but the eviction of n1 is on hold.",
        ),
        (
            outage(**NOTICED, displaced=EVICTED),
            "Kubernetes is evicting the pods on n1 and creating new ones.",
        ),
        (
            outage(**NOTICED, displaced=MADE),
            "2 replacements are starting on the remaining machines.",
        ),
        (
            outage(**NOTICED, displaced=(MADE[0], DONE[1])),
            "1 replacement is starting on the remaining machines.",
        ),
        (
            outage(**NOTICED, displaced=(pod("db", Fate.WAITS),)),
            "None of the pods that n1 had can move: they are waiting for it to return.",
        ),
        (
            outage(
                **NOTICED,
                displaced=(pod("a", evicted=T0 + 9, successor=successor(None, None, "0/3 nodes")),),
            ),
            "No machine can take 1 pod.",
        ),
        (outage(**RECOVERED), "Recovered in 12.4 s: 2 pods are now running elsewhere."),
        (
            outage(**RECOVERED | {"displaced": (pod("b", unneeded=T0 + 12.4),)}),
            "Recovered in 12.4 s: all pods are running again.",
        ),
        (
            outage(**RECOVERED, restored=T0 + 20),
            "Recovered in 12.4 s. n1 has power again and is booting.",
        ),
        (
            outage(**RECOVERED, restored=T0 + 20, rejoined=T0 + 30),
            "Recovered in 12.4 s. n1 is back, but no pod moves back on its own.",
        ),
        (
            outage(**NOTICED | {"recovered": T0 + 35.2, "displaced": (pod("db", Fate.WAITS),)}),
            "n1's pods are running again after 35.2 s. None of them could move.",
        ),
        (
            outage(restored=T0 + 3, rejoined=T0 + 5, closed=T0 + 5),
            "n1 was back before Kubernetes noticed.",
        ),
        (
            outage(**NOTICED, interrupted="the server was killed", closed=T0 + 50),
            "n1's outage was only partly measured: the server was killed.",
        ),
        (
            outage(**NOTICED, displaced=(pod("a"),), rejoined=T0 + 9),
            "n1 is back, before Kubernetes evicted all of its pods.",
        ),
        (
            outage(**NOTICED, displaced=(pod("db", Fate.WAITS),), rejoined=T0 + 30),
            "None of the pods that n1 had could move: they are starting on it again.",
        ),
        (outage(**NOTICED, displaced=()), "n1 is lost. No pod has to move."),
        (outage(**NOTICED, displaced=(), rejoined=T0 + 30), "n1 is back. No pod had to move."),
    ],
)
def test_the_headline_says_what_goes_on(one: Outage, headline: str) -> None:
    assert summarize(one).headline == headline


@pytest.mark.parametrize(
    ("one", "headline"),
    [
        (outage(**RECOVERED), "n1 lost its power. Recovered in 12.4 s."),
        (outage(**RECOVERED, restored=T0 + 20), "n1 lost its power. Recovered in 12.4 s."),
        (outage(**NOTICED, displaced=()), "n1 lost its power. No pod had to move."),
        (
            outage(**NOTICED, displaced=(pod("db", Fate.WAITS),)),
            "n1 lost its power. Not everything came back: tolerates a lost machine indefinitely: "
            "it is not evicted.",
        ),
        (observed(feed=None, **RECOVERED), "n1 fell silent. Recovered in 12.4 s."),
    ],
)
def test_an_outage_that_ended_is_told_in_the_past(one: Outage, headline: str) -> None:
    assert summarize(replace(one, closed=T0 + 60)).headline == headline


def test_no_headline_counts_seconds_that_pass() -> None:
    waiting = outage(**NOTICED, displaced=(pod("a", toleration=300.0),))
    assert not re.search(r"\d s\b", summarize(waiting).headline)


@pytest.mark.parametrize(
    ("one", "lost", "who"),
    [
        (outage(by="Ada"), "power cut", "Cut by Ada."),
        (outage(feed=FeedKind.NETWORK), "network cut", ""),
        (
            observed(feed=None, clocked=Clocked.LAST_SIGN, cause=Cause.FAULT),
            "silent",
            "Not cut by chaosmonkey, and its power is on: probably a crash or a network fault.",
        ),
        (
            observed(clocked=Clocked.SENSOR, cause=Cause.SUPPLY),
            "supply dead",
            "Power supply failed: all machines lost power at once.",
        ),
        (
            observed(clocked=Clocked.SENSOR, cause=Cause.SWITCHED),
            "switched off",
            "Its plug was switched off elsewhere.",
        ),
        (
            observed(clocked=Clocked.SENSOR, cause=Cause.HAND, feed=FeedKind.NETWORK),
            "link lost",
            "Not cut by chaosmonkey: probably a pulled or loose cable.",
        ),
        (
            observed(clocked=Clocked.LAST_SIGN, cause=Cause.CUT_SHORT),
            "silent",
            "Its cut was aborted half-way and may have taken effect briefly.",
        ),
    ],
)
def test_it_says_what_was_lost_and_who_did_it(one: Outage, lost: str, who: str) -> None:
    assert (summarize(one).lost, summarize(one).who) == (lost, who)


@pytest.mark.parametrize(
    ("one", "result", "ending", "brief"),
    [
        (outage(), "n1 lost its power. Its recovery is being measured", "", ""),
        (outage(**RECOVERED), "n1 lost its power", "", "n1 recovered in 12.4 s."),
        (
            outage(restored=T0 + 3, rejoined=T0 + 5, closed=T0 + 5),
            "Kubernetes never noticed that n1 was gone",
            "Unnoticed: n1 was back before Kubernetes noticed",
            "",
        ),
        (
            outage(**NOTICED, displaced=EVICTED, closed=T0 + 600),
            "Not everything came back from n1",
            "Not everything came back: ",
            "",
        ),
        (
            outage(**NOTICED, interrupted="the server was killed", closed=T0 + 50),
            "n1: only partly measured",
            "Only partly measured: the server was killed",
            "",
        ),
        (
            outage(**NOTICED, displaced=()),
            "n1 lost its power",
            "No pod had to move, so there was nothing to wait for",
            "",
        ),
    ],
)
def test_it_says_how_it_ended(one: Outage, result: str, ending: str, brief: str) -> None:
    told = summarize(one)
    assert (told.result, told.brief) == (result, brief)
    assert told.ending.startswith(ending)
    assert bool(told.ending) == bool(ending)
