"""What the presenter has set; it outlives a crash, and not the day."""

import pytest

from chaosmonkey.audience.show import SAME_SHOW, Scene, Show
from chaosmonkey.model import FeedKind

SET = Show(scene=Scene.TALLY, blank=True, feed=FeedKind.NETWORK, light=True)


def test_scenes_go_round_in_both_directions_and_light_a_blank_stage() -> None:
    show = Show(blank=True)
    assert show.turn(1).scene is Scene.QR
    assert not show.turn(1).blank
    assert show.turn(-1).scene is Scene.RESULT
    assert show.turn(len(Scene)).scene is Scene.BOARD


def test_a_server_that_starts_again_goes_on_with_the_show() -> None:
    assert Show.recall((1000.0, SET.document), now=1000.0 + SAME_SHOW) == SET


@pytest.mark.parametrize("now", [1000.0 + SAME_SHOW + 1, 999.0])
def test_another_day_begins_another_show(now: float) -> None:
    assert Show.recall((1000.0, SET.document), now) == Show()


@pytest.mark.parametrize("document", ["", "{}x", '{"scene": "fireworks"}'])
def test_what_is_not_understood_is_left(document: str) -> None:
    assert Show.recall((1000.0, document), now=1001.0) == Show()


def test_there_may_be_nothing_to_recall() -> None:
    assert Show.recall(None, now=1.0) == Show()
