"""What happened while we could not look is told as an interval, and judged only once it is read."""

import pytest

from chaosmonkey.hub.view_builders import show_outage
from chaosmonkey.model import (
    Cause,
    ClockStepped,
    FeedKind,
    FeedSensed,
    FeedState,
    Outcome,
    Paused,
    PlugCut,
    Tick,
)
from chaosmonkey.outage import recovery
from chaosmonkey.outage.ending import GIVE_UP, SETTLE
from chaosmonkey.outage.story import story
from tests.unit.outage._scene import Scene


def pause(scene: Scene, seconds: float) -> None:
    """This process does not run for so long; what it reads in the second after that may be old."""
    since = scene.now
    scene.now += seconds
    scene.tell(Paused(since, scene.now, scene.now + 1))


def texts(scene: Scene) -> str:
    return "\n".join(line.text for line in story(scene.outage))


def lost_and_recovered_in_a_pause() -> Scene:
    """Cut at 0, no sign of our own life from 8 to 20, then all that happened meanwhile at once."""
    scene = Scene()
    pod = scene.pod("web-a", "node3")
    scene.cut()
    scene.wait(8)
    pause(scene, 12)
    scene.node("node3", "Unknown")
    (pod,) = (scene.change(pod, deleting=True),)
    scene.pod("web-b", "node1")
    return scene


def test_what_we_slept_through_is_told_as_between_when_we_looked_last_and_when_we_read_it() -> None:
    outage = lost_and_recovered_in_a_pause().outage
    assert recovery.recovery_time(outage) == 20
    assert recovery.recovery_at_least(outage) == 8
    assert recovery.at_least(outage)["not_ready"] == 8
    assert outage.blind == 12
    text = texts(lost_and_recovered_in_a_pause())
    assert "Recovered after 8.0 to 20.0 s" in text
    assert "noticed after 8.0 to 20.0 s" in text
    assert "This server was not running for 12.0 s" in text


def test_phases_add_up_and_none_ends_at_a_moment_that_is_not_known() -> None:
    outage = lost_and_recovered_in_a_pause().outage
    assert recovery.phases(outage) == {"ready": 20}
    assert recovery.phases_at_least(outage) == {"ready": 0}
    view = show_outage(outage)
    assert sum(view.phases.values()) == view.recovery_seconds == 20
    assert view.recovery_at_least == 8


def test_a_phase_that_holds_a_pause_is_an_interval_and_the_others_are_exact() -> None:
    """The replacement was bound at some time of the pause, and was Ready 6 s after it."""
    scene = Scene()
    pod = scene.pod("web-a", "node3")
    scene.cut()
    (pod,) = scene.wait(8).lose(pod)
    pause(scene, 5)
    new = scene.pod("web-b", "node1", ready=False)
    scene.wait(6)
    scene.change(new, ready=True)
    assert recovery.phases(scene.outage) == {"detect": 8, "evict": 2, "ready": 11}
    assert recovery.phases_at_least(scene.outage) == {"ready": 6}
    assert recovery.recovery_at_least(scene.outage) is None


def test_what_was_received_before_the_pause_and_well_after_it_is_exact() -> None:
    scene = Scene()
    pod = scene.pod("web-a", "node3")
    scene.cut()
    (pod,) = scene.wait(8).lose(pod)
    pause(scene, 5)
    scene.wait(2)
    scene.pod("web-b", "node1")
    assert recovery.at_least(scene.outage) == {}
    assert recovery.phases(scene.outage) == {
        "detect": 8, "evict": 2, "reschedule": 7, "ready": 0,
    }  # fmt: skip
    assert "Recovered after 17.0 s" in texts(scene)


def test_a_pause_in_the_middle_of_the_cut_command_leaves_t0_open() -> None:
    """It was commanded at 100, the process did not run from 100.1 to 120, then it read: off."""
    scene = Scene()
    scene.pod("web-a", "node3")
    commanded = scene.now + 100
    scene.now = commanded + 0.1
    pause(scene, 19.9)
    scene.tell(
        PlugCut("cut", "node3", "node3", FeedKind.POWER, commanded, scene.now, "test", scene.now)
    )
    assert scene.outage.t0 == pytest.approx(commanded + 0.1)
    assert scene.outage.t0_within == pytest.approx(19.9)
    assert "lost its power within 19.9 s" in texts(scene)


