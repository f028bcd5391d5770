"""Every refusal has its rule, its facts and a remedy; asking changes nothing."""

from collections.abc import Mapping
from typing import Any

import pytest

from chaosmonkey.config import Lab, build
from chaosmonkey.control import guard, refusals
from chaosmonkey.control.guard import CutRequest
from chaosmonkey.control.rules import Facts
from chaosmonkey.control.safety import Safety
from chaosmonkey.errors import (
    BadInput,
    ChaosMonkeyError,
    ClusterUnavailable,
    CutRefused,
    UnknownMachine,
)
from chaosmonkey.model import FeedKind, Node, Outage, Stale
from chaosmonkey.outage.cluster_state import ClusterState
from tests.unit.outage._scene import Scene

NOW = 1_000_000.0


def lab(**limits: object) -> Lab:
    machines = [{"name": f"node{i}", "power": {"driver": "gpio", "pin": i}} for i in range(1, 4)]
    return build({"gpio": {"pin_factory": "mock"}, "limits": limits, "machine": machines})


def facts(
    *,
    world: ClusterState | None = None,
    off: dict[str, float | None] | None = None,
    outages: dict[str, Outage] | None = None,
    safety: Safety | None = None,
    **more: Any,
) -> Facts:
    return Facts(
        world or Scene().tracker.world,
        off or {},
        outages or {},
        now=NOW,
        safety=Safety(armed_until=NOW + 600) if safety is None else safety,
        **more,
    )


def request(
    machine: str = "node3", *, feed: FeedKind = FeedKind.POWER, seconds: float = 60.0
) -> CutRequest:
    return CutRequest(machine, feed, seconds, by="test")


def refusal(asked: CutRequest, known: Facts, settings: Lab | None = None) -> ChaosMonkeyError:
    with pytest.raises(ChaosMonkeyError) as caught:
        guard.check(asked, settings or lab(), known)
    assert caught.value.remedy
    return caught.value


def refused(asked: CutRequest, known: Facts, settings: Lab | None = None) -> CutRefused:
    """The refusal of a rule."""
    error = refusal(asked, known, settings)
    assert isinstance(error, CutRefused)
    return error


def test_a_ready_worker_with_its_plug_on_may_be_cut() -> None:
    assert guard.check(request(), lab(), facts()).name == "node3"


def test_an_unknown_machine_is_answered_with_the_known_ones() -> None:
    error = refusal(request("nod3"), facts())
    assert isinstance(error, UnknownMachine)
    assert "Did you mean 'node3'? Known machines: node1, node2, node3." in str(error)


def test_a_node_that_is_no_machine_of_the_table_is_told_apart_from_a_slip_of_the_pen() -> None:
    world = Scene().tracker.world
    world.nodes["master"] = Node("master", "m", ready="True", control_plane=True)
    world.nodes["node9"] = Node("node9", "n9", ready="True")
    master, worker = (refusal(request(name), facts(world=world)) for name in ("master", "node9"))
    assert isinstance(master, UnknownMachine)
    assert isinstance(worker, UnknownMachine)
    assert str(master).startswith("master runs the cluster's control plane: it has no plug")
    assert str(worker).startswith("node9 is a node of the cluster, but has no plug here.")
    assert "Did you mean" not in str(worker)
    assert "Known machines: node1, node2, node3." in str(master)


def test_a_feed_without_a_plug_cannot_be_cut() -> None:
    error = refusal(request(feed=FeedKind.NETWORK), facts())
    assert isinstance(error, BadInput)
    assert "node3 has no network plug. It has: power." in str(error)


@pytest.mark.parametrize("seconds", [0, -1, 2.9, 3601, float("inf")])
def test_the_time_off_has_a_shortest_and_a_longest(seconds: float) -> None:
    assert "3 to 3600 s" in refusal(request(seconds=seconds), facts()).remedy


def test_protected_machines_are_never_cut() -> None:
    settings = lab().model_copy(
        update={"limits": lab().limits.model_copy(update={"protected": ("node3",)})}
    )
    assert refused(request(), facts(), settings).rule == "protected"


def test_the_control_plane_is_never_cut_even_if_nobody_protected_it() -> None:
    world = Scene().tracker.world
    world.nodes["node3"] = Node("node3", "n3", ready="True", control_plane=True)
    assert refused(request(), facts(world=world)).rule == "control-plane"


