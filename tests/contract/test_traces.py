"""The simulator does what a real control plane did: the same changes in the same order, in time.

Each recording and the simulator's runs of the same scenario are reduced to words (`_sim_changes`).
Words are compared exactly wherever one causes the next: of each lost node, of each pod by its
workload and part in the story, of slices and workloads with one pod on the node, and the reasons
of events. Moments are compared as phases, differences of moments, because the moment within the
lease's renewal at which a machine is cut is chance: a recorded phase must lie within what the
simulator does over several seeds, widened by the phase's tolerance, and near its middle.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from statistics import median
from typing import Any

import pytest

from chaosmonkey.simcluster.apiserver.resources import DEPLOYMENTS, PODS
from chaosmonkey.simcluster.apiserver.storage import key_of
from tests.contract._sim_changes import TRACES, Life, Run, recorded, reduce
from tests.contract._sim_scenarios import GRACE40, SCENARIOS, Scenario, watch, whole

SEEDS = range(12)
WHOLE = [name for name in SCENARIOS if name not in {"03a-frozen-20s", "03c-link-cut-20s"}]
ONE_NODE = [name for name in WHOLE if len(SCENARIOS[name].lost) == 1]


@dataclass(frozen=True)
class Tolerance:
    """How far a recorded phase may lie outside the simulator's range, and from its middle."""

    edge: float
    middle: float


TOLERANCES = {
    "last renewal → Unknown": Tolerance(0.3, 3.0),
    "Unknown → NoSchedule": Tolerance(0.05, 0.1),
    "Unknown → pods unready, last": Tolerance(0.1, 0.15),
    "Unknown → NoExecute": Tolerance(0.1, 0.2),
    "NoExecute → marked": Tolerance(0.1, 0.2),
    "NoExecute → marked, default toleration": Tolerance(0.1, 0.2),
    "marked → successor created": Tolerance(0.05, 0.1),
    "created → bound": Tolerance(0.05, 0.1),
    "created → Ready, first": Tolerance(1.0, 1.5),
    "created → Ready, last": Tolerance(1.0, 1.5),
    "restored → node Ready": Tolerance(0.8, 6.0),
    "node Ready → NoSchedule gone": Tolerance(0.05, 0.1),
    "node Ready → NoExecute gone": Tolerance(0.3, 4.0),
    "restored → marked pods gone, first": Tolerance(1.0, 1.5),
    "restored → marked pods gone, last": Tolerance(1.0, 1.5),
    "restored → StatefulSet pod Ready": Tolerance(0.7, 2.0),
    "restored → stayed pods Ready, last": Tolerance(1.2, 5.0),
}
"""Seconds; the middle's is wide where Kubernetes itself throws dice (the phase of a period)."""


@cache
def recording(trace: str) -> Run:
    return reduce(recorded(trace))


@cache
def runs(scenario: Scenario) -> tuple[Run, ...]:
    """The simulator's runs in which, as recorded, one node is lost before the others."""
    played = [scenario.play(seed) for seed in SEEDS]
    if len(scenario.lost) == 1:
        return tuple(played)
    alone = tuple(run for run in played if evicted(run, scenario))
    assert len(alone) >= 4
    return alone


def evicted(run: Run, scenario: Scenario) -> str:
    """The lost node that was tainted NoExecute."""
    for name in scenario.lost:
        if any("unreachable:NoExecute" in word for _, word in run.nodes[name]):
            return name
    return ""


def words(life: Life, scenario: Scenario) -> tuple[str, ...]:
    leave_out = "restarted" if scenario.trace in RESTARTED_BEFORE else ""
    return tuple(word for _, word in life.words if word != leave_out)


RESTARTED_BEFORE = {"04b-three-of-five-nodes-grace8", "09-power-cut-grace8-330s"}
"""Here some workers had rebooted before, and their runtime, in memory, counts no further than 1."""


def parts(run: Run, scenario: Scenario) -> dict[tuple[str, str], set[tuple[str, ...]]]:
    """Each pod's sequence of words, by its workload and its part in the story."""
    first = evicted(run, scenario)
    found: dict[tuple[str, str], set[tuple[str, ...]]] = defaultdict(set)
    for life in run.pods.values():
        if not life.there_before:
            part = "successor"
        elif life.node == first:
            part = "on the evicted node"
        elif life.node in scenario.lost:
            part = "on another lost node"
        else:
            part = "elsewhere"
        found[life.workload, part].add(words(life, scenario))
    return found


