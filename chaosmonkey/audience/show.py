"""What the presenter has set: the scene on the stage, what a cut cuts, and whether it is armed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from chaosmonkey.model import FeedKind

DISARM_AFTER = 600.0
"""Seconds after which an armed console is safe again by itself."""


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
        armed_until: until when cuts from the console are allowed; None is safe.
        light: whether the stage wears its theme for bright rooms.
    """

    scene: Scene = Scene.BOARD
    blank: bool = False
    feed: FeedKind = FeedKind.POWER
    armed_until: float | None = None
    light: bool = False

    def is_armed(self, now: float) -> bool:
        """Whether cuts from the console are allowed at a moment."""
        return self.armed_until is not None and now < self.armed_until

    def arm(self, now: float) -> Show:
        """Allow cuts for `DISARM_AFTER` seconds."""
        return replace(self, armed_until=now + DISARM_AFTER)

    def disarm(self) -> Show:
        """Allow no cuts."""
        return replace(self, armed_until=None)

    def turn(self, steps: int) -> Show:
        """The scene so many steps on (or back), and no longer blank."""
        scenes = list(Scene)
        at = (scenes.index(self.scene) + steps) % len(scenes)
        return replace(self, scene=scenes[at], blank=False)
