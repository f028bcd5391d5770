"""What the presenter has set: the scene on the stage, and what a cut cuts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from pydantic import TypeAdapter, ValidationError

from chaosmonkey.model import FeedKind

SAME_SHOW = 900.0
"""Seconds since the presenter last set something in which a server that starts again goes on with
it: a crash must not change what the hall sees, nor what its presses cut."""


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

    @classmethod
    def recall(cls, kept: tuple[float, str] | None, now: float) -> Show:
        """What was kept a while ago, if that was this show; else how a show begins.

        Args:
            kept: when, and what `document` gave then.
            now: seconds since 1970.
        """
        if kept is None or not 0 <= now - kept[0] <= SAME_SHOW:
            return cls()
        try:
            return _SHOW.validate_json(kept[1])
        except ValidationError:  # another version's
            return cls()

    @property
    def document(self) -> str:
        """All of it, to be kept."""
        return _SHOW.dump_json(self).decode()

    def turn(self, steps: int) -> Show:
        """The scene so many steps on (or back), and no longer blank."""
        scenes = list(Scene)
        at = (scenes.index(self.scene) + steps) % len(scenes)
        return replace(self, scene=scenes[at], blank=False)


_SHOW = TypeAdapter(Show)