@pytest.mark.parametrize("trace", SCENARIOS)
def test_every_lost_node_goes_through_the_recorded_changes(trace: str) -> None:
    scenario = SCENARIOS[trace]
    want = recording(trace)

    def told(run: Run) -> set[tuple[bool, tuple[str, ...]]]:
        first = evicted(run, scenario)
        return {
            (name == first, tuple(word for _, word in run.nodes[name])) for name in scenario.lost
        }

    for run in runs(scenario):
        assert told(run) == told(want)


@pytest.mark.parametrize("trace", SCENARIOS)
def test_no_other_node_changes(trace: str) -> None:
    scenario = SCENARIOS[trace]
    for run in [recording(trace), *runs(scenario)]:
        assert not [n for n, said in run.nodes.items() if said and n not in scenario.lost]


@pytest.mark.parametrize("trace", SCENARIOS)
def test_every_pod_goes_through_the_recorded_changes_of_its_part(trace: str) -> None:
    scenario = SCENARIOS[trace]
    want = parts(recording(trace), scenario)
    for run in runs(scenario):
        got = parts(run, scenario)
        for part in want.keys() & got.keys():
            assert got[part] == want[part], part
        assert ("agent", "successor") not in got


@pytest.mark.parametrize("trace", WHOLE)
def test_each_marked_pod_of_a_workload_has_one_successor_of_the_same_workload(trace: str) -> None:
    scenario = SCENARIOS[trace]
    for run in [recording(trace), *runs(scenario)]:
        marked = sorted(life.workload for life in run.pods.values() if life.at("marked"))
        assert sorted(life.workload for life in run.successors()) == marked


@pytest.mark.parametrize("trace", ["03a-frozen-20s", "03c-link-cut-20s"])
def test_an_absence_shorter_than_the_grace_changes_nothing(trace: str) -> None:
    for run in [recording(trace), *runs(SCENARIOS[trace])]:
        assert not any(run.nodes.values())
        assert not any(life.words for life in run.pods.values())
        assert not any(run.slices.values())


@pytest.mark.parametrize("trace", ONE_NODE)
@pytest.mark.parametrize("name", ["web", "agent"])
def test_a_workload_with_one_pod_on_the_node_counts_as_recorded(trace: str, name: str) -> None:
    scenario = SCENARIOS[trace]
    want = counted(recording(trace), scenario, name)
    for run in runs(scenario):
        assert counted(run, scenario, name) == want


def counted(run: Run, scenario: Scenario, name: str) -> list[str]:
    """What a workload's status says from the loss until the machine is back."""
    assert sum(life.workload == name for life in run.displaced(scenario.lost)) == 1
    said = [word for t, word in run.workloads[name] if t < scenario.back]
    return [word for word in said if word not in RACING]


RACING = {"5 0 4"}
"""Pods and node change within milliseconds: whether a DaemonSet counts in between is chance."""


@pytest.mark.parametrize("trace", ONE_NODE)
def test_traffic_leaves_the_lost_pods_and_comes_back_as_recorded(trace: str) -> None:
    scenario = SCENARIOS[trace]
    want = [word for _, word in recording(trace).slices["web"]]
    for run in runs(scenario):
        assert [word for _, word in run.slices["web"]] == want


@pytest.mark.parametrize("trace", WHOLE)
def test_the_same_reasons_are_given_by_the_same_sources(trace: str) -> None:
    scenario = SCENARIOS[trace]
    maybe = set(MAYBE)
    if not any(life.workload == "web" for life in recording(trace).successors()):
        # No StatefulSet pod happened to be on the evicted node.
        maybe.add(("SuccessfulCreate", "StatefulSet", "statefulset-controller"))
    got = {event for run in runs(scenario) for event in run.events}
    assert got - maybe == recording(trace).events - maybe


