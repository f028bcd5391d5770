"""One outage in a sentence or a word, for each place that shows it: a pure function.

`story.py` tells what happened, sentence by sentence; this describes the current state. No text here
counts passing seconds: it changes only when something happened, so that a screen reader can read
it.
"""

from __future__ import annotations

from dataclasses import dataclass

from chaosmonkey.model import Cause, Clocked, Displaced, Fate, FeedKind, Origin, Outage, Outcome
from chaosmonkey.outage import recovery
from chaosmonkey.outage.story import took
from chaosmonkey.wording import counted


@dataclass(frozen=True, slots=True)
class Telling:
    """An outage in words.

    Attributes:
        headline: what is going on, for the stage: "node3 has no power. Kubernetes has not noticed
            yet."
        brief: a short version, once it has a recovery time: "node3 recovered in 12.4 s."; else "".
        result: the title of the result: "node3 lost its power".
        ending: why there is no recovery time, or not the usual one; else "".
        lost: what was lost, in a word or two: "power cut", "link lost", "silent".
        who: who cut it, or what caused the loss, as a sentence; "" if unknown.
    """

    headline: str
    brief: str
    result: str
    ending: str
    lost: str
    who: str


def summarize(outage: Outage) -> Telling:
    """Describe the current state of an outage."""
    return Telling(
        headline=_headline(outage) if outage.closed is None else _over(outage),
        brief=_brief(outage),
        result=_result(outage),
        ending=_ending(outage),
        lost=_lost(outage),
        who=_who(outage),
    )


def _headline(outage: Outage) -> str:
    name, phase = outage.machine, recovery.current_phase(outage)
    if recovery.recovery_time(outage) is not None:
        return _recovered(outage)
    if phase not in (None, "detect"):
        if recovery.nothing_moves(outage):
            return _stuck(outage)
        if unschedulable := recovery.unschedulable_pods(outage):
            return f"No machine can take {counted(len(unschedulable), 'pod', 'pods')}."
    match phase:
        case "detect":
            return _undetected(outage)
        case "evict" if outage.rejoined is not None:
            return f"{name} is back, before Kubernetes evicted all of its pods."
        case "evict" if outage.held:
            return f"Kubernetes noticed, but the eviction of {name} is on hold."
        case "evict":
            return (
                f"Kubernetes noticed that {name} does not answer (NotReady). Its pods get a little "
                "more time."
            )
        case "reschedule":
            return f"Kubernetes is evicting the pods on {name} and creating new ones."
        case "ready":
            missing = sum(pod.resolved is None for pod in outage.moving)
            start = counted(missing, "replacement is", "replacements are")
            return f"{start} starting on the remaining machines."
        case _:
            pass
    return _unmoved(outage)


def _stuck(outage: Outage) -> str:
    pods = f"None of the pods that {outage.machine} had"
    if outage.rejoined is not None:
        return f"{pods} could move: they are starting on it again."
    return f"{pods} can move: they are waiting for it to return."


def _unmoved(outage: Outage) -> str:
    name = outage.machine
    if recovery.outcome(outage) is Outcome.UNNOTICED:
        return f"{name} was back before Kubernetes noticed."
    if outage.rejoined is not None:
        return f"{name} is back. No pod had to move."
    return f"{name} is lost. No pod has to move."


def _over(outage: Outage) -> str:
    """What remains to be said of an outage that ended: its machine may be off again by now."""
    name = outage.machine
    if recovery.outcome(outage) is Outcome.UNNOTICED:
        return f"{name} was back before Kubernetes noticed."
    if recovery.recovery_time(outage) is not None:
        return f"{name} {_loss(outage)}. Recovered in {_time(outage)}."
    match recovery.outcome(outage):
        case Outcome.ABORTED:
            return f"{name}'s outage was only partly measured: {outage.interrupted}."
        case Outcome.INCOMPLETE:
            return f"{name} {_loss(outage)}. {_ending(outage)}."
        case _:
            return f"{name} {_loss(outage)}. No pod had to move."


def _loss(outage: Outage) -> str:
    return f"lost its {outage.feed}" if outage.feed else "fell silent"


