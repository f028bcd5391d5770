"""Outages as they are folded from events; times and orders as recorded of a real control plane."""

import pytest

from chaosmonkey.model import (
    Cause,
    Changed,
    ClockStepped,
    CutShort,
    Fate,
    FeedKind,
    FeedSensed,
    FeedState,
    Lease,
    Origin,
    Outcome,
    Removed,
    Stale,
    Workload,
)
from chaosmonkey.outage import recovery
from chaosmonkey.outage.ending import GIVE_UP, SETTLE
from chaosmonkey.outage.story import story
from tests.sure import sure
from tests.unit.outage._scene import UNREACHABLE, Scene


def test_recovery_is_measured_from_the_cut_to_the_last_ready_successor() -> None:
    scene = Scene()
    first, second = scene.pod("web-a", "node3"), scene.pod("web-b", "node3")
    scene.cut()
    scene.wait(8)
    scene.lose(first, second)
    new = [scene.pod(name, None, ready=False, phase="Pending") for name in ("web-c", "web-d")]
    new = [scene.change(pod, node="node1") for pod in new]
    scene.wait(1)
    scene.change(new[0], ready=True)
    assert scene.outage.recovered is None
    scene.wait(0.5)
    scene.change(new[1], ready=True)
    assert recovery.recovery_time(scene.outage) == 11.5
    assert recovery.phases(scene.outage) == {
        "detect": 8.0, "evict": 2.0, "reschedule": 0.0, "ready": 1.5,
    }  # fmt: skip
    assert recovery.outcome(scene.outage) is Outcome.RECOVERED


def test_an_outage_closes_when_the_machine_is_back_and_its_old_pods_are_gone() -> None:
    scene = Scene()
    pod = scene.pod("web-a", "node3")
    scene.cut()
    (pod,) = scene.wait(8).lose(pod)
    scene.pod("web-b", "node1")
    scene.wait(20).restore()
    scene.wait(1)
    scene.node("node3", "True")
    assert scene.outage.closed is None
    scene.wait(1)
    scene.remove(pod)
    passed = recovery.milestones(scene.outage)
    assert scene.outage.closed == scene.now
    assert passed["rejoined"] - passed["restored"] == 1
    assert passed["cleaned"] - passed["rejoined"] == 1
    assert scene.tracker.outages == {}


def test_what_did_not_happen_is_absent() -> None:
    scene = Scene()
    scene.pod("web-a", "node3")
    scene.cut()
    assert set(recovery.milestones(scene.outage)) == {"commanded", "cut"}
    assert recovery.phases(scene.outage) == {}
    assert recovery.recovery_time(scene.outage) is None


def test_a_successor_that_was_there_before_the_eviction_is_no_successor() -> None:
    """A pod made by a scale-up during the outage replaces nobody."""
    scene = Scene()
    lost = scene.pod("web-a", "node3")
    scene.cut()
    scene.wait(4)
    scene.pod("web-extra", "node1")
    (lost,) = scene.lose(lost)
    before = scene.outage.displaced[0]
    assert before.successor is None
    scene.pod("web-b", "node2")
    assert sure(scene.outage.displaced[0].successor).name == "web-b"


def test_a_successor_that_dies_before_the_recovery_is_followed_by_the_next() -> None:
    scene = Scene()
    lost = scene.pod("web-a", "node3")
    scene.cut()
    scene.wait(8).lose(lost)
    first = scene.pod("web-b", "node1", ready=False)
    scene.change(first, deleting=True)
    before = scene.outage.displaced[0]
    assert before.successor is None
    scene.wait(1)
    second = scene.pod("web-c", "node2", ready=False)
    scene.wait(1)
    scene.change(second, ready=True)
    assert sure(scene.outage.displaced[0].successor).name == "web-c"
    assert recovery.recovery_time(scene.outage) == 12


def test_terminating_counts_as_not_there_even_while_it_says_ready() -> None:
    """After a network cut the old pods are Ready again for a moment, marked for deletion."""
    scene = Scene()
    pod = scene.pod("web-a", "node3")
    scene.cut(feed=FeedKind.NETWORK)
    (pod,) = scene.wait(8).lose(pod)
    scene.wait(5).restore(feed=FeedKind.NETWORK)
    scene.node("node3", "True")
    scene.change(pod, ready=True)
    assert scene.outage.displaced[0].resolved is None
    assert scene.outage.recovered is None


def test_a_pod_that_says_ready_while_its_machine_is_away_has_not_come_back() -> None:
    """An event that was under way at the cut arrives after it."""
    scene = Scene()
    starting = scene.pod("web-a", "node3", ready=False)
    scene.cut()
    scene.wait(0.01)
    scene.change(starting, ready=True)
    assert scene.outage.recovered is None


