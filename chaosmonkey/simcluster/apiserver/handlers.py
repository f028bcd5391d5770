"""The API server's writes. The module is loaded with the first one.

body ─► decode ─► place ─► defaults, admission ─► validation ─► store
"""

from __future__ import annotations

from typing import Any

from chaosmonkey.simcluster.apiserver import refusals, subresources
from chaosmonkey.simcluster.apiserver.admission import Admission, prepare_new
from chaosmonkey.simcluster.apiserver.lists import Query
from chaosmonkey.simcluster.apiserver.negotiation import Body, VerbAnswer
from chaosmonkey.simcluster.apiserver.options import check_options, is_dry, is_strict, signed, warns
from chaosmonkey.simcluster.apiserver.patches import patch, shown
from chaosmonkey.simcluster.apiserver.paths import Target
from chaosmonkey.simcluster.apiserver.reading import (
    Decoded,
    Expected,
    decode,
    decode_patched,
    expected,
    parse,
    refuse_strict,
)
from chaosmonkey.simcluster.apiserver.resources import NAMESPACES
from chaosmonkey.simcluster.apiserver.storage import Store, clone
from chaosmonkey.simcluster.apiserver.subresources import scale_of
from chaosmonkey.simcluster.apiserver.validation.kinds import check_changed, check_new
from chaosmonkey.simcluster.apiserver.watch_cache import Obj
from chaosmonkey.simcluster.controllers.garbage import hold_owner, refuse_new_content
from chaosmonkey.simcluster.schema.types import type_of

_OPTIONS = Expected("v1", "DeleteOptions")


