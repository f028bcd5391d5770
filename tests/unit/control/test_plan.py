"""What a dry run says beforehand is what the outage will show."""

from chaosmonkey.control.plan import plan
from tests.unit.control.test_guard import facts, lab, request
from tests.unit.outage._scene import Scene


def warnings(scene: Scene) -> str:
    return "\n".join(plan(request(), lab(), facts(world=scene.tracker.world)).warnings)


def test_a_cut_from_which_nothing_moves_is_warned_of_and_where_the_pods_are() -> None:
    scene = Scene()
    scene.pod("db-0", "node3", "StatefulSet")
    scene.pod("web-a", "node1")
    scene.pod("web-b", "node1")
    assert "Nothing on node3 can move" in warnings(scene)
    assert "node1 (2)" in warnings(scene)


def test_a_cut_from_which_a_pod_moves_is_not_called_one_from_which_nothing_does() -> None:
    scene = Scene()
    scene.pod("web-a", "node3")
    assert "can move" not in warnings(scene)


def test_why_a_pod_stays_behind_is_said_for_each_reason() -> None:
    scene = Scene()
    scene.pod("db-0", "node3", "StatefulSet")
    scene.pod("keeps", "node3", toleration=None)
    scene.pod("bare", "node3", None)
    scene.pod("agent", "node3", "DaemonSet", toleration=None)
    told = warnings(scene)
    assert "shop/db-0 belongs to a StatefulSet: it waits" in told
    assert "shop/keeps tolerates a lost machine without limit" in told
    assert "shop/bare has no controller" in told
    assert "agent" not in told