def test_statefulset_pods_are_waited_for_but_reported_apart() -> None:
    scene = Scene()
    web, db = scene.pod("web-a", "node3"), scene.pod("db-0", "node3", "StatefulSet")
    scene.cut()
    _, db = scene.wait(8).lose(web, db)
    scene.pod("web-b", "node1")
    passed = recovery.milestones(scene.outage)
    assert passed["recovered"] == 10
    assert "whole" not in passed
    (waiting,) = [pod for pod in scene.outage.displaced if pod.fate is Fate.WAITS]
    assert "waits until the machine is back" in recovery.explain(scene.outage, waiting)
    scene.wait(20).restore()
    scene.node("node3", "True")
    scene.remove(db)
    scene.wait(2)
    scene.pod("db-0", "node3", "StatefulSet", uid="new")
    assert recovery.milestones(scene.outage)["whole"] == 32
    assert recovery.milestones(scene.outage)["recovered"] == 10


def test_when_only_statefulset_pods_were_lost_the_recovery_time_is_theirs() -> None:
    scene = Scene()
    db = scene.pod("db-0", "node3", "StatefulSet")
    scene.cut()
    (db,) = scene.wait(8).lose(db)
    scene.restore()
    scene.node("node3", "True")
    scene.remove(db)
    scene.wait(1)
    scene.pod("db-0", "node3", "StatefulSet", uid="new")
    assert recovery.recovery_time(scene.outage) == 11


def test_daemonset_pods_are_not_waited_for_and_bare_pods_are_lost() -> None:
    scene = Scene()
    agent = scene.pod("agent", "node3", "DaemonSet", toleration=None)
    bare = scene.pod("bare", "node3", None)
    scene.cut()
    scene.wait(8).lose(bare)
    fates = {pod.name: pod.fate for pod in scene.outage.displaced}
    assert fates == {agent.name: Fate.STAYS, bare.name: Fate.LOST}
    assert recovery.recovery_time(scene.outage) is None
    assert recovery.current_phase(scene.outage) is None
    why = {pod.name: recovery.explain(scene.outage, pod) for pod in scene.outage.displaced}
    assert "DaemonSet" in why["agent"]
    assert "is not recreated" in why["bare"]


def test_a_machine_back_before_kubernetes_noticed_is_unnoticed() -> None:
    scene = Scene()
    scene.pod("web-a", "node3")
    scene.cut()
    scene.wait(4).restore()
    scene.wait(2)
    assert recovery.outcome(scene.outage) is Outcome.UNNOTICED
    assert story(scene.outage)[-1].text == "node3 was in contact with Kubernetes again."
    assert scene.outage.closed is None
    scene.wait(SETTLE + 2)
    assert scene.outage.closed is not None
    assert "before Kubernetes noticed" in story(scene.outage)[-1].text


def test_pods_that_were_restarted_by_an_unnoticed_blip_are_waited_for() -> None:
    scene = Scene()
    pod = scene.pod("web-a", "node3")
    scene.cut()
    scene.wait(4).restore()
    scene.wait(3)
    scene.change(pod, ready=False, restarts=1)
    scene.wait(5)
    scene.change(pod, ready=True, restarts=1)
    assert scene.outage.displaced[0].returned == scene.now
    scene.wait(SETTLE + 2)
    assert recovery.outcome(scene.outage) is Outcome.UNNOTICED


def test_a_pod_that_had_come_back_is_not_given_up_by_a_rollout_after_the_recovery() -> None:
    scene = Scene()
    scene.wants(1)
    pod = scene.pod("web-a", "node3")
    scene.cut()
    scene.wait(4).restore()
    scene.wait(4)
    pod = scene.change(pod, ready=False, restarts=1)
    pod = scene.change(pod, ready=True)
    assert scene.outage.recovered == scene.now
    scene.wait(4)
    pod = scene.change(pod, deleting=True)
    scene.remove(pod)
    scene.pod("web-b", "node1")
    (back,) = scene.outage.displaced
    assert (back.evicted, back.gone, back.successor) == (None, None, None)
    assert recovery.phases(scene.outage) == {"ready": 8.0}


def test_pods_without_room_are_pending_and_the_reason_is_told() -> None:
    scene = Scene()
    lost = scene.pod("web-a", "node3")
    scene.cut()
    (lost,) = scene.wait(8).lose(lost)
    message = "0/3 nodes are available: 2 Insufficient memory"
    scene.pod("web-b", None, ready=False, phase="Pending", unschedulable=message)
    assert message in recovery.explain(scene.outage, scene.outage.displaced[0])
    scene.restore()
    scene.node("node3", "True")
    scene.remove(lost)
    scene.wait(GIVE_UP + 2)
    assert recovery.outcome(scene.outage) is Outcome.INCOMPLETE
    assert message in story(scene.outage)[-1].text


def test_a_node_that_falls_silent_by_itself_is_an_observed_outage() -> None:
    scene = Scene()
    scene.pod("web-a", "node3")
    scene.wait(4)
    scene.silent.add("node3")
    last = scene.now
    scene.wait(8)
    scene.node("node3", "Unknown")
    assert scene.outage.origin is Origin.OBSERVED
    assert scene.outage.t0 == last
    assert scene.outage.t0_within == 2
    assert scene.outage.feed is None
    assert set(recovery.milestones(scene.outage)) == {"last_seen", "not_ready"}


