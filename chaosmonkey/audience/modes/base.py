"""The interface of a kind of round, and sentences that several kinds share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from chaosmonkey.audience.eligibility import Bar, Eligibility
from chaosmonkey.audience.redaction import sentence_for_the_hall
from chaosmonkey.audience.rounds import MachineBarred, Round, RoundState, Turn, TurnState
from chaosmonkey.errors import BadInput
from chaosmonkey.model import FeedKind
from chaosmonkey.wording import counted

Name = Callable[[int], str]
"""Names a ticket in a sentence: "Ticket 17", or "Ana (ticket 17)"."""


class Rules(Protocol):
    """The rules of one kind of round; all methods are pure."""

    def admit(self, current: Round, value: str, bar: Bar) -> str | None:
        """Check the value of an entry; return the choice that it counts for.

        Args:
            current: the round.
            value: the entry.
            bar: returns the rule that bars a machine now.

        Raises:
            BadInput: the value is invalid.
            RoundRefused: it is not allowed now.
        """
        ...

    def go_on(self, current: Round, assess: Callable[[], Eligibility], now: float) -> Round:
        """Apply the next automatic step: a turn, a draw or the end; often nothing.

        Args:
            current: the round.
            assess: returns what may be cut now; called only if the step depends on it.
            now: seconds since 1970.
        """
        ...

    def target(self, current: Round, wanted: str | None, eligibility: Eligibility) -> str:
        """Return the machine that the presenter's click cuts.

        Raises:
            RoundRefused: there is nothing to carry out.
            BadInput: the presenter wants a machine that was not chosen.
        """
        ...

    def status_text(self, current: Round, eligibility: Eligibility, name: Name) -> str:
        """Return the state of the round in a sentence or two, without a time."""
        ...


def refuse_unless_choosable(current: Round, choice: str, bar: Bar) -> None:
    """Raises BadInput if there is no such choice, RoundRefused if it cannot be cut now."""
    if choice not in current.choices:
        raise BadInput(
            f"'{choice[:80]}' cannot be chosen.",
            remedy=f"Choices: {', '.join(current.choices)}.",
        )
    if (refusal := bar(choice)) is not None:
        raise MachineBarred(choice, sentence_for_the_hall(refusal), refusal)


def listed(names: tuple[str, ...]) -> str:
    """Join names for a sentence, such as "node1, node2 and node3"."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def lost(machine: str, feed: FeedKind) -> str:
    """Describe a cut, without a full stop."""
    return f"{machine} lost its {feed}"


def turn_text(current: Round, turn: Turn, name: Name) -> str:
    """Describe the state of one person's turn."""
    who, machine = name(turn.ticket), turn.machine or ""
    match turn.stage:
        case TurnState.CHOOSING:
            return f"{who} has the button."
        case TurnState.ASKING:
            return f"{who} wants to cut {machine}. The presenter decides."
        case TurnState.CUTTING:
            return f"{who} is cutting {machine}."
        case TurnState.CUT | TurnState.DONE:
            return f"{who} did it: {lost(machine, current.feed)}."
        case TurnState.VETOED:
            return f"The presenter said no: {machine} was not cut."
        case TurnState.REFUSED:
            return f"{who} pressed, but {machine} was not cut. {turn.why}"
        case TurnState.UNANSWERED:
            return f"The presenter did not answer {who} in time. Nothing was cut."
        case TurnState.LATE:
            return f"{who} did not press in time."
        case TurnState.ABSENT:
            return f"{who} did not answer."
        case TurnState.LEFT:
            return f"{who} gave the button back."
        case TurnState.SKIPPED:
            return f"The presenter skipped {who}."
        case TurnState.ABORTED:
            return f"{machine or 'The turn'}: {turn.why}."


def result_text(current: Round) -> str:
    """Describe the result of a round with a single cut."""
    last = current.last
    if last is not None and last.stage is TurnState.ABORTED:
        return f"There is no result: {last.why}."
    if current.state is RoundState.EXECUTED:
        return "Its recovery is being measured."
    if current.seconds is not None:
        return f"It took Kubernetes {current.seconds:.1f} s to recover."
    return "No recovery time was measured."


def cuts_text(cuts: int) -> str:
    """Say how many presses of a round cut a machine; a vetoed or refused press did not."""
    presses = counted(cuts, "press", "presses") if cuts else "No press"
    return f"{presses} cut a machine."


def refused_text(eligibility: Eligibility) -> str:
    """Say what forbids every cut now; how long it lasts is often unknown."""
    return f"Cuts are refused for now. {eligibility.why_blocked}"


def cancelled_text(current: Round, ended: str, name: Name) -> str:
    """Describe a cancelled round in which presses may have cut machines."""
    if current.turn is not None and current.turn.stage is TurnState.CUTTING:
        return f"{ended} {turn_text(current, current.turn, name)}"
    cuts = sum(turn.outage is not None for turn in (*current.past, current.turn) if turn)
    return f"{ended} {cuts_text(cuts)}" if cuts else CANCELLED


CANCELLED = "The presenter cancelled the round: it cut nothing."