def test_nothing_is_cut_while_the_cluster_is_not_seen() -> None:
    world = Scene().tracker.world
    world.stale = Stale(999_990.0, "connection refused")
    error = refusal(request(), facts(world=world))
    assert isinstance(error, ClusterUnavailable)
    assert "connection refused" in error.message


def test_a_machine_that_kubernetes_does_not_know_is_not_cut() -> None:
    assert refused(request(), facts(world=Scene(2).tracker.world)).rule == "not-in-cluster"


def test_a_machine_that_is_not_ready_anyway_is_not_cut() -> None:
    scene = Scene()
    scene.silent.add("node3")
    scene.tracker.world.nodes["node3"] = Node("node3", "n3", ready="Unknown")
    assert refused(request(), facts(world=scene.tracker.world)).rule == "not-ready"


def test_what_is_off_already_says_when_it_will_be_on() -> None:
    error = refused(request(), facts(off={"node3": 1_000_012.0}))
    assert error.rule == "already-off"
    assert "It comes back on in 12 s." in error.remedy


def test_one_machine_at_a_time_unless_the_limits_allow_more() -> None:
    error = refused(request(), facts(off={"node2": 1_000_012.0}))
    assert error.rule == "max-off"
    assert "in 12 s" in error.remedy
    assert guard.check(request(), lab(max_off=2), facts(off={"node2": None})).name == "node3"


def test_a_machine_whose_last_outage_is_not_over_is_not_cut_again() -> None:
    scene = Scene()
    scene.cut()
    known = facts(world=scene.tracker.world, outages=dict(scene.tracker.outages))
    assert refused(request(), known).rule == "still-recovering"


def test_every_rule_has_a_name_of_its_own() -> None:
    rules = [cls.rule for cls in vars(refusals).values() if "rule" in vars_of(cls)]
    assert len(rules) == len(set(rules)) > 10


def test_every_rule_has_a_label_a_message_and_a_remedy() -> None:
    for cls in vars(refusals).values():
        if "rule" in vars_of(cls):
            assert all((cls.label, cls.says, cls.advice)), cls


def test_what_a_hall_reads_of_a_rule_counts_no_seconds() -> None:
    assert not [cls for cls in vars(refusals).values() if "{" in getattr(cls, "hall", "")]


def vars_of(cls: object) -> Mapping[str, object]:
    return vars(cls) if isinstance(cls, type) and issubclass(cls, refusals.RuleRefused) else {}


def test_nothing_is_cut_while_the_table_is_safe_and_the_refusal_says_how_to_arm() -> None:
    error = refused(request(), facts(safety=Safety()))
    assert error.rule == "not-armed"
    assert "/arm" in error.remedy


def test_arming_ends_by_itself() -> None:
    assert refused(request(), facts(safety=Safety(armed_until=NOW))).rule == "not-armed"
    assert guard.check(request(), lab(), facts(safety=Safety(armed_until=NOW + 0.1)))


def test_halt_comes_before_everything_and_says_who_pressed_it() -> None:
    error = refused(request(), facts(safety=Safety().halt("Ada", NOW - 5), off={"node2": None}))
    assert error.rule == "halted"
    assert "Ada triggered it 5 s ago" in error.message
    assert "release" in error.remedy


def test_a_restored_machine_is_left_alone_for_a_while() -> None:
    known = facts(last_restored={"node3": NOW - 8.0})
    error = refused(request(), known, lab(machine_cooldown=20))
    assert error.rule == "machine-cooldown"
    assert error.remedy == "node3 may be cut again in 12 s."
    assert error.facts["allowed_at"] == NOW + 12
    assert guard.check(request("node2"), lab(machine_cooldown=20), known).name == "node2"


def test_between_two_cuts_of_any_machines_there_is_a_pause() -> None:
    error = refused(request(), facts(last_cut=NOW - 1), lab(cooldown=5))
    assert (error.rule, error.facts["allowed_at"]) == ("cooldown", NOW + 4)
    assert guard.check(request(), lab(cooldown=5), facts(last_cut=NOW - 5))


def test_enough_ready_machines_must_be_left_to_take_the_pods() -> None:
    scene = Scene()
    scene.tracker.world.nodes["node1"] = Node("node1", "n1", ready="True", unschedulable=True)
    scene.tracker.world.nodes["node2"] = Node("node2", "n2", ready="False")
    error = refused(request(), facts(world=scene.tracker.world))
    assert error.rule == "min-ready"
    assert "0 Ready machines would be left" in error.message
    assert guard.check(request(), lab(min_ready=0), facts(world=scene.tracker.world))