def test_a_node_that_was_silent_before_we_came_has_no_t0_and_is_no_outage() -> None:
    scene = Scene()
    scene.silent.add("node3")
    scene.node("node3", "Unknown")
    scene.outages.clear()
    fresh = Scene()
    fresh.tracker.world.nodes["node3"] = scene.nodes["node3"]
    fresh.node("node3", "Unknown", UNREACHABLE)
    assert fresh.outages == {}


@pytest.mark.parametrize("all_silent", [True, False])
def test_when_all_fall_silent_together_it_is_the_api_server_that_is_away(all_silent: bool) -> None:
    scene = Scene()
    scene.wait(4)
    scene.silent |= set(scene.nodes) if all_silent else {"node3"}
    scene.wait(8)
    scene.node("node3", "Unknown")
    assert (scene.outages == {}) is all_silent


def test_while_we_were_blind_a_silent_node_is_no_evidence() -> None:
    scene = Scene()
    scene.wait(4)
    scene.stale()
    scene.silent.add("node3")
    scene.wait(8)
    scene.fresh()
    scene.node("node3", "Unknown")
    assert scene.outages == {}


def test_how_long_we_were_blind_during_an_outage_is_kept_with_it() -> None:
    scene = Scene()
    scene.pod("web-a", "node3")
    scene.cut()
    scene.wait(2).stale()
    scene.wait(3).fresh()
    assert scene.outage.blind == 3


def test_an_eviction_that_is_held_back_is_said_to_be() -> None:
    scene = Scene()
    scene.pod("web-a", "node3")
    scene.cut()
    scene.wait(8)
    for name in ("node2", "node3"):
        scene.node(name, "Unknown")
    scene.wait(4)
    assert "evicts no pods" in scene.outages["node3"].held
    scene.node("node3", "Unknown", UNREACHABLE)
    assert scene.outages["node3"].held == ""


def test_a_deleted_node_ends_its_outage() -> None:
    scene = Scene()
    scene.cut()
    scene.tell(Removed(scene.nodes["node3"], scene.now))
    assert recovery.outcome(scene.outage) is Outcome.ABORTED


def test_two_machines_at_once_are_two_outages_that_do_not_mix_up_their_pods() -> None:
    scene = Scene(4)
    a, b = scene.pod("web-a", "node3"), scene.pod("web-b", "node4")
    scene.cut("node3")
    scene.cut("node4")
    scene.wait(8)
    scene.lose(a, machine="node3")
    scene.pod("web-c", "node1")
    scene.lose(b, machine="node4")
    scene.pod("web-d", "node2")
    successors = {
        machine: [sure(pod.successor).name for pod in outage.displaced]
        for machine, outage in scene.outages.items()
    }
    assert successors == {"node3": ["web-c"], "node4": ["web-d"]}


def test_the_story_counts_replacements_and_names_what_is_gone_for_good() -> None:
    scene = Scene()
    moving, bare = scene.pod("web-a", "node3"), scene.pod("bare", "node3", None)
    scene.cut()
    gone = scene.wait(8).lose(moving, bare)
    scene.pod("web-b", "node1")
    scene.restore()
    scene.node("node3", "True")
    for pod in gone:
        scene.remove(pod)
    told = {line.about: line.text for line in story(scene.outage)}
    assert told["scheduled"] == "The replacement was scheduled."
    assert "no controller recreates them: bare" in told["closed"]
    assert "everything runs" not in told["closed"]


def test_pods_that_came_back_by_themselves_are_no_replacements() -> None:
    scene = Scene()
    moves, stays = scene.pod("web-a", "node3"), scene.pod("web-b", "node3", toleration=300.0)
    scene.cut()
    scene.wait(8)
    scene.node("node3", "Unknown")
    moves, stays = (scene.change(pod, ready=False) for pod in (moves, stays))
    scene.change(moves, deleting=True)
    scene.pod("web-c", "node1")
    scene.restore()
    scene.node("node3", "True")
    scene.change(stays, ready=True)
    told = {line.about: line.text for line in story(scene.outage)}
    assert told["scheduled"] == "The replacement was scheduled."


def lose_feed(
    scene: Scene,
    *,
    state: FeedState = FeedState.OFF,
    within: float = 0.0,
    cause: Cause | None = Cause.HAND,
) -> None:
    scene.tell(FeedSensed("node3", "node3", FeedKind.POWER, state, scene.now, within, cause=cause))


def test_a_feed_that_a_sensor_loses_begins_an_outage_at_the_sensors_moment() -> None:
    scene = Scene()
    scene.pod("web-a", "node3")
    lose_feed(scene, within=0.1)
    assert (scene.outage.t0, scene.outage.t0_within) == (scene.now, 0.1)
    assert set(recovery.milestones(scene.outage)) == {"lost"}
    assert "a pulled or loose cable" in story(scene.outage)[0].text
    scene.silent.add("node3")
    scene.wait(8)
    scene.node("node3", "Unknown")
    assert len(scene.outages) == 1, "the silence is the same outage"


