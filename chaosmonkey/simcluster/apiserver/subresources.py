"""The parts of objects that have verbs of their own: scale, eviction and binding."""

from __future__ import annotations

from chaosmonkey.simcluster.apiserver import refusals
from chaosmonkey.simcluster.apiserver.lists import Query
from chaosmonkey.simcluster.apiserver.options import is_dry
from chaosmonkey.simcluster.apiserver.paths import Target
from chaosmonkey.simcluster.apiserver.resources import ApiResource
from chaosmonkey.simcluster.apiserver.selectors import selector_text
from chaosmonkey.simcluster.apiserver.storage import Store, clone
from chaosmonkey.simcluster.apiserver.validation.errors import FieldErrors
from chaosmonkey.simcluster.apiserver.watch_cache import Obj
from chaosmonkey.simcluster.controllers.disruption import charge_budget

_BINDING = ApiResource("", "v1", "pods/binding", "Binding")


def scale_of(obj: Obj) -> Obj:
    """The scale of a workload: its desired and its actual number of replicas."""
    meta = obj["metadata"]
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    status = {"replicas": obj.get("status", {}).get("replicas", 0)}
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {field: meta[field] for field in kept},
        "spec": {"replicas": obj["spec"]["replicas"]},
        "status": status | {"selector": selector_text(obj["spec"].get("selector", {}))},
    }


def scale(store: Store, target: Target, before: Obj, wanted: Obj, query: Query) -> Obj:
    """Set the number of replicas of a workload. Refuses a negative one with 422."""
    replicas, errors = wanted.get("spec", {}).get("replicas", 0), FieldErrors()
    errors.not_negative("spec.replicas", replicas)
    if errors:
        raise refusals.invalid_scale(target.name, *errors)
    after = clone(before)
    after["spec"]["replicas"] = replicas
    if version := wanted.get("metadata", {}).get("resourceVersion"):
        after["metadata"]["resourceVersion"] = version
    return scale_of(store.update(target.resource, after, keep=not is_dry(query)))


def evict(store: Store, target: Target, eviction: Obj, query: Query) -> Obj:
    """Evict a pod: refuses with 404, or with 429 if its budget allows no eviction."""
    options = eviction.get("deleteOptions") or {}
    key = (target.namespace, target.name)
    pod = store.get(target.resource, *key)
    dry = is_dry(query) or options.get("dryRun") == ["All"]
    charge_budget(store, pod, dry=dry)
    if not dry:
        store.delete(target.resource, key, grace=options.get("gracePeriodSeconds"))
    return success() | {"code": 201}


def bind(store: Store, target: Target, binding: Obj) -> Obj:
    """Bind a pod to a node: refuses with 404, or with 409 if it is bound or being deleted."""
    node = binding.get("target", {}).get("name", "")
    if not node:
        raise refusals.bad_request("target.name: Required value")
    pod = store.get(target.resource, target.namespace, target.name)
    assigned = pod["spec"].get("nodeName")
    if "deletionTimestamp" in pod["metadata"]:
        why = f"pod {target.name} is being deleted, cannot be assigned to a host"
        raise refusals.conflict(_BINDING, target.name, why)
    if assigned:
        why = f'pod {target.name} is already assigned to node "{assigned}"'
        raise refusals.conflict(_BINDING, target.name, why)

    def assign(pod: Obj) -> None:
        pod["spec"]["nodeName"] = node

    store.edit(target.resource, (target.namespace, target.name), assign)
    return success() | {"code": 201}


def success() -> Obj:
    """A Status that says that a request succeeded."""
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
