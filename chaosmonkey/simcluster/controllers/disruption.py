"""PodDisruptionBudgets: how many pods may be evicted through the eviction API.

Only evictions through the API (`kubectl drain`) respect them. A power cut does not, nor does the
eviction from a lost node.
"""

from __future__ import annotations

import math

from chaosmonkey.simcluster.apiserver.resources import BUDGETS, PODS
from chaosmonkey.simcluster.apiserver.selectors import selects as selected
from chaosmonkey.simcluster.apiserver.storage import Store, key_of
from chaosmonkey.simcluster.apiserver.watch_cache import Change, Key, Obj
from chaosmonkey.simcluster.context import SimContext
from chaosmonkey.simcluster.controllers.base import Controller, is_active, is_ready
from chaosmonkey.simcluster.timestamps import stamp


class Disruption(Controller):
    """Keeps the status of every budget up to date."""

    def __init__(self, context: SimContext) -> None:
        super().__init__(context)
        self.watch(BUDGETS)
        context.store.subscribe(PODS, self._pod_changed)

    def _pod_changed(self, change: Change) -> None:
        for budget in self.context.store.all(BUDGETS):
            if any(selects(budget, pod) for pod in (change.object, change.before) if pod):
                self.wake(key_of(budget))

    def sync(self, key: Key) -> None:
        """Count the pods of one budget."""
        budget = self.context.store.find(BUDGETS, *key)
        if budget is None:
            return
        pods = [
            pod for pod in self.context.store.all(PODS) if selects(budget, pod) and is_active(pod)
        ]
        healthy = sum(is_ready(pod) for pod in pods)
        desired = _desired(budget["spec"], len(pods))
        allowed = max(0, healthy - desired)
        now = stamp(self.context.timeline.now)

        def write(found: Obj) -> None:
            before = found.get("status", {})
            found["status"] = {
                "currentHealthy": healthy,
                "desiredHealthy": desired,
                "disruptionsAllowed": allowed,
                "expectedPods": len(pods),
                "observedGeneration": found["metadata"].get("generation", 1),
                "conditions": [_condition(before, allowed, now)],
            }

        self.context.store.edit(BUDGETS, key, write)


def selects(budget: Obj, pod: Obj) -> bool:
    """Whether a pod counts towards a budget. An empty selector selects the whole namespace."""
    if budget["metadata"]["namespace"] != pod["metadata"]["namespace"]:
        return False
    return selected(budget["spec"].get("selector"), pod["metadata"].get("labels", {}))


def forbidding(store: Store, pod: Obj) -> Obj | None:
    """The budget that forbids evicting a pod now. A pod that is not Ready may be evicted."""
    if not is_ready(pod):
        return None
    for budget in store.all(BUDGETS):
        if selects(budget, pod) and not budget.get("status", {}).get("disruptionsAllowed"):
            return budget
    return None


def _desired(spec: Obj, expected: int) -> int:
    if "minAvailable" in spec:
        return _number(spec["minAvailable"], expected)
    return max(0, expected - _number(spec.get("maxUnavailable", 1), expected))


def _number(value: object, of: int) -> int:
    """A number, or a percentage of the pods, rounded up as in Kubernetes."""
    text = str(value)
    return math.ceil(int(text[:-1]) * of / 100) if text.endswith("%") else int(text)


def _condition(before: Obj, allowed: int, now: str) -> Obj:
    status = "True" if allowed else "False"
    last: Obj = next(iter(before.get("conditions") or []), {})
    since = last.get("lastTransitionTime") if last.get("status") == status else None
    return {
        "type": "DisruptionAllowed",
        "status": status,
        "reason": "SufficientPods" if allowed else "InsufficientPods",
        "message": "",
        "lastTransitionTime": since or now,
    }