def test_an_outage_is_not_over_while_its_sensor_sees_no_power() -> None:
    scene = Scene()
    lose_feed(scene)
    scene.silent.add("node3")
    scene.wait(8)
    scene.node("node3", "Unknown")
    scene.silent.discard("node3")
    scene.node("node3", "True")
    scene.wait(2)
    assert scene.outage.closed is None
    lose_feed(scene, state=FeedState.ON)
    assert scene.outage.restored == scene.outage.closed == scene.now


def test_a_silence_that_a_slow_sensor_explains_afterwards_keeps_its_t0() -> None:
    scene = Scene()
    scene.pod("web-a", "node3")
    scene.wait(4)
    scene.silent.add("node3")
    last = scene.now
    scene.wait(8)
    scene.node("node3", "Unknown")
    lose_feed(scene, within=30.0)
    assert (scene.outage.t0, scene.outage.feed) == (last, FeedKind.POWER)
    assert scene.outage.cause is Cause.HAND


def test_a_machine_that_falls_silent_with_its_power_on_has_a_fault() -> None:
    scene = Scene()
    scene.tell(FeedSensed("node3", "node3", FeedKind.POWER, FeedState.ON, scene.now))
    scene.wait(4)
    scene.silent.add("node3")
    scene.wait(8)
    scene.node("node3", "Unknown")
    assert scene.outage.cause is Cause.FAULT
    assert "its power was on" in story(scene.outage)[0].text


def test_a_feed_that_goes_again_before_the_machine_is_back_is_not_restored() -> None:
    scene = Scene()
    scene.pod("web-a", "node3")
    lose_feed(scene)
    scene.wait(2)
    lose_feed(scene, state=FeedState.ON, cause=None)
    assert scene.outage.restored == scene.now
    scene.wait(1)
    lose_feed(scene)
    assert scene.outage.restored is None
    assert len(scene.outages) == 1


def test_a_machine_that_is_lost_again_after_a_blip_is_another_outage_with_its_own_t0() -> None:
    scene = Scene()
    scene.pod("web-a", "node3")
    lose_feed(scene)
    scene.wait(2)
    lose_feed(scene, state=FeedState.ON, cause=None)
    scene.wait(6)
    blip = scene.outage
    assert recovery.outcome(blip) is Outcome.UNNOTICED
    lose_feed(scene)
    again = scene.outage
    assert (again.t0, again.restored, len(scene.tracker.outages)) == (scene.now, None, 1)
    scene.silent.add("node3")
    scene.wait(8)
    scene.node("node3", "Unknown")
    assert recovery.milestones(scene.outage)["not_ready"] == 8
    assert blip.not_ready is None


def test_a_machine_without_a_sensor_that_falls_silent_after_a_blip_is_another_outage() -> None:
    scene = Scene()
    scene.pod("web-a", "node3")
    scene.cut()
    scene.wait(2).restore()
    scene.wait(6)
    assert recovery.outcome(scene.outage) is Outcome.UNNOTICED
    last = scene.now
    scene.silent.add("node3")
    scene.wait(8)
    scene.node("node3", "Unknown")
    assert (scene.outage.origin, scene.outage.t0) == (Origin.OBSERVED, last)


def noticed_and_back(scene: Scene) -> None:
    """node3 was cut; Kubernetes noticed and gave its pod up; it is back and is lost once more."""
    lost = scene.pod("web-a", "node3")
    scene.cut()
    (lost,) = scene.wait(8).lose(lost)
    scene.restore()
    scene.node("node3", "True")


def test_a_machine_lost_again_before_its_pods_are_replaced_is_in_the_same_outage() -> None:
    scene = Scene()
    noticed_and_back(scene)
    t0 = scene.outage.t0
    scene.wait(2)
    lose_feed(scene)
    assert (scene.outage.t0, scene.outage.restored, scene.outage.rejoined) == (t0, None, None)
    scene.pod("web-b", "node1")
    assert scene.outage.recovered == scene.now


def test_a_machine_lost_again_after_its_pods_were_replaced_is_another_outage() -> None:
    scene = Scene()
    waits = scene.pod("orders-0", "node3", "StatefulSet")
    noticed_and_back(scene)
    scene.change(waits, ready=False)
    scene.pod("web-b", "node1")
    first = scene.outage
    assert recovery.outcome(first) is Outcome.RECOVERED
    scene.wait(2)
    event = FeedSensed("node3", "node3", FeedKind.POWER, FeedState.OFF, scene.now, cause=Cause.HAND)
    old, new = scene.tracker.handle(event)
    assert (old.id, old.closed, recovery.outcome(old)) == (first.id, scene.now, Outcome.RECOVERED)
    assert "lost again" in old.interrupted
    assert (new.t0, new.closed) == (scene.now, None)


def test_a_pod_whose_deployment_wants_fewer_now_is_not_waited_for() -> None:
    scene = Scene()
    scene.wants(3)
    lost = [scene.pod(f"web-{i}", "node3") for i in "ab"]
    scene.pod("web-c", "node1")
    scene.cut()
    scene.wait(8).lose(*lost)
    scene.wants(2)
    assert scene.outage.recovered is None, "one is still missing"
    scene.wait(1)
    scene.pod("web-d", "node1")
    assert scene.outage.recovered == scene.now
    pods = {pod.name: recovery.explain(scene.outage, pod) for pod in scene.outage.displaced}
    assert pods["web-a"].startswith("no longer needed")
    assert pods["web-b"].startswith("replaced by web-d")
    told = {line.about: line.text for line in story(scene.outage)}
    assert (
        "the 1 pod that could move was running again. 1 was no longer needed" in told["recovered"]
    )


