"""What the presenter has set: the scene on the stage, and what a cut cuts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from chaosmonkey.model import FeedKind


class Scene(StrEnum):
    """What the stage shows."""

    BOARD = "board"
    QR = "qr"
    TALLY = "tally"
    RESULT = "result"


@dataclass(frozen=True, slots=True)
class Show:
    """The presenter's settings, the same on every page.

    Attributes:
        scene: what the stage shows.
        blank: whether the stage is dark.
        feed: what a cut from the console, or by the crowd, cuts.
        light: whether the stage wears its theme for bright rooms.
    """

    scene: Scene = Scene.BOARD
    blank: bool = False
    feed: FeedKind = FeedKind.POWER
    light: bool = False

    def turn(self, steps: int) -> Show:
        """The scene so many steps on (or back), and no longer blank."""
        scenes = list(Scene)
        at = (scenes.index(self.scene) + steps) % len(scenes)
        return replace(self, scene=scenes[at], blank=False)
