"""What the presenter has set."""

from chaosmonkey.audience import Scene, Show


def test_scenes_go_round_in_both_directions_and_light_a_blank_stage() -> None:
    show = Show(blank=True)
    assert show.turn(1).scene is Scene.QR
    assert not show.turn(1).blank
    assert show.turn(-1).scene is Scene.RESULT
    assert show.turn(len(Scene)).scene is Scene.BOARD