def test_a_pod_whose_deployment_was_deleted_is_not_waited_for() -> None:
    scene = Scene()
    scene.wants(1)
    lost = scene.pod("web-a", "node3")
    scene.cut()
    scene.wait(8).lose(lost)
    assert scene.outage.recovered is None
    scene.tell(Removed(Workload("Deployment", "shop", "web", "d", desired=1), scene.now))
    assert scene.outage.recovered == scene.now
    assert "scheduled" not in recovery.milestones(scene.outage)


def test_a_rollout_that_made_pods_before_it_gave_up_the_lost_ones_is_a_recovery() -> None:
    scene = Scene()
    scene.wants(2)
    lost, old = scene.pod("web-a", "node3"), scene.pod("web-b", "node1")
    scene.cut()
    scene.wait(1)
    new = [scene.pod(f"new-{i}", "node2", ready=False) for i in "ab"]
    scene.wait(2)
    scene.change(new[0], ready=True)
    scene.change(lost, deleting=True)
    assert scene.outage.recovered == scene.now, "web-b and new-a are as many as it wants"
    scene.change(new[1], ready=True)
    scene.change(old, deleting=True)
    assert scene.outage.recovered == scene.now


def test_pods_of_the_lost_machine_do_not_make_another_one_unneeded() -> None:
    scene = Scene()
    scene.wants(2)
    lost = [scene.pod(f"web-{i}", "node3") for i in "ab"]
    scene.cut()
    scene.wait(1).wants(1)
    scene.change(lost[0], deleting=True)
    assert scene.outage.recovered is None, "the other one says that it is Ready, and is dark"


def test_replicas_that_are_added_after_the_recovery_are_no_replacements() -> None:
    scene = Scene()
    scene.wants(1)
    lost = scene.pod("web-a", "node3")
    scene.cut()
    scene.wait(8).lose(lost)
    scene.wants(0)
    recovered = scene.now
    scene.wait(5).wants(1)
    scene.pod("web-b", "node1")
    assert (scene.outage.recovered, scene.outage.displaced[0].successor) == (recovered, None)


def test_a_pod_that_is_wanted_after_all_is_waited_for() -> None:
    scene = Scene()
    scene.wants(2)
    lost = [scene.pod(f"web-{i}", "node3") for i in "ab"]
    scene.cut()
    scene.wait(8)
    scene.node("node3", "Unknown")
    scene.wants(0)
    scene.change(lost[0], deleting=True)
    assert scene.outage.displaced[0].unneeded == scene.now
    scene.wants(2)
    assert scene.outage.displaced[0].unneeded is None
    assert scene.outage.recovered is None


def test_a_warning_tells_why_a_successor_does_not_start() -> None:
    scene = Scene()
    pod = scene.pod("web-a", "node3")
    scene.cut()
    scene.wait(8).lose(pod)
    new = scene.pod("web-b", "node1", ready=False, phase="Pending", reason="ContainerCreating")

    def why() -> str:
        return recovery.explain(scene.outage, scene.outage.displaced[0])

    assert why() == "web-b is starting on node1: ContainerCreating"
    scene.warn(new, "FailedAttachVolume", "Multi-Attach error")
    assert why() == "web-b is starting on node1: FailedAttachVolume: Multi-Attach error"
    scene.change(new, ready=True)
    assert why() == "replaced by web-b on node1"


def test_what_is_said_of_other_pods_or_is_no_warning_changes_nothing() -> None:
    scene = Scene()
    pod, other = scene.pod("web-a", "node3"), scene.pod("web-z", "node1")
    scene.cut()
    (pod,) = scene.wait(8).lose(pod)
    new = scene.pod("web-b", "node1", ready=False, phase="Pending")
    before = scene.outage
    scene.warn(other, "Unhealthy", "Readiness probe failed")
    scene.warn(pod, "NodeNotReady", "Node is not ready")
    scene.warn(new, "Pulled", "Container image is there", type="Normal")
    scene.warn(new, "FailedScheduling", "0/3 nodes are available")  # told late: it has a machine
    assert scene.outage == before


def test_an_outage_is_not_measured_on_in_a_cluster_that_is_not_the_one_it_was() -> None:
    scene = Scene()
    pod = scene.pod("web-a", "node3")
    scene.cut()
    scene.wait(10)
    scene.lose(pod)
    scene.tell(Stale(scene.now, "The cluster went back in time: pods were at version 9", True))
    scene.remove(pod)
    scene.fresh()
    assert recovery.outcome(scene.outage) is Outcome.ABORTED
    assert recovery.recovery_time(scene.outage) is None
    assert "the cluster went back in time" in scene.outage.interrupted


