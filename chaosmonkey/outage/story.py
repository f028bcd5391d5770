"""The story of an outage for people who do not know Kubernetes: a pure function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chaosmonkey.model import Cause, Clocked, Displaced, Fate, Outage, Outcome
from chaosmonkey.outage import recovery
from chaosmonkey.wording import counted

_NOTHING_MOVES = "None of the pods that {} had can move: they are waiting for it to return."


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
        lines.append(StoryLine("held", at, f"The eviction is on hold: {outage.held}."))
    if unschedulable := recovery.unschedulable_pods(outage):
        at = max(pod.successor.created for pod in unschedulable if pod.successor) - outage.t0
        lines.append(StoryLine("no room", round(at, 3), _no_room(unschedulable)))
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
    name, what = outage.machine, outage.feed or "power"
    moved = sum(pod.unneeded is None for pod in outage.moving)
    replaced = sum(pod.successor is not None for pod in recovery.awaited(outage))
    match milestone:
        case "cut":
            running = " Its pods keep running, cut off." if what == "network" else ""
            when = f" within {outage.t0_within:.1f} s" if outage.t0_within else ""
            return f"{name} has lost its {what}{when}. Kubernetes does not know yet.{running}"
        case "lost" | "last_seen":
            return _lost(outage)
        case "not_ready":
            stuck = f" {_NOTHING_MOVES.format(name)}" if recovery.nothing_moves(outage) else ""
            after = took(seconds, least)
            return f"Kubernetes noticed after {after} that {name} was gone.{stuck}"
        case "tainted":
            return f"Kubernetes tainted {name} as unreachable. Its pods get a little more time."
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
            starts = " and is booting" if what == "power" else ""
            return f"{name} has its {what} back{starts}."
        case "rejoined":
            return _rejoined(outage)
        case "cleaned":
            return f"The old pods on {name} have been removed."
        case _:
            return ""


def _rejoined(outage: Outage) -> str:
    if outage.not_ready is None:  # Kubernetes did not notice, so no pod moved
        return f"{outage.machine} is in contact with Kubernetes again."
    return f"{outage.machine} is back in the cluster. Pods do not move back on their own."


def _no_room(unschedulable: list[Displaced]) -> str:
    pods = counted(len(unschedulable), "pod", "pods")
    why = next(pod.successor.waiting for pod in unschedulable if pod.successor)
    return f"No machine can take {pods}: {why.rstrip('.')}."


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
        why = "probably a pulled plug or a fault"
        if outage.cause is Cause.FAULT:
            why = "its power is on, so probably a crash or a network fault"
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
            how = "though its plug is on: probably a pulled or loose cable"
    return f"{name} has lost its {what} {how}. Kubernetes does not know yet."


def _recovered(outage: Outage, moved: int) -> str:
    time = took(recovery.recovery_time(outage) or 0.0, recovery.recovery_at_least(outage))
    waiting = sum(pod.fate is Fate.WAITS and pod.resolved is None for pod in outage.displaced)
    rest = ""
    if waiting and moved:
        rest = f" {counted(waiting, 'pod is', 'pods are')} waiting for {outage.machine} to return."
    unneeded = sum(pod.unneeded is not None for pod in recovery.awaited(outage))
    if unneeded:
        rest = f" {unneeded} {'is' if unneeded == 1 else 'are'} no longer needed.{rest}"
    if recovery.nothing_moves(outage):
        return (
            f"{outage.machine}'s pods were running again after {time}, on {outage.machine} itself: "
            f"none of them could move.{rest}"
        )
    run = "all pods are running again"
    if moved:
        run = "the 1 pod that could move is running again"
    if moved > 1:
        run = f"all {moved} pods that could move are running again"
    if moved and not any(pod.successor for pod in outage.moving):
        pods = counted(moved, "pod is", "pods are")
        run = f"its {pods} running again, on {outage.machine} itself"
    return f"Recovered after {time}: {run}.{rest}"


def _ending(outage: Outage) -> str:
    if outage.interrupted:
        return f"The measurement ends here: {outage.interrupted}."
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
                    f"{outage.machine}'s outage is over. Gone for good, because no controller "
                    f"recreates them: {', '.join(lost)}."
                )
            return f"{outage.machine}'s outage is over. All its pods are running again."
