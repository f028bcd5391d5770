"""The API server's verbs on objects, except list and watch."""

from __future__ import annotations

import re
from typing import Any

import orjson

from chaosmonkey.simcluster.apiserver import refusals
from chaosmonkey.simcluster.apiserver.admission import Admission
from chaosmonkey.simcluster.apiserver.lists import Query
from chaosmonkey.simcluster.apiserver.patches import patch
from chaosmonkey.simcluster.apiserver.paths import Target
from chaosmonkey.simcluster.apiserver.resources import NAMESPACES, PODS, ApiResource
from chaosmonkey.simcluster.apiserver.storage import Store, clone
from chaosmonkey.simcluster.apiserver.validation import check
from chaosmonkey.simcluster.apiserver.watch_cache import Obj
from chaosmonkey.simcluster.controllers.disruption import charge_budget
from chaosmonkey.simcluster.controllers.garbage import hold_owner, refuse_new_content

_NAME = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
_RFC_1123 = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used "
    "for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)

_BINDING = ApiResource("", "v1", "pods/binding", "Binding")

Answer = tuple[int, Obj]
"""An HTTP status and the object to send."""


class Handlers:
    """The API server's verbs over one store."""

    def __init__(self, store: Store, admission: Admission) -> None:
        self._store = store
        self._admission = admission

    def get(self, target: Target) -> Answer:
        """Return one object, or its scale. Refuses with 404."""
        obj = self._store.get(target.resource, target.namespace, target.name)
        return 200, scale_of(obj) if target.part == "scale" else obj

    def create(self, target: Target, obj: Obj, query: Query) -> Answer:
        """Create an object, a binding or an eviction."""
        if target.part == "eviction":
            return self._evict(target, obj, query)
        if target.part == "binding":
            return self._bind(target, obj)
        if target.name:
            raise refusals.method_not_allowed()
        self._check_kind(target.resource, obj)
        meta = _meta(obj)
        self._place(target, meta)
        self._check_name(target.resource, meta)
        check(target.resource, obj)
        self._admission.complete(target.resource, obj)
        refuse_new_content(self._store, target.resource, meta)
        keep = query.get("dryRun") != "All"
        return 201, self._store.create(target.resource, obj, keep=keep)

    def update(self, target: Target, obj: Obj, query: Query) -> Answer:
        """Replace an object, its status or its scale. Refuses with 404, 409 or 422."""
        before = self._store.get(target.resource, target.namespace, target.name)
        if target.part == "scale":
            return self._scale(target, before, obj, query)
        self._check_kind(target.resource, obj)
        return self._replace(target, before, obj, query)

    def patch(self, target: Target, media_type: str, change: Any, query: Query) -> Answer:
        """Patch an object, its status or its scale. Refuses like `update`, or with 415."""
        before = self._store.get(target.resource, target.namespace, target.name)
        if target.part == "scale":
            return self._scale(target, before, patch(media_type, scale_of(before), change), query)
        return self._replace(target, before, patch(media_type, before, change), query)

    def delete(self, target: Target, options: Obj, query: Query) -> Answer:
        """Delete an object, or mark it. Refuses with 404, or with 409 if a precondition fails."""
        resource = target.resource
        before = self._store.get(resource, target.namespace, target.name)
        meta = before["metadata"]
        meant = options.get("preconditions") or {}
        for field, known in (("uid", meta["uid"]), ("resourceVersion", meta["resourceVersion"])):
            if meant.get(field, known) != known:
                label = "UID" if field == "uid" else "ResourceVersion"
                why = (
                    f"Precondition failed: {label} in precondition: {meant[field]}, "
                    f"{label} in object meta: {known}"
                )
                raise refusals.conflict(resource, target.name, why)
        grace = options.get("gracePeriodSeconds")
        if "gracePeriodSeconds" in query:
            grace = int(query["gracePeriodSeconds"])
        dry = query.get("dryRun") == "All" or options.get("dryRun") == ["All"]
        key = (target.namespace, target.name)
        if not dry:
            policy = options.get("propagationPolicy") or query.get("propagationPolicy", "")
            hold_owner(self._store, resource, key, policy)
        after = before if dry else self._store.delete(resource, key, grace=grace)
        if resource.graceful or resource is NAMESPACES:
            return 200, after
        group = {"group": resource.group} if resource.group else {}
        details = {"name": target.name, **group, "kind": resource.plural, "uid": meta["uid"]}
        return 200, _success() | {"details": details}

    def _replace(self, target: Target, before: Obj, obj: Obj, query: Query) -> Answer:
        resource = target.resource
        meta = _meta(obj)
        meta.setdefault("name", target.name)
        self._place(target, meta)
        if meta["name"] != target.name:
            raise refusals.bad_request(
                f"the name of the object ({meta['name']}) does not match the name on the URL "
                f"({target.name})"
            )
        if target.part == "status":
            obj = clone(before) | {"status": obj.get("status", {}), "metadata": meta}
        elif "status" in resource.subresources and "status" in before:
            obj["status"] = clone(before["status"])
        if resource is PODS and not target.part:
            _check_pod(before, obj)
        obj = {"kind": resource.kind, "apiVersion": resource.api_version} | obj
        check(resource, obj)
        self._admission.complete(resource, obj)
        _keep_deletion(before, obj)
        return 200, self._store.update(resource, obj, keep=query.get("dryRun") != "All")

    def _scale(self, target: Target, before: Obj, scale: Obj, query: Query) -> Answer:
        replicas = (scale.get("spec") or {}).get("replicas", 0)
        if not isinstance(replicas, int) or replicas < 0:
            cause = f"Invalid value: {replicas}: must be greater than or equal to 0"
            raise refusals.invalid(
                target.resource, target.name, ("FieldValueInvalid", cause, "spec.replicas")
            )
        after = clone(before)
        after["spec"]["replicas"] = replicas
        keep = query.get("dryRun") != "All"
        return 200, scale_of(self._store.update(target.resource, after, keep=keep))

    def _evict(self, target: Target, eviction: Obj, query: Query) -> Answer:
        """Evict a pod: refuses with 404, or with 429 if its budget allows no eviction."""
        options = eviction.get("deleteOptions") or {}
        key = (target.namespace, target.name)
        pod = self._store.get(target.resource, *key)
        dry = query.get("dryRun") == "All" or options.get("dryRun") == ["All"]
        charge_budget(self._store, pod, dry=dry)
        if not dry:
            self._store.delete(target.resource, key, grace=options.get("gracePeriodSeconds"))
        return 201, _success() | {"code": 201}

    def _bind(self, target: Target, binding: Obj) -> Answer:
        """Bind a pod to a node: refuses with 404, or with 409 if it is bound or being deleted."""
        node = (binding.get("target") or {}).get("name")
        pod = self._store.get(target.resource, target.namespace, target.name)
        assigned = pod["spec"].get("nodeName")
        if "deletionTimestamp" in pod["metadata"]:
            why = f"pod {target.name} is being deleted, cannot be assigned to a host"
            raise refusals.conflict(_BINDING, target.name, why)
        if assigned:
            why = f'pod {target.name} is already assigned to node "{assigned}"'
            raise refusals.conflict(_BINDING, target.name, why)

        def bind(pod: Obj) -> None:
            pod["spec"]["nodeName"] = node

        self._store.edit(target.resource, (target.namespace, target.name), bind)
        return 201, _success() | {"code": 201}

    @staticmethod
    def _check_kind(resource: ApiResource, obj: Any) -> None:
        if not isinstance(obj, dict):
            raise refusals.bad_request(f"the object provided is not a {resource.kind}")
        kind, version = obj.get("kind", resource.kind), obj.get("apiVersion", resource.api_version)
        if (kind, version) == (resource.kind, resource.api_version):
            return
        group = resource.group.partition(".")[0] or "core"
        raise refusals.bad_request(
            f'{kind} in version "{version}" cannot be handled as a {resource.kind}: '
            f"converting ({resource.version}.{kind}) to ({group}.{resource.kind}): "
            "unknown conversion"
        )

    def _place(self, target: Target, meta: Obj) -> None:
        if not target.resource.namespaced:
            return
        if meta.setdefault("namespace", target.namespace) != target.namespace:
            raise refusals.bad_request(
                "the namespace of the provided object does not match the namespace sent on the "
                "request"
            )
        if self._store.find(NAMESPACES, "", target.namespace) is None:
            raise refusals.not_found(NAMESPACES, target.namespace)

    @staticmethod
    def _check_name(resource: ApiResource, meta: Obj) -> None:
        if "name" not in meta and "generateName" not in meta:
            cause = "Required value: name or generateName is required"
            raise refusals.invalid(resource, "", ("FieldValueRequired", cause, "metadata.name"))
        name = meta.get("name", "x")
        if not isinstance(name, str) or len(name) > 253 or not _NAME.match(name):
            cause = f'Invalid value: "{name}": {_RFC_1123}'
            row = ("FieldValueInvalid", cause, "metadata.name")
            raise refusals.invalid(resource, str(name), row)