def _undetected(outage: Outage) -> str:
    name, what = outage.machine, outage.feed or FeedKind.POWER
    if outage.restored is not None:
        return f"{name} has its {what} back. Kubernetes has not noticed the outage yet."
    if outage.origin is Origin.OBSERVED:
        sensed = outage.clocked is Clocked.SENSOR
        return f"{name} {f'has lost its {what}' if sensed else 'fell silent'}. {_who(outage)}"
    if what is FeedKind.NETWORK:
        return f"{name} is cut off but still running. Kubernetes has not noticed yet."
    return f"{name} has no power. Kubernetes has not noticed yet."


def _recovered(outage: Outage) -> str:
    name, time = outage.machine, _time(outage)
    if recovery.nothing_moves(outage):
        return f"{name}'s pods are running again after {time}. None of them could move."
    if outage.rejoined is not None:
        return f"Recovered in {time}. {name} is back, but no pod moves back on its own."
    if outage.restored is not None and outage.feed is not FeedKind.NETWORK:
        return f"Recovered in {time}. {name} has power again and is booting."
    moved = sum(_moved(pod) for pod in outage.displaced)
    if not moved:
        return f"Recovered in {time}: all pods are running again."
    return f"Recovered in {time}: {counted(moved, 'pod is', 'pods are')} now running elsewhere."


def _moved(pod: Displaced) -> bool:
    return pod.fate is Fate.MOVES and pod.successor is not None


def _time(outage: Outage) -> str:
    return took(recovery.recovery_time(outage) or 0.0, recovery.recovery_at_least(outage))


def _brief(outage: Outage) -> str:
    if recovery.recovery_time(outage) is None:
        return ""
    return f"{outage.machine} recovered in {_time(outage)}."


def _result(outage: Outage) -> str:
    name = outage.machine
    match recovery.outcome(outage):
        case Outcome.UNNOTICED:
            return f"Kubernetes never noticed that {name} was gone"
        case Outcome.INCOMPLETE:
            return f"Not everything came back from {name}"
        case Outcome.ABORTED:
            return f"{name}: only partly measured"
        case Outcome.RECOVERED | None:
            pass
    lost = _loss(outage)
    if recovery.current_phase(outage) is not None:
        return f"{name} {lost}. Its recovery is being measured"
    return f"{name} {lost}"


def _ending(outage: Outage) -> str:
    name = outage.machine
    match recovery.outcome(outage):
        case Outcome.UNNOTICED:
            return f"Unnoticed: {name} was back before Kubernetes noticed"
        case Outcome.INCOMPLETE:
            reasons = dict.fromkeys(
                recovery.explain(outage, pod) for pod in recovery.unresolved(outage)
            )
            return f"Not everything came back: {'; '.join([*reasons][:2]) or 'pods are missing'}"
        case Outcome.ABORTED:
            return f"Only partly measured: {outage.interrupted or 'it was interrupted'}"
        case Outcome.RECOVERED | None:
            pass
    waits = recovery.current_phase(outage) is not None or outage.closed is not None
    if waits or recovery.recovery_time(outage) is not None:
        return ""
    return "No pod had to move, so there was nothing to wait for"


def _lost(outage: Outage) -> str:
    if outage.origin is not Origin.OBSERVED:
        return f"{outage.feed} cut"
    if outage.clocked is not Clocked.SENSOR:
        return "silent"
    match outage.cause:
        case Cause.SUPPLY:
            return "supply dead"
        case Cause.SWITCHED:
            return "switched off"
        case _:
            return "link lost" if outage.feed is FeedKind.NETWORK else "power lost"


def _who(outage: Outage) -> str:
    if outage.origin is not Origin.OBSERVED:
        return f"Cut by {outage.by}." if outage.by else ""
    match outage.cause:
        case Cause.HAND:
            return "Not cut by chaosmonkey: probably a pulled or loose cable."
        case Cause.SUPPLY:
            return "Power supply failed: all machines lost power at once."
        case Cause.SWITCHED:
            return "Its plug was switched off elsewhere."
        case Cause.FAULT:
            return (
                "Not cut by chaosmonkey, and its power is on: probably a crash or a network fault."
            )
        case Cause.CUT_SHORT:
            return "Its cut was aborted half-way and may have taken effect briefly."
        case _:
            return "Not cut by chaosmonkey: probably a pulled cable or a fault."
