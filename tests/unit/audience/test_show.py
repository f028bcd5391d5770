"""What the presenter has set."""

from chaosmonkey.audience import Scene, Show
from chaosmonkey.audience.show import DISARM_AFTER


def test_it_is_safe_until_armed_and_safe_again_by_itself() -> None:
    assert not Show().is_armed(100.0)
    armed = Show().arm(100.0)
    assert armed.is_armed(100.0 + DISARM_AFTER - 0.1)
    assert not armed.is_armed(100.0 + DISARM_AFTER)
    assert not armed.disarm().is_armed(100.0)


def test_scenes_go_round_in_both_directions_and_light_a_blank_stage() -> None:
    show = Show(blank=True)
    assert show.turn(1).scene is Scene.QR
    assert not show.turn(1).blank
    assert show.turn(-1).scene is Scene.RESULT
    assert show.turn(len(Scene)).scene is Scene.BOARD