def test_a_jobs_replacement_that_has_finished_counts_as_replaced() -> None:
    scene = Scene()
    web, work = scene.pod("web-a", "node3"), scene.pod("work-a", "node3", "Job")
    scene.cut()
    web, work = scene.wait(8).lose(web, work)
    new = scene.pod("work-b", "node1", "Job")
    scene.wait(2)
    scene.change(new, phase="Succeeded", ready=False)
    scene.wait(2)
    scene.pod("web-b", "node1")
    assert scene.outage.recovered == scene.now
    assert recovery.outcome(scene.outage) is Outcome.RECOVERED


def test_a_jobs_replacement_that_finishes_before_it_was_seen_ready_counts_and_its_removal_too() -> (
    None
):
    scene = Scene()
    web, work = scene.pod("web-a", "node3"), scene.pod("work-a", "node3", "Job")
    scene.cut()
    scene.wait(8).lose(web, work)
    new = scene.pod("work-b", "node1", "Job", ready=False, phase="Pending")
    scene.remove(scene.change(new, phase="Succeeded"))
    scene.pod("web-b", "node1")
    assert scene.outage.recovered == scene.now


def test_a_replacement_that_fails_is_none_and_the_next_one_counts() -> None:
    scene = Scene()
    work = scene.pod("work-a", "node3", "Job")
    scene.cut()
    scene.wait(8).lose(work)
    new = scene.pod("work-b", "node1", "Job", ready=False)
    scene.change(new, phase="Failed")
    assert scene.outage.recovered is None
    assert scene.outage.displaced[0].successor is None
    scene.wait(2)
    scene.pod("work-c", "node2", "Job")
    assert scene.outage.recovered == scene.now


def test_jobs_that_end_elsewhere_leave_no_place_for_the_replacement_to_take() -> None:
    scene = Scene()
    elsewhere = scene.pod("work-1", "node1", "Job")
    work = scene.pod("work-2", "node3", "Job")
    scene.change(elsewhere, phase="Succeeded", ready=False)
    scene.cut()
    scene.wait(8).lose(work)
    scene.pod("work-3", "node2", "Job")
    assert scene.outage.recovered == scene.now


@pytest.mark.parametrize("kind", ["Job", "Cluster"])
def test_a_controller_that_waits_for_the_old_pod_is_told_as_waiting_and_not_awaited(
    kind: str,
) -> None:
    scene = Scene()
    web, db = scene.pod("web-a", "node3"), scene.pod("db-1", "node3", kind)
    scene.cut()
    web, db = scene.wait(8).lose(web, db)
    scene.wait(1)
    scene.pod("web-b", "node1")
    told = scene.now
    scene.wait(10)
    assert scene.outage.recovered == told
    waits = next(pod for pod in scene.outage.displaced if pod.name == "db-1")
    assert waits.fate is Fate.WAITS
    assert f"its {kind} waits" in recovery.explain(scene.outage, waits)
    scene.restore()
    scene.node("node3", "True")
    scene.remove(web)
    scene.remove(db)
    scene.pod("db-1", "node3", kind, uid="uid-new")
    assert scene.outage.whole == scene.now
    assert scene.outage.closed == scene.now
    assert recovery.outcome(scene.outage) is Outcome.RECOVERED


def test_an_unknown_controller_that_replaces_at_once_is_awaited() -> None:
    scene = Scene()
    web, own = scene.pod("web-a", "node3"), scene.pod("own-a", "node3", "CloneSet")
    scene.cut()
    scene.wait(8).lose(web, own)
    new = scene.pod("own-b", "node1", "CloneSet", ready=False)
    scene.pod("web-b", "node1")
    scene.wait(10)
    assert scene.outage.recovered is None
    scene.change(new, ready=True)
    assert scene.outage.recovered == scene.now


def test_a_deployment_that_gets_no_replacement_is_never_said_to_wait() -> None:
    scene = Scene()
    web = scene.pod("web-a", "node3")
    scene.cut()
    scene.wait(8).lose(web)
    scene.wait(60)
    assert scene.outage.displaced[0].fate is Fate.MOVES
    assert scene.outage.recovered is None


def test_a_job_that_makes_no_more_pods_does_not_keep_its_machine_for_a_quarter_of_an_hour() -> None:
    scene = Scene()
    work = scene.pod("work-a", "node3", "Job")
    scene.cut()
    (work,) = scene.wait(8).lose(work)
    scene.wait(8).restore()
    scene.node("node3", "True")
    scene.remove(work)
    scene.wait(SETTLE + 2)
    assert scene.outage.closed is not None
    assert recovery.outcome(scene.outage) is Outcome.INCOMPLETE


def test_a_pod_that_finishes_behind_a_cut_network_has_done_its_work() -> None:
    scene = Scene()
    web, work = scene.pod("web-a", "node3"), scene.pod("work-a", "node3", "Job", toleration=300.0)
    scene.cut(feed=FeedKind.NETWORK)
    scene.wait(8).lose(web)
    scene.pod("web-b", "node1")
    assert scene.outage.recovered is None
    scene.restore(feed=FeedKind.NETWORK)
    scene.node("node3", "True")
    scene.change(work, ready=False, phase="Succeeded")
    assert scene.outage.recovered == scene.now
    assert any("ran to completion" in recovery.explain(scene.outage, p)
               for p in scene.outage.displaced)  # fmt: skip


