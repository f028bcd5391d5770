"""The tracker measures what was measured by hand in recordings of a real control plane.

The expected moments are those of the table in tests/traces/README.md.
"""

import pytest

from chaosmonkey.model import FeedKind, Origin, Outcome
from chaosmonkey.outage import recovery
from chaosmonkey.outage.tracker import Tracker
from tests.contract._replay import replay
from tests.sure import sure

FILES = {
    "01-power-cut-grace40": ("node3", 66.0, FeedKind.POWER),
    "02-power-cut-grace8": ("node3", 29.9, FeedKind.POWER),
    "03d-link-cut-long": ("node2", 65.9, FeedKind.NETWORK),
    "09-power-cut-grace8-330s": ("node3", 335.0, FeedKind.POWER),
}
TABLE = {
    "01-power-cut-grace40": {
        "not_ready": 42.3, "tainted": 42.5, "evicting_first": 47.5,
        "rejoined": 66.3, "cleaned": 68.2,
    },
    "02-power-cut-grace8": {
        "not_ready": 6.8, "tainted": 6.9, "evicting_first": 11.9, "rejoined": 30.1, "cleaned": 31.0,
    },
    "03d-link-cut-long": {
        "not_ready": 37.5, "tainted": 37.5, "evicting_first": 42.5,
        "rejoined": 66.1, "cleaned": 67.6,
    },
    "09-power-cut-grace8-330s": {
        "not_ready": 7.3, "tainted": 7.4, "evicting_first": 12.4, "evicting_last": 307.4,
        "recovered": 309.9, "rejoined": 335.2, "cleaned": 337.1,
    },
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_milestones_are_those_that_were_read_off_the_recording(name: str) -> None:
    machine, restored, feed = FILES[name]
    outage = replay(name, cuts={machine: 0.0}, restored=restored, feed=feed)[machine]
    passed = recovery.milestones(outage)
    assert {key: passed[key] for key in TABLE[name]} == pytest.approx(TABLE[name], abs=0.06)
    assert outage.closed is not None
    assert sum(recovery.phases(outage).values()) == pytest.approx(recovery.recovery_time(outage))


def test_pods_that_tolerate_longer_than_the_power_was_away_come_back_with_their_machine() -> None:
    outage = replay("01-power-cut-grace40", cuts={"node3": 0.0}, restored=66.0)["node3"]
    moved = {pod.workload for pod in outage.displaced if pod.successor is not None}
    returned = {pod.workload for pod in outage.displaced if pod.returned is not None}
    assert moved == {"Deployment/podinfo", "StatefulSet/web"}
    assert returned >= {"Deployment/plain"}
    assert recovery.outcome(outage) is Outcome.RECOVERED


def test_every_displaced_pod_of_a_deployment_has_a_successor_of_its_own() -> None:
    outage = replay("09-power-cut-grace8-330s", cuts={"node3": 0.0}, restored=335.0)["node3"]
    successors = [pod.successor.uid for pod in outage.moving if pod.successor is not None]
    assert len(successors) == len(outage.moving) == len(set(successors))
    podinfo = [pod for pod in outage.displaced if pod.workload == "Deployment/podinfo"]
    ready = sorted(sure(sure(pod.successor).ready) - outage.t0 for pod in podinfo)
    assert [ready[0], ready[-1]] == pytest.approx([15.3, 16.4], abs=0.06)


@pytest.mark.parametrize(
    ("name", "machine", "feed"),
    [("03a-frozen-20s", "node3", FeedKind.POWER), ("03c-link-cut-20s", "node2", FeedKind.NETWORK)],
)
def test_a_blip_that_kubernetes_did_not_notice_is_called_unnoticed(
    name: str, machine: str, feed: FeedKind
) -> None:
    outage = replay(name, cuts={machine: 0.0}, restored=20.0, feed=feed)[machine]
    assert recovery.outcome(outage) is Outcome.UNNOTICED
    assert outage.closed is not None
    assert recovery.recovery_time(outage) is None
    assert "not_ready" not in recovery.milestones(outage)


def test_a_hand_at_the_plug_is_noticed_and_measured_from_the_last_sign_of_life() -> None:
    outage = replay("02-power-cut-grace8", cuts={"node3": 0.0}, commanded=False)["node3"]
    assert outage.origin is Origin.OBSERVED
    t0 = outage.t0 - 1_700_000_000.0
    assert t0 == pytest.approx(-1.4, abs=0.1)  # the recording's last lease renewal
    assert t0 <= 0.0 <= t0 + outage.t0_within  # the true moment of the cut lies within
    assert outage.t0_within == pytest.approx(2.0, abs=0.2)
    commanded = replay("02-power-cut-grace8", cuts={"node3": 0.0}, restored=29.9)["node3"]
    assert outage.recovered == commanded.recovered


def test_an_api_server_that_was_away_is_no_outage_of_any_machine() -> None:
    """All five nodes turn Unknown when it is back, though nobody cut them (08b)."""
    assert replay("08b-apiserver-stopped-restart", cuts={}, commanded=False) == {}


def test_an_api_server_killed_and_back_is_no_outage_either() -> None:
    assert replay("08a-apiserver-killed-restart", cuts={}, commanded=False, blind=(0, 6.7)) == {}


def test_when_most_machines_are_gone_it_says_that_kubernetes_evicts_nobody() -> None:
    held: set[str] = set()

    def look(tracker: Tracker) -> None:
        held.update(outage.machine for outage in tracker.outages.values() if outage.held)

    machines = dict.fromkeys(("node2", "node3", "node4"), 0.0)
    outages = replay(
        "04b-three-of-five-nodes-grace8", cuts=machines, restored=60.0, after_each=look
    )
    evicted = {
        name for name, outage in outages.items() if "evicting_first" in recovery.milestones(outage)
    }
    assert len(evicted) == 1
    assert held == set(machines) - evicted
