"""What an LED says in each state of a machine."""

import pytest

from chaosmonkey.config import Machine
from chaosmonkey.control.safety import Safety
from chaosmonkey.panel.led_patterns import (
    HEARTBEATS,
    PATTERNS,
    LedPattern,
    heartbeat,
    is_lit,
    pattern_of,
)
from tests.unit.outage._scene import Scene

NODE3 = Machine(name="node3")


def light(scene: Scene, *off: str) -> LedPattern:
    return pattern_of(NODE3, scene.tracker.world, scene.tracker.outages, off)


def test_the_led_follows_a_machine_through_its_outage() -> None:
    scene = Scene()
    first = scene.pod("web-a", "node3")
    seen = [light(scene)]
    scene.cut()
    seen.append(light(scene, "node3"))
    scene.wait(8)
    scene.node("node3", "Unknown")
    seen.append(light(scene, "node3"))
    (first,) = scene.lose(first)
    seen.append(light(scene, "node3"))
    successor = scene.pod("web-b", "node1", ready=False, phase="Pending")
    scene.wait(1)
    scene.change(successor, ready=True)
    seen.append(light(scene, "node3"))
    scene.restore()
    seen.append(light(scene))
    scene.node("node3", "True")
    seen.append(light(scene))
    assert seen == [
        LedPattern.ON, LedPattern.CUT, LedPattern.NOT_READY, LedPattern.RECOVERING,
        LedPattern.RECOVERED, LedPattern.RECOVERED, LedPattern.ON,
    ]  # fmt: skip


def test_a_machine_that_is_not_ready_without_an_outage_says_so() -> None:
    scene = Scene()
    scene.node("node3", "False")
    assert light(scene) is LedPattern.NOT_READY


def test_a_machine_without_a_feed_is_dark_even_before_an_outage_is_known() -> None:
    assert light(Scene(), "node3") is LedPattern.CUT


def test_no_two_states_look_the_same() -> None:
    seen = {"".join("#" if is_lit(pattern, beat) else "." for beat in range(40)): name
            for name, pattern in PATTERNS.items()}  # fmt: skip
    assert len(seen) == len(PATTERNS)


@pytest.mark.parametrize(
    ("safety", "beats"),
    [
        (Safety(), "safe"),
        (Safety().arm(100.0), "armed"),
        (Safety().arm(5.0), "safe"),
        (Safety().halt("somebody", 9.0), "halted"),
    ],
)
def test_the_heartbeat_says_whether_anything_can_be_cut(safety: Safety, beats: str) -> None:
    assert heartbeat(safety, now=10.0) == HEARTBEATS[beats]