def test_a_pod_of_a_deployment_that_ended_well_was_told_to_and_is_not_done() -> None:
    scene = Scene()
    web = scene.pod("web-a", "node3")
    scene.cut(feed=FeedKind.NETWORK)
    (web,) = scene.wait(8).lose(web)
    scene.restore(feed=FeedKind.NETWORK)
    scene.node("node3", "True")
    scene.change(web, ready=False, phase="Succeeded")
    assert scene.outage.recovered is None


@pytest.mark.parametrize("kind", ["ReplicaSet", "Job"])
def test_a_pod_that_failed_is_replaced_though_nobody_deletes_it(kind: str) -> None:
    scene = Scene()
    web = scene.pod("web-a", "node3", kind)
    scene.cut()
    scene.wait(8)
    scene.node("node3", "Unknown", UNREACHABLE)
    scene.restore()
    scene.node("node3", "True")
    scene.change(web, ready=False, phase="Failed", reason="Evicted")
    scene.pod("web-b", "node1", kind)
    assert scene.outage.recovered == scene.now
    assert scene.outage.closed == scene.now


def test_a_pod_that_tolerates_a_lost_machine_without_limit_waits_for_it() -> None:
    scene = Scene()
    web, stays = scene.pod("web-a", "node3"), scene.pod("web-c", "node3", toleration=None)
    scene.cut()
    scene.wait(8).lose(web)
    stays = scene.change(stays, ready=False)
    scene.pod("web-b", "node1")
    assert scene.outage.recovered == scene.now
    scene.restore()
    scene.node("node3", "True")
    scene.remove(web)
    assert scene.outage.whole is None
    scene.change(stays, ready=True, restarts=1)
    assert scene.outage.whole == scene.now


def test_a_pod_that_tolerates_nothing_moves_at_once() -> None:
    scene = Scene()
    web = scene.pod("web-a", "node3", toleration=0.0)
    scene.cut()
    scene.wait(8)
    scene.node("node3", "Unknown", UNREACHABLE)
    assert scene.outage.displaced[0].fate is Fate.MOVES
    assert recovery.evicts_at(scene.outage, scene.outage.displaced[0]) == scene.now
    scene.change(web, deleting=True)
    scene.pod("web-b", "node1")
    assert scene.outage.recovered == scene.now


def test_a_mirror_pod_belongs_to_its_machine() -> None:
    scene = Scene()
    scene.pod("proxy-node3", "node3", "Node", toleration=None)
    scene.cut()
    assert scene.outage.displaced[0].fate is Fate.STAYS


def test_where_nothing_can_move_it_says_so_and_tells_of_no_replacements_elsewhere() -> None:
    scene = Scene()
    db = scene.pod("db-0", "node3", "StatefulSet")
    scene.pod("agent", "node3", "DaemonSet", toleration=None)
    scene.cut()
    (db,) = scene.wait(8).lose(db)
    assert "None of the pods that node3 had can move" in _told(scene, "not_ready")
    scene.wait(10).restore()
    scene.node("node3", "True")
    scene.remove(db)
    scene.pod("db-0", "node3", "StatefulSet", uid="uid-new")
    assert "none of them could move" in _told(scene, "recovered")


def test_a_machine_without_pods_is_not_said_to_hold_any_back() -> None:
    scene = Scene()
    scene.cut()
    scene.wait(8)
    scene.node("node3", "Unknown")
    assert "can move" not in _told(scene, "not_ready")


def test_without_room_the_story_says_for_how_many_and_takes_it_back() -> None:
    scene = Scene()
    pods = [scene.pod(f"web-{i}", "node3") for i in range(3)]
    scene.cut()
    scene.wait(8).lose(*pods)
    no_room = "0/3 nodes are available: 2 Insufficient memory."
    new = [
        scene.pod(f"new-{i}", None, ready=False, phase="Pending", unschedulable=no_room)
        for i in range(3)
    ]
    assert _told(scene, "no room").startswith("No machine can take 3 pods: 0/3 nodes")
    for pod in new:
        scene.change(pod, node="node1", unschedulable="")
    assert "no room" not in {line.about for line in story(scene.outage)}


def _told(scene: Scene, about: str) -> str:
    return next(line.text for line in story(scene.outage) if line.about == about)


def test_signs_of_life_of_a_machine_whose_clock_is_behind_count_by_their_arrival() -> None:
    scene = Scene()
    scene.pod("web-a", "node3")
    scene.wait(4)
    _rejoin_in_the_past(scene)
    scene.node("node3", "Unknown", reason="NodeStatusUnknown")
    assert scene.outages == {}
    assert sure(scene.tracker.world.clock_behind("node3")) > 0
    assert scene.tracker.world.clock_behind("node1") is None


