"""Events: repeated events raise a count, similar ones are combined.

Like client-go's correlator: an event that differs from an earlier one only in its time raises that
event's count. From the eleventh event within ten minutes that differs only in its message, they are
written into one event "(combined from similar events)". Events expire after an hour
(kube-apiserver --event-ttl).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from chaosmonkey.simcluster.apiserver.resources import EVENTS
from chaosmonkey.simcluster.apiserver.storage import Obj, Store
from chaosmonkey.simcluster.timeline import Span, Timeline
from chaosmonkey.simcluster.timestamps import micro_stamp, stamp

_WRITTEN: Span = (0.001, 0.008)
_MOST_SIMILAR = 10
_WINDOW = 600.0
_TTL = 3600.0

Severity = Literal["Normal", "Warning"]


@dataclass(frozen=True)
class Source:
    """The component that records an event."""

    component: str
    host: str = ""


_SCHEDULER = Source("default-scheduler")


@dataclass
class _SimilarEvents:
    """The messages about one object for one reason, and the time of the last."""

    messages: set[str]
    last: float


class EventRecorder:
    """Writes events a few milliseconds after they are recorded."""

    def __init__(self, timeline: Timeline, store: Store) -> None:
        self._timeline = timeline
        self._store = store
        self._known: dict[tuple[str, ...], tuple[str, str]] = {}
        self._similar: dict[tuple[str, ...], _SimilarEvents] = {}
        self._serial = 0
        self._busy: dict[Source, float] = {}

    def forget(self, source: Source) -> None:
        """Forget the earlier events of a component that restarted."""
        ours = (source.component, source.host)
        for key in [key for key in self._known if key[4:6] == ours]:
            del self._known[key]
            self._similar.pop(key[:6], None)

    def _soon(self, source: Source, write: Callable[[], None]) -> None:
        """Write in a moment; the events of one source stay in order."""
        when = max(self._timeline.now, self._busy.get(source, 0.0)) + self._timeline.draw(_WRITTEN)
        self._busy[source] = when
        self._timeline.at(when, write)

    def record(
        self,
        about: Obj,
        reason: str,
        message: str,
        *,
        source: Source,
        severity: Severity = "Normal",
        container: str = "",
        anonymous: bool = False,
    ) -> None:
        """Record an event about an object.

        `container` names the container of a pod. `anonymous` omits the uid, as a kubelet does for
        its own node.
        """
        involved = _reference(about, anonymous=anonymous)
        if container:
            involved["fieldPath"] = f"spec.containers{{{container}}}"
        now = self._timeline.now
        uid = about["metadata"]["uid"]
        group = (involved["kind"], uid, container, reason, source.component, source.host)
        similar = self._similar.get(group)
        if similar is None or now - similar.last > _WINDOW:
            similar = self._similar[group] = _SimilarEvents(set(), now)
        similar.last = now
        similar.messages.add(message)
        key = (*group, message)
        if len(similar.messages) > _MOST_SIMILAR and key not in self._known:
            message = f"(combined from similar events): {message}"
            key = (*group, "(combined)")
        event = self._new(involved, reason, message, severity)
        self._soon(source, lambda: self._write(key, event, source))

    def _write(self, key: tuple[str, ...], event: Obj, source: Source) -> None:
        now = stamp(self._timeline.now)

        def repeat(old: Obj) -> None:
            old["count"] += 1
            old["lastTimestamp"] = now
            old["message"] = event["message"]

        if key in self._known and self._store.edit(EVENTS, self._known[key], repeat):
            return
        host = {"host": source.host} if source.host else {}
        fields = {
            "source": {"component": source.component, **host},
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
            "eventTime": None,
            "reportingComponent": source.component,
            "reportingInstance": source.host,
        }
        self._create(key, event | fields)

    def record_scheduling(self, pod: Obj, reason: str, message: str, severity: Severity) -> None:
        """Record an event in the scheduler's newer form, without count and timestamps."""
        event = self._new(_reference(pod), reason, message, severity) | {
            "source": {},
            "firstTimestamp": None,
            "lastTimestamp": None,
            "eventTime": micro_stamp(self._timeline.now),
            "action": "Binding" if reason == "Scheduled" else "Scheduling",
            "reportingComponent": "default-scheduler",
            "reportingInstance": "default-scheduler-master",
        }
        self._soon(_SCHEDULER, lambda: self._create((), event))

    def _new(self, involved: Obj, reason: str, message: str, severity: Severity) -> Obj:
        self._serial += 1
        nanos = int(self._timeline.now * 1e6) * 1000 + self._serial % 1000
        namespace = involved.get("namespace", "default")
        return {
            "metadata": {"name": f"{involved['name']}.{nanos:x}", "namespace": namespace},
            "involvedObject": involved,
            "reason": reason,
            "message": message,
            "type": severity,
        }

    def _create(self, key: tuple[str, ...], event: Obj) -> None:
        created = self._store.create(EVENTS, event)
        at = (created["metadata"]["namespace"], created["metadata"]["name"])
        if key:
            self._known[key] = at
        self._timeline.after(_TTL, lambda: self._forget(key, at))

    def _forget(self, key: tuple[str, ...], at: tuple[str, str]) -> None:
        if self._known.get(key) == at:
            del self._known[key]
            self._similar.pop(key[:-1], None)
        if self._store.find(EVENTS, *at) is not None:
            self._store.delete(EVENTS, at)


def _reference(about: Obj, *, anonymous: bool = False) -> Obj:
    meta = about["metadata"]
    reference: Obj = {"kind": about["kind"]}
    if "namespace" in meta:
        reference["namespace"] = meta["namespace"]
    reference["name"] = meta["name"]
    if not anonymous:
        reference["uid"] = meta["uid"]
    reference["apiVersion"] = about["apiVersion"]
    if "namespace" in meta:
        reference["resourceVersion"] = meta["resourceVersion"]
    return reference