def scale_of(obj: Obj) -> Obj:
    """The scale of a workload: its desired and its actual number of replicas."""
    meta = obj["metadata"]
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    chosen = obj["spec"].get("selector", {}).get("matchLabels", {})
    status = {"replicas": obj.get("status", {}).get("replicas", 0)}
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {field: meta[field] for field in kept},
        "spec": {"replicas": obj["spec"]["replicas"]},
        "status": status | {"selector": ",".join(f"{k}={v}" for k, v in chosen.items())},
    }


def read_json(resource: ApiResource | None, body: bytes) -> Any:
    """Parse a request's body. Refuses with 400 what is not JSON."""
    if not body:
        return {}
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as broken:
        kind = resource.kind if resource else "object"
        raise refusals.bad_request(
            f"the object provided is unrecognized (must be of type {kind}): couldn't get "
            f"version/kind; json parse error: {broken} ({body[:40].decode(errors='replace')})"
        ) from None


def _meta(obj: Obj) -> Obj:
    """An object's metadata, added if missing. Refuses with 400 what is not an object."""
    meta = obj.setdefault("metadata", {})
    if not isinstance(meta, dict):
        raise refusals.bad_request("metadata is not an object")
    return meta


def _success() -> Obj:
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}


def _keep_deletion(before: Obj, after: Obj) -> None:
    """Keep a mark for deletion: a write cannot remove it."""
    for field in ("deletionTimestamp", "deletionGracePeriodSeconds"):
        after["metadata"].pop(field, None)
        if field in before["metadata"]:
            after["metadata"][field] = before["metadata"][field]


def _check_pod(before: Obj, after: Obj) -> None:
    """Refuse changes to a pod's spec, except in the few mutable fields."""
    old, new = clone(before["spec"]), clone(after["spec"])
    for spec in (old, new):
        for container in spec.get("containers", []):
            container.pop("image", None)
        for field in ("activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds"):
            spec.pop(field, None)
    if old != new:
        cause = (
            "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"
            "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only "
            "additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to "
            "be set to 1 if it was previously negative)"
        )
        name = before["metadata"]["name"]
        raise refusals.invalid(PODS, name, ("FieldValueForbidden", cause, "spec"))