def test_a_machine_whose_clock_is_behind_may_still_be_lost() -> None:
    scene = Scene()
    scene.wait(4)
    _rejoin_in_the_past(scene)
    last = scene.now
    scene.silent.add("node3")
    scene.wait(8)
    scene.node("node3", "Unknown")
    assert scene.outage.t0 == last


def _rejoin_in_the_past(scene: Scene) -> None:
    """It boots with an old date, and its kubelet renews its lease with that."""
    scene.silent.add("node3")
    for stamp in range(4):
        scene.wait(2)
        scene.tell(Changed(Lease("node3", "l-node3", stamp - 900.0, duration=8), scene.now))


def test_an_outage_never_begins_before_the_last_return_of_its_machine() -> None:
    scene = Scene()
    scene.pod("web-a", "node3")
    scene.cut()
    scene.wait(8)
    scene.node("node3", "Unknown")
    scene.wait(8).restore()
    scene.silent.add("node3")
    scene.node("node3", "True")
    back = scene.now
    first = scene.outages.pop("node3")
    scene.tracker.outages = {}
    scene.wait(2)
    scene.tell(Changed(Lease("node1", "l", renewed=1e6, duration=8), scene.now))
    scene.node("node3", "Unknown")
    assert scene.outages["node3"].t0 == back > first.t0


def test_two_outages_of_a_machine_within_a_second_have_two_ids() -> None:
    scene = Scene()
    scene.tell(
        FeedSensed("node3", "node3", FeedKind.POWER, FeedState.OFF, scene.now, cause=Cause.HAND)
    )
    first = scene.outages.pop("node3")
    scene.tell(FeedSensed("node3", "node3", FeedKind.POWER, FeedState.ON, scene.now + 0.1))
    scene.tell(Removed(scene.nodes["node3"], scene.now + 0.2))
    scene.tell(Changed(scene.nodes["node3"], scene.now + 0.3))
    scene.tell(
        FeedSensed(
            "node3", "node3", FeedKind.POWER, FeedState.OFF, scene.now + 0.5, cause=Cause.HAND
        )
    )
    assert scene.outages["node3"].id == f"{first.id}-2"
    assert scene.tracker.name(scene.now, "node3") == f"{first.id}-3"


def test_an_id_of_an_earlier_process_is_given_to_no_other_outage() -> None:
    scene = Scene()
    scene.tracker.know_ids([scene.tracker.name(scene.now, "node3")])
    assert scene.tracker.name(scene.now, "node3").endswith("-node3-2")


@pytest.mark.parametrize("by", [1_700_000_000.0, -5000.0])
def test_a_clock_that_is_set_right_changes_no_measured_second(by: float) -> None:
    quiet, stepped = Scene(), Scene()
    for scene in (quiet, stepped):
        web = scene.pod("web-a", "node3", created=1.0)
        scene.cut()
        (web,) = scene.wait(8).lose(web)
        if scene is stepped:
            scene.now += by
            scene.tell(ClockStepped(by, scene.now))
        scene.pod("web-b", "node1", created=2.0)
        scene.wait(4).restore()
        scene.node("node3", "True")
        scene.remove(web)
    passed = recovery.milestones(stepped.outage)
    assert passed == pytest.approx(recovery.milestones(quiet.outage), abs=1e-3)
    assert stepped.outage.closed is not None
    assert stepped.outage.t0 - quiet.outage.t0 == pytest.approx(by, abs=1e-3)


def test_after_a_clock_was_set_right_a_machine_falls_silent_at_its_last_sign() -> None:
    scene = Scene()
    scene.wait(4)
    scene.now += 1e9
    scene.tell(ClockStepped(1e9, scene.now))
    scene.silent.add("node3")
    last = scene.now
    scene.wait(8)
    scene.node("node3", "Unknown")
    assert scene.outage.t0 == last


def test_a_machine_that_falls_silent_when_a_cut_was_given_up_is_not_told_as_anybody_elses() -> None:
    """The device was at it: the machine may have been cycled, and nothing saw that."""
    scene = Scene().wait(10)
    scene.pod("web-a", "node3")
    commanded = scene.now
    scene.silent.add("node3")
    scene.now += 1
    scene.tell(CutShort("node3", "node3", FeedKind.POWER, commanded, scene.now, "Ada"))
    scene.restore("node3")
    scene.silent.add("node3")  # it boots
    scene.wait(9).node("node3", "Unknown", reason="NodeStatusUnknown")
    outage = scene.outage
    assert (outage.cause, outage.by, outage.feed) == (Cause.CUT_SHORT, "Ada", FeedKind.POWER)
    assert outage.t0 == commanded
    assert "aborted just then" in story(outage)[0].text


def test_a_cut_that_was_given_up_long_ago_has_nothing_to_do_with_a_silence() -> None:
    scene = Scene().wait(10)
    scene.tell(CutShort("node3", "node3", FeedKind.POWER, scene.now, scene.now + 1, "Ada"))
    scene.restore("node3")
    scene.wait(60)
    scene.silent.add("node3")
    scene.wait(9).node("node3", "Unknown", reason="NodeStatusUnknown")
    assert scene.outage.cause is not Cause.CUT_SHORT