MAYBE = {
    ("Pulling", "Pod", "kubelet"),  # whether an image is there already depends on what ran before
    ("TaintManagerEviction", "Pod", "taint-eviction-controller"),
}


@pytest.mark.parametrize("trace", WHOLE)
def test_the_moments_are_those_of_the_recording(trace: str) -> None:
    scenario = SCENARIOS[trace]
    want = phases(recording(trace), scenario)
    all_runs = [phases(run, scenario) for run in runs(scenario)]
    wrong = []
    for phase, seconds in want.items():
        got = [run[phase] for run in all_runs if phase in run]
        assert got, f"{phase} never happened"
        allowed = TOLERANCES[phase]
        low, high = min(got) - allowed.edge, max(got) + allowed.edge
        if not low <= seconds <= high or abs(median(got) - seconds) > allowed.middle:
            wrong.append(f"{phase}: {seconds:.3f}, simulated {min(got):.3f} to {max(got):.3f}")
    assert not wrong, "\n".join(wrong)


def test_the_documentation_states_the_tolerances() -> None:
    text = (TRACES.parents[1] / "docs" / "simulator.md").read_text()
    for phase, allowed in TOLERANCES.items():
        assert f"| {phase} | {allowed.edge} | {allowed.middle} |" in text


def phases(run: Run, scenario: Scenario) -> dict[str, float]:
    """The recording's phases, in seconds; one that did not happen is absent."""
    name = evicted(run, scenario)
    node = {word: t for t, word in reversed(run.nodes[name])}
    displaced = run.displaced([name])
    moved = [life for life in displaced if life.workload == "podinfo"]
    default = [life for life in displaced if life.workload == "plain" and life.at("marked")]
    after = [life for life in run.successors() if life.workload == "podinfo"]
    statefulset = [life for life in run.successors() if life.workload == "web"]
    stayed = [life for life in displaced if not life.at("marked")]
    unknown = node["Unknown(NodeStatusUnknown)"]
    execute = node["+unreachable:NoExecute"]
    ready = node["True(KubeletReady)"]
    first_mark = min(life.at("marked") or 0 for life in moved)
    created = [life.at("created") or 0 for life in after]
    gone = [t for life in displaced if (t := life.at("gone"))]
    found = {
        "last renewal → Unknown": unknown - last_renewal(run, name),
        "Unknown → NoSchedule": node["+unreachable:NoSchedule"] - unknown,
        "Unknown → pods unready, last": max(life.at("unready") or 0 for life in displaced)
        - unknown,
        "Unknown → NoExecute": execute - unknown,
        "NoExecute → marked": first_mark - execute,
        "marked → successor created": min(created) - first_mark,
        "created → bound": max(
            (life.at("bound") or 0) - (life.at("created") or 0) for life in after
        ),
        "created → Ready, first": min(life.at("ready") or 0 for life in after) - min(created),
        "created → Ready, last": max(life.at("ready") or 0 for life in after) - min(created),
        "restored → node Ready": ready - scenario.back,
        "restored → marked pods gone, first": min(gone) - scenario.back,
        "restored → marked pods gone, last": max(gone) - scenario.back,
        "restored → stayed pods Ready, last": max(life.words[-1][0] for life in stayed)
        - scenario.back,
    }
    if "-unreachable:NoExecute" in node and "03b" not in scenario.trace:
        found["node Ready → NoSchedule gone"] = node["-unreachable:NoSchedule"] - ready
        found["node Ready → NoExecute gone"] = node["-unreachable:NoExecute"] - ready
    if default:
        marked = default[0].at("marked") or 0
        found["NoExecute → marked, default toleration"] = marked - execute
    if statefulset:
        found["restored → StatefulSet pod Ready"] = (
            statefulset[0].at("ready") or 0
        ) - scenario.back
    return found


def last_renewal(run: Run, name: str) -> float:
    """When the node was last heard of, as its lease says it, in seconds since the cut."""
    before = [(t, moment) for t, moment in run.renewals[name] if t < 1]
    after = [(t, moment) for t, moment in run.renewals[name] if t > 1]
    # A renewal after the return tells what second 0 is on the lease's own clock.
    t, moment = after[0]
    return max(m for _, m in before) - (moment - t)


