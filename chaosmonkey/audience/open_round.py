"""Open a round, or refuse invalid options.

Seconds are real time: a fast demo leaves people as much time as a real table.
"""

from __future__ import annotations

from dataclasses import dataclass

from chaosmonkey.audience.rounds import Mode, Round
from chaosmonkey.config import Lab
from chaosmonkey.control.guard import find_machine
from chaosmonkey.errors import BadInput
from chaosmonkey.model import FeedKind

LONGEST_ROUND = 3600.0
"""Seconds; a round may stay open no longer."""

APPROVED = (Mode.RAFFLE, Mode.QUEUE, Mode.FREE)
"""Modes in which the presenter approves presses by default."""


@dataclass(frozen=True, slots=True)
class OpenRound:
    """The options of a new round.

    Attributes:
        seconds: after how long it closes automatically; None if only the presenter closes it.
        approve: whether the presenter approves each press; None selects the mode's default.
        machine: the machine that a bet is about.
        patience: seconds in which the person whose turn it is must press.
    """

    mode: Mode = Mode.VOTE
    seconds: float | None = None
    approve: bool | None = None
    machine: str | None = None
    patience: float = 30.0


def open_round(
    opening: OpenRound, lab: Lab, feed: FeedKind, *, round_id: str, seed: str, now: float
) -> Round:
    """Return a new round about the machines that have a plug for this feed.

    Raises:
        BadInput: the seconds are out of range, or a bet has no valid machine.
    """
    for seconds in (opening.seconds, opening.patience):
        if seconds is not None and not 0 < seconds <= LONGEST_ROUND:
            raise BadInput(
                f"A round cannot last {seconds:g} s.",
                remedy=f"Set up to {LONGEST_ROUND:g} s, or omit it and close the round yourself.",
            )
    choices = tuple(one.name for one in lab.machine if one.plug(feed) is not None)
    machine = None
    if opening.mode is Mode.BET:
        if opening.machine is None:
            raise BadInput("A bet needs a machine.", remedy='Set "machine".')
        machine = find_machine(lab, opening.machine).name
        if machine not in choices:
            raise BadInput(f"{machine} has no {feed} plug.", remedy="Choose another machine.")
    return Round(
        id=round_id,
        mode=opening.mode,
        feed=feed,
        choices=choices,
        opened=now,
        seed=seed,
        closes=None if opening.seconds is None else now + opening.seconds * lab.speed,
        approve=opening.mode in APPROVED if opening.approve is None else opening.approve,
        patience=opening.patience,
        pace=lab.speed,
        machine=machine,
    )
