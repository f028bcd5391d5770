"""The pods of one machine: each follows `pod_lifecycle.py`, and the kubelet posts its status.

While the link is down, the pods run on; their status is posted when the link is back. That is how
duplicates appear: a pod was replaced, but still runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from chaosmonkey.simcluster.apiserver.resources import PODS
from chaosmonkey.simcluster.apiserver.storage import key_of
from chaosmonkey.simcluster.apiserver.watch_cache import Change, Key, Obj
from chaosmonkey.simcluster.context import SimContext
from chaosmonkey.simcluster.events import Source
from chaosmonkey.simcluster.node import pod_lifecycle
from chaosmonkey.simcluster.node.nodestatus import NodeIdentity, condition
from chaosmonkey.simcluster.node.pod_lifecycle import Life, PodReport, PodStep
from chaosmonkey.simcluster.node.podevents import event_texts
from chaosmonkey.simcluster.node.podstatus import PodFacts, pod_status
from chaosmonkey.simcluster.timeline import Booking


@dataclass
class PodWorker:
    """One pod on one machine."""

    pod: Obj
    key: Key
    facts: PodFacts
    report: PodReport | None = None
    life: Life = ()
    step: int = 0
    booking: Booking | None = None
    stopping: bool = False
    left: float = 0.0
    """Seconds left of its step when the machine froze."""

    @property
    def uid(self) -> str:
        """The uid of its pod."""
        uid: str = self.pod["metadata"]["uid"]
        return uid


@dataclass
class PodWorkers:
    """All pods of one machine.

    Attributes:
        identity: which node the machine is.
        context: the world.
        connected: returns whether the kubelet can reach the API server.
        overwritten: called when another client changed a status that this machine reports.
        images: the pulled images; they survive a power cut.
        runs: the pods on this machine, by uid.
    """

    identity: NodeIdentity
    context: SimContext
    connected: Callable[[], bool]
    overwritten: Callable[[], None]
    images: set[str] = field(default_factory=set)
    runs: dict[str, PodWorker] = field(default_factory=dict)
    _serial: int = 0
    _synced: bool = False
    _posting: bool = False
    watching: bool = True
    """Whether the kubelet receives changes of its pods."""
    _slow: float = 0.5
    """Share of lost pods that wait for the kubelet's housekeeping; drawn at each boot."""

    def changed(self, change: Change) -> None:
        """Handle a change of a pod that is bound to this machine."""
        if not (self._synced and self.watching and self.connected()):
            return
        if change.what == "DELETED":
            self._deleted(change.object)
        else:
            self._update(change.object)
            if not self._posting and self._was_overwritten(change.object):
                self.overwritten()

    def restore(self) -> None:
        """Adopt the API server's pods after the kubelet started."""
        if not self.connected():
            self._synced = True
            return
        self._synced = True
        self._slow = self.context.timeline.random.random()
        for pod in self._bound():
            self._resume(pod)

    def catch_up(self) -> None:
        """Catch up after the link is back: post terminating pods, and handle missed changes."""
        self.watching = True
        if not self.connected():
            return
        bound = self._bound()
        there = {pod["metadata"]["uid"] for pod in bound}
        for run in [run for uid, run in self.runs.items() if uid not in there]:
            self._end(run)
        for pod in bound:
            known = self.runs.get(pod["metadata"]["uid"])
            if known is not None and "deletionTimestamp" in pod["metadata"]:
                stopped = known.stopping
                self._post(known)
                if stopped:
                    self._play(known, pod_lifecycle.CONFIRM)
            self._update(pod)

    def reconcile(self) -> None:
        """Post the status of every pod."""
        if self.connected():
            for run in list(self.runs.values()):
                self._post(run)

    def power_off(self) -> None:
        """Drop every container: the power is gone."""
        for run in self.runs.values():
            if run.booking:
                run.booking.cancel()
        self.runs.clear()
        self._synced = False
        self.watching = True

    def pause(self) -> None:
        """Stop the time of every pod."""
        for run in self.runs.values():
            if run.booking and run.booking.pending:
                run.left = run.booking.when - self.context.timeline.now
                run.booking.cancel()

    def unpause(self) -> None:
        """Resume every pod where it was."""
        for run in self.runs.values():
            if run.left:
                self._book(run, run.left)
                run.left = 0.0

    def _bound(self) -> list[Obj]:
        return self.context.store.index(PODS, "node", node_of).find(self.identity.name)

    def _update(self, pod: Obj) -> None:
        uid = pod["metadata"]["uid"]
        run = self.runs.get(uid)
        leaving = "deletionTimestamp" in pod["metadata"]
        if run is None:
            if pod.get("status", {}).get("phase") not in {"Succeeded", "Failed"}:
                adopted = self._adopt(pod)
                self._play(adopted, pod_lifecycle.LOST if leaving else pod_lifecycle.START)
                adopted.stopping = leaving
            return
        run.pod = pod
        if leaving and not run.stopping:
            run.stopping = True
            self._play(run, pod_lifecycle.STOP)

    def _resume(self, pod: Obj) -> None:
        status = pod.get("status", {})
        if status.get("phase") in {"Succeeded", "Failed"} and (
            "deletionTimestamp" not in pod["metadata"]
        ):
            return
        run = self._adopt(pod)
        if "deletionTimestamp" in pod["metadata"]:
            run.stopping = True
            self._play(run, pod_lifecycle.LOST)
        elif started := status.get("containerStatuses"):
            lost = "waiting" not in started[0]["state"]
            restarts = started[0]["restartCount"] + int(lost)
            run.facts = replace(run.facts, restarts=restarts, lost_before=restarts > 0)
            self._play(run, pod_lifecycle.RESTART if lost else pod_lifecycle.START)
        else:
            self._play(run, pod_lifecycle.START)

    def _adopt(self, pod: Obj) -> PodWorker:
        facts = PodFacts(host_ip=self.identity.ip, started=self.context.timeline.now)
        run = PodWorker(pod, key_of(pod), facts)
        self.runs[run.uid] = run
        return run

    def _deleted(self, pod: Obj) -> None:
        run = self.runs.get(pod["metadata"]["uid"])
        if run is not None:
            if not run.stopping:
                self._record(run, "Killing")
            self._end(run)

    def _end(self, run: PodWorker) -> None:
        if run.booking:
            run.booking.cancel()
        self.runs.pop(run.uid, None)

    def _play(self, run: PodWorker, life: Life) -> None:
        if run.booking:
            run.booking.cancel()
        run.life, run.step = life, 0
        self._wait(run)

    def _wait(self, run: PodWorker) -> None:
        """Book the next step of a run."""
        stage, timing, timeline = run.life[run.step], self.context.timing, self.context.timeline
        match stage.after:
            case "readiness":
                span = pod_lifecycle.probe_span(run.pod) or (0.0, 0.0)
            case "lost_removal" if timeline.random.random() < self._slow:
                span = timing.housekeeping
            case name:
                span = getattr(timing, name)
        self._book(run, timeline.draw(span))

    def _book(self, run: PodWorker, seconds: float) -> None:
        run.booking = self.context.timeline.after(seconds, lambda: self._enter(run))

    def _enter(self, run: PodWorker) -> None:
        stage = run.life[run.step]
        if stage.removes:
            self._remove(run)
            return
        self._become(run, stage)
        for reason in stage.events:
            self._record(run, reason)
        self._post(run)
        run.step += 1
        if run.step < len(run.life):
            self._wait(run)

    def _become(self, run: PodWorker, stage: PodStep) -> None:
        now = self.context.timeline.now
        if stage.name == "started":
            self._serial += 1
            ip = run.facts.ip or self.identity.pod_ip(self._serial)
            run.facts = replace(run.facts, ip=ip, running_since=now)
            ready_at_once = pod_lifecycle.probe_span(run.pod) is None
            run.report = pod_lifecycle.READY if ready_at_once else stage.report
            if ready_at_once:
                run.step = len(run.life) - 1
            return
        if stage.report is pod_lifecycle.COMPLETED:
            if run.report is None or run.report.containers != "running":
                run.report = pod_lifecycle.FAILED
                return
            run.facts = replace(run.facts, stopped=now)
        run.report = stage.report or run.report

    def _remove(self, run: PodWorker) -> None:
        if not self.connected():
            return
        store = self.context.store
        pod = store.find(PODS, *run.key)
        if pod is not None and pod["metadata"]["uid"] == run.uid:
            store.delete(PODS, run.key, grace=0)
        self._end(run)

    def _post(self, run: PodWorker) -> None:
        """Post a pod's status, if the API server can be reached."""
        report, facts, now = run.report, run.facts, self.context.timeline.now
        if report is None or not self.connected():
            return

        def write(pod: Obj) -> None:
            pod["status"] = pod_status(pod, report, facts, now)

        self._posting = True
        try:
            after = self.context.store.edit(PODS, run.key, write, uid=run.uid)
        finally:
            self._posting = False
        if after is not None:
            run.pod = after

    def _was_overwritten(self, pod: Obj) -> bool:
        """Whether the API server shows another readiness or phase than the kubelet reports."""
        run = self.runs.get(pod["metadata"]["uid"])
        if run is None or run.report is None:
            return False
        ready = condition(pod, "Ready").get("status") == "True"
        return (pod["status"].get("phase"), ready) != (run.report.phase, run.report.ready)

    def _record(self, run: PodWorker, reason: str) -> None:
        """Record an event for each container of a pod."""
        if not self.connected():
            return
        for container in run.pod["spec"]["containers"]:
            for why, message in event_texts(reason, container, self.images):
                self.context.events.record(
                    run.pod,
                    why,
                    message,
                    source=Source("kubelet", self.identity.name),
                    container=container["name"],
                )


def node_of(pod: Obj) -> tuple[str, ...]:
    """The node that a pod is bound to, as an index term."""
    name = pod["spec"].get("nodeName")
    return (name,) if name else ()