def test_a_pod_deleted_by_hand_is_replaced_when_its_kind_of_workload_does_it() -> None:
    for run in [recording("05-pod-deleted-by-hand"), *(deletions(seed) for seed in SEEDS)]:
        deployment, statefulset, daemonset, forced = [
            life
            for life in sorted(run.pods.values(), key=lambda life: life.at("marked") or 1e9)
            if life.at("marked")
        ]
        new = {life.name: life for life in run.successors()}
        newest = sorted(new.values(), key=lambda life: life.at("created") or 0)
        stopped = ("succeeded(PodCompleted)", "gone")
        assert [words(life, HAND)[1:] for life in (deployment, statefulset, daemonset)] == (
            [stopped] * 3
        )
        assert words(forced, HAND) == ("marked(0)", "gone")
        marked = [life.at("marked") or 0 for life in (deployment, statefulset, daemonset, forced)]
        created = [life.at("created") or 0 for life in newest]
        assert created[0] - marked[0] < 0.1
        assert (statefulset.at("gone") or 0) < created[1] < (statefulset.at("gone") or 0) + 0.1
        assert (daemonset.at("succeeded") or 0) < created[2] < (daemonset.at("gone") or 0)
        assert created[3] - marked[3] < 0.1
        for life in newest:
            assert 0.8 < (life.at("ready") or 0) - (life.at("created") or 0) < 5.2


HAND = SCENARIOS["01-power-cut-grace40"]


@cache
def deletions(seed: int) -> Run:
    """Trace 05's deletions: a Deployment's pod, a StatefulSet's, a DaemonSet's, one forced."""
    world = whole(GRACE40, seed)

    pods = sorted(world.store.all(PODS), key=key_of)

    def delete(app: str, number: int, grace: int | None = None) -> None:
        mine = [pod for pod in pods if pod["metadata"]["labels"]["app"] == app]
        world.store.delete(PODS, key_of(mine[number]), grace=grace)

    steps = [
        (0.01, lambda: delete("podinfo", 0)),
        (12.05, lambda: delete("web", 0)),
        (24.1, lambda: delete("agent", 0)),
        (36.15, lambda: delete("podinfo", 3, 0)),
    ]
    return watch(world, steps, 48.0)


def test_a_rolling_update_keeps_between_nine_and_twelve_of_twelve_ready() -> None:
    for run in [recording("06-rolling-update"), *(update(seed) for seed in SEEDS)]:
        ready = [int(word.split()[1]) for _, word in run.slices["podinfo"]]
        assert min(ready) >= 9
        assert max(ready) <= 12
        assert ready[-1] == 12
        assert len(run.successors()) == 12
        assert 5.0 < max(life.at("ready") or 0 for life in run.successors()) < 12.0


@cache
def update(seed: int) -> Run:
    """Trace 06: another image for twelve replicas, with the default limits of 25 %."""
    world = whole(GRACE40, seed)

    def change(owner: dict[str, Any]) -> None:
        owner["spec"]["template"]["spec"]["containers"][0]["image"] += "-next"

    steps = [(0.01, lambda: world.store.edit(DEPLOYMENTS, ("demo", "podinfo"), change))]
    return watch(world, steps, 40.0)


def test_an_api_server_away_longer_than_the_grace_is_a_false_alarm_for_all_nodes() -> None:
    simulated = [outage(seed) for seed in SEEDS]
    for run in [recording("08b-apiserver-stopped-restart"), *simulated]:
        for name, said in run.nodes.items():
            if name:
                conditions = [word for _, word in said if word[0] not in "+-"]
                assert conditions == ["Unknown(NodeStatusUnknown)", "True(KubeletReady)"]
                assert not any("NoExecute" in word for _, word in said)
        for life in run.pods.values():
            assert words(life, HAND) == ("unready()", "ready")
    for run in simulated:
        back = [t for said in run.nodes.values() for t, word in said if word[0] == "T"]
        assert max(back) < 62.0 + 15.0


@cache
def outage(seed: int) -> Run:
    """Trace 08b: nobody reaches the API server for 62 s."""
    world = whole(GRACE40, seed)
    return watch(world, [(0.0, world.api_away), (62.0, world.api_back)], 100.0)
