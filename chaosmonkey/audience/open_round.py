"""How a round is opened, and which openings are refused.

Seconds are those of the people in the room: in a fast demo they have as much time as at a table.
"""

from __future__ import annotations

from dataclasses import dataclass

from chaosmonkey.audience.rounds import Mode, Round
from chaosmonkey.config import Lab
from chaosmonkey.control.guard import find_machine
from chaosmonkey.errors import BadInput
from chaosmonkey.model import FeedKind

LONGEST_ROUND = 3600.0
"""Seconds that a round may stay open."""

APPROVED = (Mode.RAFFLE, Mode.QUEUE, Mode.FREE)
"""Kinds of rounds in which the presenter approves presses by default."""


@dataclass(frozen=True, slots=True)
class OpenRound:
    """How a round is opened.

    Attributes:
        seconds: after how long it closes by itself; None if only the presenter closes it.
        approve: whether the presenter approves each press; None is as usual for the mode.
        machine: what a bet is about.
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
    """A round about the machines that have such a plug.

    Raises:
        BadInput: the seconds are out of range, or a bet is about no machine.
    """
    for seconds in (opening.seconds, opening.patience):
        if seconds is not None and not 0 < seconds <= LONGEST_ROUND:
            raise BadInput(
                f"A round cannot last {seconds:g} s.",
                remedy=f"Up to {LONGEST_ROUND:g} s, or leave it out and close it yourself.",
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