def test_a_machine_that_is_off_does_not_count_as_left() -> None:
    known = facts(off={"node2": NOW + 5})
    assert refused(request(), known, lab(max_off=3, min_ready=2)).rule == "min-ready"
    assert guard.check(request(), lab(max_off=3, min_ready=1), known)


@pytest.mark.parametrize("own", ["node3", "10.0.0.3"])
def test_the_machine_that_runs_this_server_is_never_cut(own: str) -> None:
    world = Scene().tracker.world
    world.nodes["node3"] = Node("node3", "n3", ready="True", addresses=("10.0.0.3",))
    assert refused(request(), facts(world=world, own_names=frozenset({own}))).rule == "own-machine"
    assert guard.check(request("node2"), lab(), facts(world=world, own_names=frozenset({own})))


def test_roles_can_be_protected() -> None:
    world = Scene().tracker.world
    world.nodes["node3"] = Node("node3", "n3", ready="True", roles=frozenset({"storage"}))
    error = refused(request(), facts(world=world), lab(protected_roles=["storage"]))
    assert error.rule == "protected"
    assert "role storage" in error.message


def test_all_that_forbids_a_cut_can_be_asked_for_at_once() -> None:
    known = facts(safety=Safety(), off={"node3": NOW + 5}, last_restored={"node3": NOW})
    found = guard.objections(lab().machine[2], lab(), known)
    rules = [error.rule for error in found if isinstance(error, CutRefused)]
    assert len(rules) == len(found)
    assert rules == ["not-armed", "already-off", "machine-cooldown", "max-off"]


def barring_facts() -> dict[type[refusals.MachineRefused], tuple[Facts, Lab]]:
    """For each rule about a single machine, facts by which it bars node3."""

    def with_node(**more: Any) -> Facts:
        world = Scene().tracker.world
        world.nodes["node3"] = Node("node3", "n3", **({"ready": "True"} | more))
        return facts(world=world)

    scene = Scene()
    scene.cut()
    protected = lab().limits.model_copy(update={"protected": ("node3",)})
    return {
        refusals.Protected: (facts(), lab().model_copy(update={"limits": protected})),
        refusals.ProtectedRole: (
            with_node(roles=frozenset({"storage"})),
            lab(protected_roles=["storage"]),
        ),
        refusals.ControlPlane: (with_node(control_plane=True), lab()),
        refusals.OwnMachine: (facts(own_names=frozenset({"node3"})), lab()),
        refusals.NotInCluster: (facts(world=Scene(2).tracker.world), lab()),
        refusals.AlreadyOff: (facts(off={"node3": NOW + 12}), lab()),
        refusals.Dark: (facts(dark={"node3": "power"}), lab()),
        refusals.StillRecovering: (
            facts(world=scene.tracker.world, outages=dict(scene.tracker.outages)),
            lab(),
        ),
        refusals.NotReady: (with_node(ready="Unknown"), lab()),
    }


def lasting_refusals() -> list[type[refusals.MachineRefused]]:
    return [
        found
        for found in vars(refusals).values()
        if isinstance(found, type) and issubclass(found, refusals.MachineRefused)
        if found is not refusals.MachineRefused
    ]


@pytest.mark.parametrize("kind", lasting_refusals())
def test_each_rule_about_one_machine_bars_it_and_no_other(
    kind: type[refusals.MachineRefused],
) -> None:
    known, settings = barring_facts()[kind]
    bars = [guard.bar(machine, settings, known) for machine in settings.machine]
    assert [type(bar) for bar in bars] == [type(None), type(None), kind]
    assert str(bars[2]) == next(
        str(one)
        for one in guard.objections(settings.machine[2], settings, known)
        if isinstance(one, refusals.MachineRefused)
    )


def test_what_passes_in_a_moment_or_concerns_the_whole_table_bars_no_machine() -> None:
    known = facts(safety=Safety().halt("Ada", NOW), off={"node2": None}, last_cut=NOW)
    settings = lab(cooldown=60, min_ready=3)
    assert len(guard.objections(settings.machine[2], settings, known)) == 5
    assert guard.bar(settings.machine[2], settings, known) is None


@pytest.mark.parametrize("class_", CutRefused.__subclasses__())
def test_every_refusal_says_in_its_docstring_what_its_rule_is(class_: type[CutRefused]) -> None:
    assert class_.__doc__