def test_a_pause_before_the_command_leaves_the_cut_exact() -> None:
    scene = Scene()
    scene.pod("web-a", "node3")
    pause(scene, 5)
    commanded = scene.now + 0.2
    at = commanded + 0.05
    scene.tell(PlugCut("cut", "node3", "node3", FeedKind.POWER, commanded, at, "test", at))
    assert (scene.outage.t0, scene.outage.t0_within) == (at, 0)


def test_a_feed_that_went_while_we_slept_went_at_any_time_of_it() -> None:
    scene = Scene()
    scene.pod("web-a", "node3")
    since = scene.now
    pause(scene, 20)
    scene.tell(
        FeedSensed(
            "node3", "node3", FeedKind.POWER, FeedState.OFF, scene.now, 0.1, cause=Cause.HAND
        )
    )
    assert scene.outage.t0 == since
    assert scene.outage.t0_within == pytest.approx(20.1)


def test_a_last_sign_that_waited_unread_is_as_old_as_the_pause() -> None:
    """Renewed at some time of the pause, and silent from then on."""
    scene = Scene()
    since = scene.wait(4).now
    pause(scene, 3)
    scene.renew()
    scene.renew()
    scene.silent.add("node3")
    scene.wait(8)
    scene.node("node3", "Unknown")
    assert scene.outage.t0 == since
    assert scene.outage.t0_within == 3 + 2


def test_a_restored_feed_is_late_after_a_pause_and_not_when_only_the_cluster_was_away() -> None:
    for blind, least in (("pause", 5.0), ("stale", None)):
        scene = Scene()
        scene.pod("web-a", "node3")
        scene.cut()
        scene.wait(5)
        if blind == "pause":
            pause(scene, 10)
        else:
            scene.stale()
            scene.now += 10
        scene.restore()
        assert recovery.at_least(scene.outage).get("restored") == least, blind


def test_what_is_listed_after_the_cluster_was_out_of_sight_is_told_so_from_the_first_word() -> None:
    """The list comes before we can be believed again: also the line that is told then is honest."""
    scene = Scene()
    pod = scene.pod("web-a", "node3")
    scene.cut()
    (pod,) = scene.wait(8).lose(pod)
    scene.stale()
    scene.now += 6
    scene.pod("web-b", "node1")
    assert recovery.recovery_time(scene.outage) == 16
    assert "Recovered after 10.0 to 16.0 s" in texts(scene)
    scene.fresh()
    assert recovery.recovery_at_least(scene.outage) == 10
    assert "with the cluster was lost for 6.0 s" in texts(scene)


@pytest.mark.parametrize("blindness", ["pause", "stale"])
def test_no_outage_ends_by_nothing_happening_while_news_may_wait_unread(blindness: str) -> None:
    """It was evicted meanwhile, and that waits in the socket."""
    scene = Scene()
    pod = scene.pod("web-a", "node3")
    scene.cut()
    scene.wait(8).node("node3", "Unknown")
    scene.restore()
    if blindness == "pause":
        pause(scene, GIVE_UP + SETTLE)
    else:
        scene.stale()
        scene.now += GIVE_UP + SETTLE
    scene.tell(Tick(scene.now))
    assert scene.outage.closed is None
    (pod,) = (scene.change(pod, deleting=True),)
    scene.pod("web-b", "node1")
    assert recovery.outcome(scene.outage) is Outcome.RECOVERED


def test_pauses_that_follow_each_other_before_all_is_read_are_one() -> None:
    scene = Scene()
    scene.pod("web-a", "node3")
    scene.cut()
    scene.wait(4)
    pause(scene, 3)
    scene.now += 0.5
    pause(scene, 3)
    scene.node("node3", "Unknown")
    assert recovery.at_least(scene.outage) == {"not_ready": 4}
    assert len(scene.outage.unseen) == 1


def test_intervals_move_with_a_clock_that_is_set_right() -> None:
    scene = lost_and_recovered_in_a_pause()
    scene.now -= 3600
    scene.tell(ClockStepped(-3600, scene.now))
    assert recovery.recovery_at_least(scene.outage) == 8
    scene.restore()
    assert recovery.at_least(scene.outage)["restored"] == 8
