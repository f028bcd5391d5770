"""The story of an outage for people who do not know Kubernetes: a pure function.

It tells what happened in the past tense, and what lasts in the present, for as long as it does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chaosmonkey.model import Cause, Clocked, Displaced, Fate, Outage, Outcome
from chaosmonkey.outage import recovery
from chaosmonkey.wording import counted


@dataclass(frozen=True, slots=True)
class StoryLine:
    """One sentence of the story, about a milestone `at` seconds after t0."""

    about: str
    at: float
    text: str


def story(outage: Outage) -> tuple[StoryLine, ...]:
    """The whole story so far, in the order in which it happened."""
    lines = [
        StoryLine(milestone, round(at, 3), text)
        for milestone, at in recovery.milestones(outage).items()
        if (text := _sentence(milestone, outage))
    ]
    if outage.held and outage.not_ready is not None:
        at = round(outage.not_ready - outage.t0, 3)
        holds = "is" if outage.closed is None else "was"
        lines.append(StoryLine("held", at, f"The eviction {holds} on hold: {outage.held}."))
    if unschedulable := recovery.unschedulable_pods(outage):
        at = max(pod.successor.created for pod in unschedulable if pod.successor) - outage.t0
        lines.append(StoryLine("no room", round(at, 3), _no_room(outage, unschedulable)))
    lines += _unseen(outage)
    lines.sort(key=lambda line: line.at)
    if outage.closed is not None:
        lines.append(StoryLine("closed", round(outage.closed - outage.t0, 3), _ending(outage)))
    return tuple(lines)


def latest_line(before: Outage | None, after: Outage) -> list[StoryLine]:
    """The lines in the story of `after` that were not in that of `before`."""
    known = {line.about for line in story(before)} if before is not None else set()
    return [line for line in story(after) if line.about not in known]


def took(most: float, least: float | None) -> str:
    """How long something took: "20.1 s", or "8.0 to 20.1 s" if it is not known exactly."""
    return f"{between(most, least)} s"


def between(most: float, least: float | None) -> str:
    """The same without its unit."""
    return f"{most:.1f}" if least is None else f"{least:.1f} to {most:.1f}"


def sum_of(phases: Mapping[str, float], least: Mapping[str, float]) -> str:
    """The phases as a sum in tenths of seconds that adds up: "detect 7.6 + evict 2.3 + …"."""
    terms, end = [], 0.0
    for name, seconds in phases.items():
        shown = round(end + seconds, 1) - round(end, 1)
        end += seconds
        terms.append(f"{name} {between(abs(shown), least.get(name))}")
    return " + ".join(terms)


def _unseen(outage: Outage) -> list[StoryLine]:
    """A line for each gap in which we could not see what happened."""
    lines = []
    for number, one in enumerate(outage.unseen):
        if one.until is None or one.until <= outage.t0:
            continue
        since = max(one.since, outage.t0)
        who = "This server was not running" if one.paused else "Contact with the cluster was lost"
        text = f"{who} for {one.until - since:.1f} s. What happened in that gap has no exact time."
        lines.append(StoryLine(f"unseen {number}", round(since - outage.t0, 3), text))
    return lines


def _sentence(milestone: str, outage: Outage) -> str:
    seconds = recovery.milestones(outage)[milestone]
    least = recovery.at_least(outage).get(milestone)
    name = outage.machine
    moved = sum(pod.unneeded is None for pod in outage.moving)
    replaced = sum(pod.successor is not None for pod in recovery.awaited(outage))
    match milestone:
        case "cut":
            return _cut(outage)
        case "lost" | "last_seen":
            return _lost(outage)
        case "not_ready":
            return _noticed(outage, took(seconds, least))
        case "tainted":
            began = any(pod.evicted is not None for pod in recovery.awaited(outage))
            get = "got" if began or _is_past(outage) else "get"
            return f"Kubernetes tainted {name} as unreachable. Its pods {get} a little more time."
        case "evicting_first":
            return f"Kubernetes started to evict the pods on {name}."
        case "successor_created":
            return "The first replacement pod was created."
        case "scheduled":
            return (
                "The replacement was scheduled."
                if replaced == 1
                else f"All {replaced} replacements were scheduled."
            )
        case "recovered":
            return _recovered(outage, moved)
        case "restored":
            return _restored(outage)
        case "rejoined":
            return _rejoined(outage)
        case "cleaned":
            return f"The old pods on {name} were removed."
        case _:
            return ""


def _cut(outage: Outage) -> str:
    name, what = outage.machine, outage.feed or "power"
    when = f" within {outage.t0_within:.1f} s" if outage.t0_within else ""
    running = ""
    if what == "network":
        keep = "keep" if outage.restored is None and outage.closed is None else "kept"
        running = f" Its pods {keep} running, cut off."
    return f"{name} lost its {what}{when}. {_unknown(outage)}{running}"


def _noticed(outage: Outage, after: str) -> str:
    name, stuck = outage.machine, ""
    if recovery.nothing_moves(outage):
        wait = "could move: they had to wait" if _is_past(outage) else "can move: they are waiting"
        stuck = f" None of the pods that {name} had {wait} for it to return."
    return f"Kubernetes noticed after {after} that {name} was gone.{stuck}"


def _restored(outage: Outage) -> str:
    name, what = outage.machine, outage.feed or "power"
    if _is_past(outage):
        return f"{name} got its {what} back."
    starts = " and is booting" if what == "power" else ""
    return f"{name} has its {what} back{starts}."


def _is_past(outage: Outage) -> bool:
    """Whether its machine was back, or what became of it is not followed any more."""
    return outage.rejoined is not None or outage.closed is not None


def _unknown(outage: Outage) -> str:
    knows = outage.not_ready is not None or _is_past(outage)
    return f"Kubernetes {'did' if knows else 'does'} not know yet."


def _rejoined(outage: Outage) -> str:
    if outage.not_ready is None:  # Kubernetes did not notice, so no pod moved
        return f"{outage.machine} was in contact with Kubernetes again."
    return f"{outage.machine} came back to the cluster. Pods do not move back on their own."


def _no_room(outage: Outage, unschedulable: list[Displaced]) -> str:
    pods = counted(len(unschedulable), "pod", "pods")
    why = next(pod.successor.waiting for pod in unschedulable if pod.successor)
    can = "can" if outage.closed is None else "could"
    return f"No machine {can} take {pods}: {why.rstrip('.')}."


def _lost(outage: Outage) -> str:
    """How a machine was lost without a cut of ours."""
    name, what = outage.machine, outage.feed
    if outage.clocked is not Clocked.SENSOR:
        if outage.cause is Cause.CUT_SHORT:
            return (
                f"{name} fell silent. A cut of its {what} by {outage.by} was aborted just then, "
                f"and may have taken effect briefly. It was lost within {outage.t0_within:.1f} s "
                "of this last sign of life."
            )
        why = "probably a pulled cable or a fault"
        if outage.cause is Cause.FAULT:
            why = "its power was on, so probably a crash or a network fault"
        return (
            f"{name} fell silent, and chaosmonkey did not cut it: {why}. It was lost "
            f"within {outage.t0_within:.1f} s of this last sign of life."
        )
    match outage.cause:
        case Cause.SUPPLY:
            how = "together with all the others: the power supply failed"
        case Cause.SWITCHED:
            how = "because its plug was switched off elsewhere"
        case _:
            how = "though its plug was on: probably a pulled or loose cable"
    return f"{name} lost its {what} {how}. {_unknown(outage)}"


def _recovered(outage: Outage, moved: int) -> str:
    time = took(recovery.recovery_time(outage) or 0.0, recovery.recovery_at_least(outage))
    rest = _left_behind(outage) if moved else ""
    unneeded = sum(pod.unneeded is not None for pod in recovery.awaited(outage))
    if unneeded:
        rest = f" {unneeded} {'was' if unneeded == 1 else 'were'} no longer needed.{rest}"
    if recovery.nothing_moves(outage):
        return (
            f"{outage.machine}'s pods were running again after {time}, on {outage.machine} itself: "
            f"none of them could move.{rest}"
        )
    run = "all pods were running again"
    if moved:
        run = "the 1 pod that could move was running again"
    if moved > 1:
        run = f"{'both' if moved == 2 else f'all {moved}'} pods that could move were running again"
    if moved and not any(pod.successor for pod in outage.moving):
        pods = counted(moved, "pod was", "pods were")
        run = f"its {pods} running again, on {outage.machine} itself"
    return f"Recovered after {time}: {run}.{rest}"


def _left_behind(outage: Outage) -> str:
    """The pods that did not move when the others had: those that wait, those tied to the machine.

    Together with those that moved, they are all that were on the machine.
    """
    at = outage.recovered or 0.0
    waited = [
        pod
        for pod in outage.displaced
        if pod.fate is Fate.WAITS and (pod.resolved is None or pod.resolved > at)
    ]
    tied = [pod for pod in outage.displaced if pod.fate is Fate.STAYS]
    told = []
    if waited:
        lasts = not _is_past(outage) and any(pod.resolved is None for pod in waited)
        wait = ("is waiting", "are waiting") if lasts else ("had to wait", "had to wait")
        told.append(counted(len(waited), *wait) + f" for {outage.machine} to return")
    if tied:
        it = "it" if told else outage.machine
        by = " (DaemonSet)" if all(pod.kind == "DaemonSet" for pod in tied) else ""
        told.append(counted(len(tied), "belongs", "belong") + f" to {it}{by}")
    return f" {', '.join(told)}." if told else ""


def _ending(outage: Outage) -> str:
    if outage.interrupted:
        ended = "The measurement ends"
        if outage.recovered is not None:
            ended = "The recovery was measured, and the record ends"
        return f"{ended} here: {outage.interrupted}."
    match recovery.outcome(outage):
        case Outcome.UNNOTICED:
            return f"{outage.machine} was back before Kubernetes noticed it was gone."
        case Outcome.INCOMPLETE:
            reasons = {recovery.explain(outage, pod) for pod in recovery.unresolved(outage)}
            return f"Not everything came back: {'; '.join(sorted(reasons))}."
        case _:
            lost = [pod.name for pod in outage.displaced if pod.fate is Fate.LOST and pod.evicted]
            if lost:
                return (
                    f"{outage.machine}'s outage ended. Gone for good, because no controller "
                    f"recreates them: {', '.join(lost)}."
                )
            return f"{outage.machine}'s outage ended. All its pods were running again."
