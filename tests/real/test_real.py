"""Plugs are pulled from a real Kubernetes, and what the program says of it is what happened."""

from __future__ import annotations

import time

import pytest

from tests.real.bed import Bed, Json, Onlooker, Witness, now, wait_until
from tests.real.conftest import Serve

pytestmark = pytest.mark.real

NEAR = 0.2
"""Seconds by which the program and the witness may differ."""

GRACE = 8.0
"""The bed's --node-monitor-grace-period, seconds."""


@pytest.fixture
def victim(bed: Bed, serve: Serve) -> str:
    """A node with pods of the shop, once all is whole and nothing moves any more.

    The shop is spread over all nodes again, since nothing moves back by itself. A pod of the
    archive would wait 300 s before it moves: the victim has none.
    """
    wait_until("all is whole", 90, serve.sees_all_well, serve.ailing)
    bed.run("kubectl", "-n", "stage", "delete", "pods", "-l", "app=shop", "--wait=false")

    def found() -> str | None:
        if len(bed.get("/api/v1/namespaces/stage/pods")["items"]) != 22:
            return None
        if not serve.sees_all_well():
            return None
        return next((node for node in bed.nodes if movable(node)), None)

    def movable(node: str) -> bool:
        return bool(bed.pod_names("shop", node)) and not bed.pod_names("archive", node)

    return wait_until("all is whole, and some node has only what moves", 90, found, serve.ailing)


def measured(bed: Bed, serve: Serve, witness: Witness, victim: str, feed: str) -> Json:
    """Cut a feed, watch it with other eyes, compare, and return the outage once it is over."""
    lost = bed.pod_names("shop", victim)
    onlooker = Onlooker(bed, victim if feed == "power" else victim.replace("node", "link"))
    begun = now()
    cut = serve.ask(f"/kill/{victim}?kind={feed}&for=20", "POST")
    t0 = wait_until("the plug is seen to be pulled", 5, lambda: onlooker.pulled)
    assert cut["cut_at"] == pytest.approx(t0, abs=NEAR)
    assert bed.run(feed, "read", victim) == "off"

    recovered = wait_until(
        "the shop is whole again", 40, lambda: witness.recovered("shop", len(lost), begun)
    )
    outage = serve.measured(cut["outage"])
    assert outage["origin"] == "commanded"
    assert outage["recovery_seconds"] == pytest.approx(recovered - t0, abs=NEAR)
    assert sum(outage["phases"].values()) == pytest.approx(outage["recovery_seconds"])
    given_up = witness.believed(victim, "Unknown", begun)
    assert given_up is not None
    assert outage["milestones"]["not_ready"] == pytest.approx(given_up - t0, abs=NEAR)
    moved = {pod["name"] for pod in outage["pods"] if pod["workload"] == "Deployment/shop"}
    assert moved == set(lost)
    stayed = {pod["fate"] for pod in outage["pods"] if pod["workload"] == "DaemonSet/agent"}
    assert stayed == {"stays"}

    whole = serve.closed(cut["outage"])
    assert bed.run(feed, "read", victim) == "on"
    assert whole["outcome"] == "recovered"
    back = witness.believed(victim, "True", given_up)
    assert back is not None
    assert whole["milestones"]["rejoined"] == pytest.approx(back - t0, abs=NEAR)
    return whole


def test_the_server_says_once_that_there_are_no_slices_and_goes_on(serve: Serve) -> None:
    def addresses() -> bool:
        services = serve.state["services"].values()
        return [service["ready"] for service in services if service["name"] == "shop"] == [12]

    wait_until("the shop's 12 addresses are known", 10, addresses)
    assert serve.log.count("has no endpointslices") == 1


@pytest.mark.parametrize("feed", ["power", "network"])
def test_a_cut_is_measured_as_it_happened(
    bed: Bed, serve: Serve, witness: Witness, victim: str, feed: str
) -> None:
    measured(bed, serve, witness, victim, feed)


def test_a_plug_that_a_hand_pulled_is_noticed_and_measured(
    bed: Bed, serve: Serve, witness: Witness, victim: str
) -> None:
    lost = bed.pod_names("shop", victim)
    onlooker = Onlooker(bed, victim)
    begun = now()
    bed.run("power", "off", victim)
    try:
        pulled = wait_until("the plug is seen to be pulled", 5, lambda: onlooker.pulled)
        recovered = wait_until(
            "the shop is whole again", 40, lambda: witness.recovered("shop", len(lost), begun)
        )
        outage = serve.measured(serve.observed(victim)["id"])
    finally:
        bed.run("power", "on", victim)
    assert outage["origin"] == "observed"
    alive = witness.last_lease(victim, before=pulled)
    assert outage["t0"] == pytest.approx(alive, abs=NEAR)
    assert outage["recovery_seconds"] == pytest.approx(recovered - alive, abs=NEAR)
    assert outage["t0"] <= pulled <= outage["t0"] + outage["t0_within"] + NEAR
    assert serve.closed(outage["id"])["outcome"] == "recovered"


def test_a_blip_shorter_than_the_grace_period_is_unnoticed(
    bed: Bed, serve: Serve, witness: Witness, victim: str
) -> None:
    begun = now()
    cut = serve.ask(f"/kill/{victim}?kind=network&for=3", "POST")
    outage = serve.closed(cut["outage"])
    assert outage["outcome"] == "unnoticed"
    assert witness.believed(victim, "Unknown", begun) is None


def test_an_api_server_that_dies_and_comes_back_is_said_and_lived_through(
    bed: Bed, serve: Serve, victim: str
) -> None:
    before = {outage["id"] for outage in serve.ask("/api/outages")}
    bed.run("api", "off")
    killed = now()
    try:
        since = wait_until("the server says that it is blind", 10, serve.blind_since)
        assert killed - GRACE / 4 - 1 < since <= killed + NEAR
        time.sleep(2)
    finally:
        bed.run("api", "on")
    returned = now()
    wait_until("the server sees again", 10, serve.is_ready)
    assert now() - returned < 5
    pods = {pod["metadata"]["uid"] for pod in bed.get("/api/v1/namespaces/stage/pods")["items"]}
    wait_until("it knows the same pods", 10, lambda: set(serve.state["pods"]) == pods)
    time.sleep(GRACE + 2)
    after = {outage["id"] for outage in serve.ask("/api/outages")}
    assert after == before  # a blind spell of our own is nobody's outage


def test_a_cut_after_a_rolling_update_is_measured_too(
    bed: Bed, serve: Serve, witness: Witness, victim: str
) -> None:
    bed.run("kubectl", "-n", "stage", "rollout", "restart", "deployment/shop")
    bed.run("kubectl", "-n", "stage", "rollout", "status", "--timeout=60s", "deployment/shop")
    wait_until("the old pods are gone", 90, serve.sees_all_well, serve.ailing)
    measured(bed, serve, witness, victim, "power")
