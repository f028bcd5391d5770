"""Validation of nodes, namespaces, ConfigMaps, events and leases."""

from __future__ import annotations

from chaosmonkey.simcluster.apiserver.validation import names
from chaosmonkey.simcluster.apiserver.validation.errors import FieldErrors
from chaosmonkey.simcluster.apiserver.watch_cache import Obj

_LARGEST = 1024 * 1024
"""Bytes of a ConfigMap's data (MaxSecretSize)."""

_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


def check_node(errors: FieldErrors, node: Obj) -> None:
    """Check a node's taints."""
    known: set[tuple[str, str]] = set()
    for number, taint in enumerate(node["spec"].get("taints", ())):
        path = f"metadata.taints[{number}]"
        key, effect = taint.get("key", ""), taint.get("effect", "")
        errors.invalid(f"{path}.key", key, *names.qualified(key))
        if wrong := names.label_value(taint.get("value", "")):
            errors.invalid(f"{path}.value", taint["value"], ";".join(wrong))
        errors.one_of(f"{path}.effect", effect, _EFFECTS)
        if (key, effect) in known:
            shown = {
                "Key": key,
                "Value": taint.get("value", ""),
                "Effect": effect,
                "TimeAdded": taint.get("timeAdded"),
            }
            errors.duplicate(path, shown)
        known.add((key, effect))


def check_namespace(errors: FieldErrors, namespace: Obj) -> None:
    """Check a namespace's finalizers."""
    for finalizer in namespace["spec"].get("finalizers", ()):
        errors.invalid("spec.finalizers", finalizer, *names.qualified(finalizer))


def check_config_map(errors: FieldErrors, config: Obj) -> None:
    """Check the keys and the size of a ConfigMap."""
    data, binary = config.get("data", {}), config.get("binaryData", {})
    size = 0
    for field, held in (("data", data), ("binaryData", binary)):
        for key, value in sorted(held.items()):
            errors.invalid(f"{field}[{key}]", key, *names.config_key(key))
            if field == "data" and key in binary:
                text = "duplicate of key present in binaryData"
                errors.invalid(f"data[{key}]", key, text)
            size += len(value.encode())
    if size > _LARGEST:
        errors.too_long("", _LARGEST)


def check_changed_config_map(errors: FieldErrors, config: Obj, before: Obj) -> None:
    """Check a changed ConfigMap, which may be immutable."""
    if not before.get("immutable"):
        return
    text = "field is immutable when `immutable` is set"
    if not config.get("immutable"):
        errors.forbidden("immutable", text)
    for field in ("data", "binaryData"):
        if config.get(field) != before.get(field):
            errors.forbidden(field, text)


def check_event(errors: FieldErrors, event: Obj) -> None:
    """Check that an event is in the namespace of its object."""
    here = event["metadata"].get("namespace", "")
    there = event["involvedObject"].get("namespace", "")
    if there != here and not (there == "" and here == "default"):
        errors.invalid("involvedObject.namespace", there, "does not match event.namespace")


def check_lease(errors: FieldErrors, lease: Obj) -> None:
    """Check a lease."""
    spec = lease["spec"]
    seconds = spec.get("leaseDurationSeconds")
    if seconds is not None and seconds <= 0:
        errors.invalid("spec.leaseDurationSeconds", seconds, "must be greater than 0")
    errors.not_negative("spec.leaseTransitions", spec.get("leaseTransitions"))