class Handlers:
    """The API server's writes to one store."""

    def __init__(self, store: Store, admission: Admission) -> None:
        self._store = store
        self._admission = admission

    def create(self, target: Target, body: Body, query: Query) -> VerbAnswer:
        """Create an object, a binding or an eviction."""
        if target.name and target.part not in {"binding", "eviction"}:
            raise refusals.method_not_allowed()
        check_options("CreateOptions", query)
        found = _read(target, body, query)
        if target.part == "eviction":
            return VerbAnswer(201, subresources.evict(self._store, target, found.object, query))
        if target.part == "binding":
            return VerbAnswer(201, subresources.bind(self._store, target, found.object))
        return self._create(target, found, query)

    def _create(self, target: Target, found: Decoded, query: Query) -> VerbAnswer:
        obj = found.object
        self._place(target, obj.setdefault("metadata", {}), "sent on the request")
        prepare_new(target.resource, obj)
        self._admission.complete(target.resource, obj)
        check_new(target.resource, obj)
        refuse_new_content(self._store, target.resource, obj["metadata"])
        created = self._store.create(target.resource, obj, keep=not is_dry(query))
        return VerbAnswer(201, created, warns(found.problems, query))

    def update(self, target: Target, body: Body, query: Query) -> VerbAnswer:
        """Replace an object, its status or its scale. Refuses with 404, 409 or 422."""
        check_options("UpdateOptions", query)
        found = _read(target, body, query)
        if target.part == "scale":
            before = self._store.get(target.resource, target.namespace, target.name)
            return VerbAnswer(
                200, subresources.scale(self._store, target, before, found.object, query)
            )
        meta = found.object.setdefault("metadata", {})
        if not meta.get("name"):
            raise refusals.bad_request(
                "the name of the object (based on URL) was undeterminable: name must be provided"
            )
        if meta["name"] != target.name:
            raise refusals.bad_request(
                f"the name of the object ({meta['name']}) does not match the name on the URL "
                f"({target.name})"
            )
        self._place(target, meta, "on the request")
        key = (target.namespace, target.name)
        known = self._store.find(target.resource, *key)
        if known is None and target.resource.created_by_update and not target.part:
            return self._create(target, found, query)
        before = self._store.get(target.resource, *key)
        return self._replace(target, before, found, query)

    def patch(self, target: Target, body: Body, query: Query) -> VerbAnswer:
        """Patch an object, its status or its scale. Refuses like `update`, or with 415."""
        check_options("PatchOptions", query)
        resource, wanted = target.resource, expected(target.resource, target.part)
        before = self._store.get(resource, target.namespace, target.name)
        old = scale_of(before) if target.part == "scale" else before
        kind = type_of(wanted.api_version, wanted.kind)
        change, patched = patch(body.media_type, old, body.data, kind)
        text = shown(body.media_type, change, patched)
        found = decode_patched(patched, wanted, text, strict=is_strict(query))
        if target.part == "scale":
            return VerbAnswer(
                200, subresources.scale(self._store, target, before, found.object, query)
            )
        self._place(target, found.object.setdefault("metadata", {}), "on the request")
        return self._replace(target, before, found, query)

    def delete(self, target: Target, body: Body, query: Query) -> VerbAnswer:
        """Delete an object, or mark it. Refuses with 404, or with 409 if a precondition fails."""
        check_options("DeleteOptions", query)
        options = read_options(body)
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
            grace = signed(query["gracePeriodSeconds"])
        dry = is_dry(query) or options.get("dryRun") == ["All"]
        key = (target.namespace, target.name)
        if not dry:
            policy = options.get("propagationPolicy") or query.get("propagationPolicy", "")
            hold_owner(self._store, resource, key, policy)
        after = before if dry else self._store.delete(resource, key, grace=grace)
        if resource.graceful or resource is NAMESPACES:
            return VerbAnswer(200, after)
        group = {"group": resource.group} if resource.group else {}
        details = {"name": target.name, **group, "kind": resource.plural, "uid": meta["uid"]}
        return VerbAnswer(200, subresources.success() | {"details": details})

    def _replace(self, target: Target, before: Obj, found: Decoded, query: Query) -> VerbAnswer:
        resource, obj = target.resource, found.object
        meta = obj["metadata"]
        meta.setdefault("name", target.name)
        if target.part == "status":
            obj = clone(before) | {"status": obj.get("status", {}), "metadata": meta}
        elif "status" in resource.subresources:
            obj.pop("status", None)
            if "status" in before:
                obj["status"] = clone(before["status"])
        self._admission.complete(resource, obj, before)
        _keep_deletion(before, obj)
        if not (meta.get("resourceVersion") or resource.unconditional):
            text = "Invalid value: 0: must be specified for an update"
            cause = ("FieldValueInvalid", text, "metadata.resourceVersion")
            raise refusals.invalid(resource, target.name, cause)
        if meta.get("resourceVersion") in {None, before["metadata"]["resourceVersion"]}:
            # An outdated object is refused for that, whatever else is wrong with it.
            check_changed(resource, obj, before, status=bool(target.part))
        after = self._store.update(resource, obj, keep=not is_dry(query))
        return VerbAnswer(200, after, warns(found.problems, query))

    def _place(self, target: Target, meta: Obj, which: str) -> None:
        """Check that an object is in the namespace of its URL, and that there is one."""
        if not target.resource.namespaced:
            return
        if meta.setdefault("namespace", target.namespace) != target.namespace:
            if which == "on the request":
                raise refusals.bad_request(
                    f"the namespace of the object ({meta['namespace']}) does not match the "
                    f"namespace on the request ({target.namespace})"
                )
            raise refusals.bad_request(
                "the namespace of the provided object does not match the namespace sent on the "
                "request"
            )
        if self._store.find(NAMESPACES, "", target.namespace) is None:
            raise refusals.not_found(NAMESPACES, target.namespace)


def _read(target: Target, body: Body, query: Query) -> Decoded:
    """Read the object that a write carries. Refuses with 400 or 415."""
    wanted = expected(target.resource, target.part)
    found = decode(parse(body.data, body.media_type, wanted), wanted)
    if is_strict(query):
        refuse_strict(found, wanted)
    return found


def read_options(body: Body) -> Any:
    """Read the options of a deletion; an empty body holds none."""
    if not body.data:
        return {}
    return decode(parse(body.data, body.media_type, _OPTIONS), _OPTIONS, any_kind=True).object


def _keep_deletion(before: Obj, after: Obj) -> None:
    """Keep a mark for deletion: a write cannot remove it."""
    for field in ("deletionTimestamp", "deletionGracePeriodSeconds"):
        after["metadata"].pop(field, None)
        if field in before["metadata"]:
            after["metadata"][field] = before["metadata"][field]
