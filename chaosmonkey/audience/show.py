"""The presenter's settings: the scene on the stage, and the feed that a cut takes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from pydantic import TypeAdapter, ValidationError

from chaosmonkey.model import FeedKind

SAME_SHOW = 900.0
"""Seconds since the presenter's last change in which a restarted server keeps the settings: a
crash must not change what the stage shows or which feed a press cuts."""


class Scene(StrEnum):
    """The scenes of the stage."""

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
        feed: which feed a cut from the console or by the crowd takes.
        light: whether the stage uses its theme for bright rooms.
    """

    scene: Scene = Scene.BOARD
    blank: bool = False
    feed: FeedKind = FeedKind.POWER
    light: bool = False

    @classmethod
    def recall(cls, kept: tuple[float, str] | None, now: float) -> Show:
        """Return the stored settings if they are younger than SAME_SHOW, else the defaults.

        Args:
            kept: when they were stored, and the `document` of that time.
            now: seconds since 1970.
        """
        if kept is None or not 0 <= now - kept[0] <= SAME_SHOW:
            return cls()
        try:
            return _SHOW.validate_json(kept[1])
        except ValidationError:  # written by another version
            return cls()

    @property
    def document(self) -> str:
        """The settings as JSON, to be stored."""
        return _SHOW.dump_json(self).decode()

    def turn(self, steps: int) -> Show:
        """Return the show with the scene `steps` further on, and not blank."""
        scenes = list(Scene)
        at = (scenes.index(self.scene) + steps) % len(scenes)
        return replace(self, scene=scenes[at], blank=False)


_SHOW = TypeAdapter(Show)
