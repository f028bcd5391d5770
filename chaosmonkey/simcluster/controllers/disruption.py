"""PodDisruptionBudgets: how many pods may be evicted through the eviction API.

    eviction requested ─► charge_budget: one fewer allowed, the pod is disrupted ─► pod deleted
                                  │ none left: 429
    pods changed ─► Disruption counts again; a disrupted pod is not healthy

Only evictions through the API (`kubectl drain`) respect them. A power cut does not, nor does the
eviction from a lost node.
"""

from __future__ import annotations

import math

from chaosmonkey.simcluster.apiserver import refusals
from chaosmonkey.simcluster.apiserver.resources import (
    BUDGETS,
    BY_KIND,
    DEPLOYMENTS,
    PODS,
    REPLICA_SETS,
)
from chaosmonkey.simcluster.apiserver.selectors import selects as selected
from chaosmonkey.simcluster.apiserver.storage import Store, key_of
from chaosmonkey.simcluster.apiserver.watch_cache import Change, Key, Obj
from chaosmonkey.simcluster.context import SimContext
from chaosmonkey.simcluster.controllers.base import (
    Controller,
    is_finished,
    is_ready,
    is_terminating,
    owner_of,
)
from chaosmonkey.simcluster.events import Source
from chaosmonkey.simcluster.timestamps import moment, stamp

_SOURCE = Source("controllermanager")
DELETION_TIMEOUT = 120.0
"""Seconds for which a pod counts as disrupted without being deleted (DeletionTimeout)."""


class UnscalableOwner(Exception):
    """A pod's controller has no number of replicas, so that no share of it can be computed."""


class Disruption(Controller):
    """Keeps the status of every budget up to date."""

    def __init__(self, context: SimContext) -> None:
        super().__init__(context)
        self.watch(BUDGETS)
        self.follow(PODS, self._pod_changed)

    def _pod_changed(self, change: Change) -> None:
        for budget in self.context.store.all(BUDGETS):
            if any(selects(budget, pod) for pod in (change.object, change.before) if pod):
                self.wake(key_of(budget))

    def sync(self, key: Key) -> None:
        """Count the pods of one budget."""
        budget = self.context.store.find(BUDGETS, *key)
        if budget is None:
            return
        pods = [pod for pod in self.context.store.all(PODS) if selects(budget, pod)]
        if not pods:
            text = "No matching pods found"
            self.context.events.record(budget, "NoPods", text, source=_SOURCE)
        try:
            expected, desired = _wanted(self.context.store, budget["spec"], pods)
        except UnscalableOwner as problem:
            self._fail(budget, str(problem))
            return
        disrupted = self._still_disrupted(budget, pods)
        healthy = sum(
            is_ready(pod) and not is_terminating(pod) and key_of(pod)[1] not in disrupted
            for pod in pods
        )
        allowed = max(0, healthy - desired) if expected > 0 else 0
        now = stamp(self.context.timeline.now)

        def write(found: Obj) -> None:
            generation = found["metadata"].get("generation", 1)
            before = found.get("status", {})
            found["status"] = {
                "currentHealthy": healthy,
                "desiredHealthy": desired,
                "disruptionsAllowed": allowed,
                "expectedPods": expected,
                **({"disruptedPods": disrupted} if disrupted else {}),
                "observedGeneration": generation,
                "conditions": [_condition(before, allowed, now, generation)],
            }

        self.context.store.edit(BUDGETS, key, write)

    def _still_disrupted(self, budget: Obj, pods: list[Obj]) -> dict[str, str]:
        """The pods whose eviction was allowed and that are not being deleted yet, with the time."""
        known: dict[str, str] = budget.get("status", {}).get("disruptedPods") or {}
        now, kept = self.context.timeline.now, {}
        for pod in pods:
            name = pod["metadata"]["name"]
            if name not in known or is_terminating(pod):
                continue
            until = moment(known[name]) + DELETION_TIMEOUT
            if until >= now:
                kept[name] = known[name]
                self.wake(key_of(budget), until - now + 0.001)
                continue
            where = budget["metadata"]["namespace"]
            text = f"Pod was expected by PDB {where}/{where} to be deleted but it wasn't"
            self.context.events.record(pod, "NotDeleted", text, source=_SOURCE, severity="Warning")
        return kept

    def _fail(self, budget: Obj, why: str) -> None:
        """Allow no eviction under a budget whose pods cannot be counted."""
        text = f"Failed to calculate the number of expected pods: {why}"
        reason = "CalculateExpectedPodCountFailed"
        self.context.events.record(budget, reason, text, source=_SOURCE, severity="Warning")
        now = stamp(self.context.timeline.now)

        def write(found: Obj) -> None:
            status = found.setdefault("status", {})
            counts = dict.fromkeys(("currentHealthy", "desiredHealthy", "expectedPods"), 0)
            last: Obj = next(iter(status.get("conditions") or []), {})
            since = last.get("lastTransitionTime") if last.get("status") == "False" else None
            row = {"type": "DisruptionAllowed", "status": "False", "reason": "SyncFailed"}
            row |= {"message": why, "lastTransitionTime": since or now}
            found["status"] = counts | status | {"disruptionsAllowed": 0, "conditions": [row]}

        self.context.store.edit(BUDGETS, key_of(budget), write)


