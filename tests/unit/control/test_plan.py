"""What a dry run says beforehand is what the outage will show."""

import pytest

from chaosmonkey.config import build
from chaosmonkey.control.plan import plan
from chaosmonkey.model import FeedKind
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


@pytest.mark.parametrize(
    ("feed", "seconds", "told"),
    [
        (FeedKind.POWER, 5, "If node3 boots before Kubernetes notices (after about 8 s), no pod"),
        (FeedKind.POWER, 9, "If node3 boots before all pods are evicted (after about 10 s), some"),
        (FeedKind.NETWORK, 5, "If that is before Kubernetes notices (after about 8 s), no pod"),
        (FeedKind.NETWORK, 9, "If that is before all pods are evicted (after about 10 s), some"),
    ],
)
def test_what_a_short_cut_may_not_reach_is_no_prophecy(
    feed: FeedKind, seconds: float, told: str
) -> None:
    scene = Scene()
    scene.pod("web-a", "node3", toleration=2)
    node3 = {"name": "node3"} | {
        kind: {"driver": "gpio", "pin": pin} for kind, pin in (("power", 3), ("network", 4))
    }
    fast = build({
        "gpio": {"pin_factory": "mock"}, "timing": {"preset": "stage"}, "machine": [node3],
    })  # fmt: skip
    asked = request(feed=feed, seconds=seconds)
    warned = plan(asked, fast, facts(world=scene.tracker.world)).warnings
    assert told in warned[0]


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