def selects(budget: Obj, pod: Obj) -> bool:
    """Whether a pod counts towards a budget. An empty selector selects the whole namespace."""
    if budget["metadata"]["namespace"] != pod["metadata"]["namespace"]:
        return False
    return selected(budget["spec"].get("selector"), pod["metadata"].get("labels", {}))


def charge_budget(store: Store, pod: Obj, *, dry: bool = False) -> None:
    """Charge the eviction of a pod to its budget.

    A pod that is pending, finished or already being deleted costs nothing, nor does an unready one
    whose budget allows it. With `dry`, nothing is written.

    Raises:
        Refusal: 429 if the budget allows no eviction or was not counted yet, 500 if the pod has
            several budgets.
    """
    if is_terminating(pod) or is_finished(pod) or pod["status"].get("phase") == "Pending":
        return
    budgets = [budget for budget in store.all(BUDGETS) if selects(budget, pod)]
    if len(budgets) > 1:
        text = (
            "This pod has more than one PodDisruptionBudget, which the eviction subresource does "
            "not support."
        )
        raise refusals.Refusal(500, "", text)
    for budget in budgets:
        if is_ready(pod) or not _lets_unready_go(budget):
            _decrement(store, budget, pod, dry=dry)


def _lets_unready_go(budget: Obj) -> bool:
    """Whether a pod that is not Ready may be evicted without a charge."""
    if budget["spec"].get("unhealthyPodEvictionPolicy") == "AlwaysAllow":
        return True
    status = budget.get("status", {})
    desired, healthy = int(status.get("desiredHealthy", 0)), int(status.get("currentHealthy", 0))
    return 0 < desired <= healthy


def _decrement(store: Store, budget: Obj, pod: Obj, *, dry: bool) -> None:
    status, name = budget.get("status", {}), budget["metadata"]["name"]
    if status.get("observedGeneration", 0) < budget["metadata"].get("generation", 1):
        raise refusals.unprocessed_budget(name)
    if not status.get("disruptionsAllowed"):
        raise refusals.disruption_budget(
            name, status.get("desiredHealthy", 0), status.get("currentHealthy", 0)
        )
    now = stamp(store.now)

    def charge(found: Obj) -> None:
        status = found["status"]
        status["disruptionsAllowed"] -= 1
        status.setdefault("disruptedPods", {})[pod["metadata"]["name"]] = now
        if not status["disruptionsAllowed"]:
            generation = found["metadata"].get("generation", 1)
            status["conditions"] = [_condition(status, 0, now, generation)]

    if not dry:
        store.edit(BUDGETS, key_of(budget), charge)


def _wanted(store: Store, spec: Obj, pods: list[Obj]) -> tuple[int, int]:
    """How many pods a budget expects, and how many of them must stay healthy."""
    least = spec.get("minAvailable")
    if isinstance(least, int):
        return len(pods), least
    expected = _expected_scale(store, pods)
    if least is not None:
        return expected, _number(least, expected)
    most = spec.get("maxUnavailable")
    return expected, 0 if most is None else max(0, expected - _number(most, expected))


def _expected_scale(store: Store, pods: list[Obj]) -> int:
    """The replicas of all controllers of the pods together; pods without one do not count."""
    scales: dict[str, int] = {}
    for pod in pods:
        reference = owner_of(pod)
        if reference is None:
            continue
        resource = BY_KIND.get((reference["apiVersion"], reference["kind"]))
        if resource is None or "scale" not in resource.subresources:
            plural = resource.qualified if resource else reference["kind"]
            raise UnscalableOwner(f"{plural} does not implement the scale subresource")
        owner = store.find(resource, pod["metadata"]["namespace"], reference["name"])
        above = owner_of(owner) if owner and resource is REPLICA_SETS else None
        if above is not None:
            owner = store.find(DEPLOYMENTS, pod["metadata"]["namespace"], above["name"]) or owner
        if owner is not None:
            scales[owner["metadata"]["uid"]] = owner["spec"]["replicas"]
    return sum(scales.values())


def _number(value: object, of: int) -> int:
    """A number, or a percentage of the pods, rounded up as in Kubernetes."""
    text = str(value)
    return math.ceil(int(text[:-1]) * of / 100) if text.endswith("%") else int(text)


def _condition(before: Obj, allowed: int, now: str, generation: int) -> Obj:
    status = "True" if allowed else "False"
    last: Obj = next(iter(before.get("conditions") or []), {})
    since = last.get("lastTransitionTime") if last.get("status") == status else None
    return {
        "type": "DisruptionAllowed",
        "status": status,
        "observedGeneration": generation,
        "reason": "SufficientPods" if allowed else "InsufficientPods",
        "message": "",
        "lastTransitionTime": since or now,
    }
