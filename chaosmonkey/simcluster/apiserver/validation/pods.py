"""Validation of pods, and of the templates in workloads."""

from __future__ import annotations

from typing import Any

from chaosmonkey.simcluster.apiserver.storage import clone
from chaosmonkey.simcluster.apiserver.validation import names
from chaosmonkey.simcluster.apiserver.validation.affinity import check_affinity, check_spread
from chaosmonkey.simcluster.apiserver.validation.containers import (
    check_containers,
    check_init_containers,
)
from chaosmonkey.simcluster.apiserver.validation.errors import FieldErrors
from chaosmonkey.simcluster.apiserver.validation.metadata import check_annotations, check_labels
from chaosmonkey.simcluster.apiserver.validation.volumes import check_volumes
from chaosmonkey.simcluster.apiserver.watch_cache import Obj

_LONGEST = 2**31 - 1
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_MUTABLE = ("activeDeadlineSeconds", "terminationGracePeriodSeconds", "tolerations")
_IMMUTABLE = (
    "pod updates may not change fields other than `spec.containers[*].image`,"
    "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only "
    "additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to "
    "be set to 1 if it was previously negative)"
)


def check_pod(errors: FieldErrors, pod: Obj) -> None:
    """Check a new pod."""
    check_pod_spec(errors, pod["spec"], "spec")
    for kind in ("containers", "initContainers"):
        for number, container in enumerate(pod["spec"].get(kind, ())):
            image = container.get("image", "")
            if image != image.strip():
                text = "must not have leading or trailing whitespace"
                errors.invalid(f"spec.{kind}[{number}].image", image, text)


def check_changed_pod(errors: FieldErrors, pod: Obj, before: Obj) -> None:
    """Check a changed pod: hardly anything in its spec may change."""
    new, old = pod["spec"], before["spec"]
    deadlines = (new.get("activeDeadlineSeconds"), old.get("activeDeadlineSeconds"))
    if deadlines[0] != deadlines[1] and deadlines[1] is not None:
        if deadlines[0] is None:
            text = "must not update from a positive integer to nil value"
            errors.invalid("spec.activeDeadlineSeconds", None, text)
        elif deadlines[0] > deadlines[1]:
            text = "must be less than or equal to previous value"
            errors.invalid("spec.activeDeadlineSeconds", deadlines[0], text)
    added = [_unlimited(toleration) for toleration in new.get("tolerations", ())]
    if any(_unlimited(toleration) not in added for toleration in old.get("tolerations", ())):
        text = "existing toleration can not be modified except its tolerationSeconds"
        errors.forbidden("spec.tolerations", text)
    if _fixed(new) != _fixed(old):
        errors.forbidden("spec", _IMMUTABLE)


def check_pod_status(errors: FieldErrors, pod: Obj) -> None:
    """Check the conditions in a pod's status; Kubernetes names them like this."""
    for number, condition in enumerate(pod.get("status", {}).get("conditions", ())):
        kind = condition["type"]
        errors.invalid(f"metadata.conditions[{number}].Type", kind, *names.qualified(kind))


def check_template(errors: FieldErrors, template: Obj, path: str) -> None:
    """Check the pod template of a workload."""
    meta = template.get("metadata", {})
    check_labels(errors, meta.get("labels"), f"{path}.labels")
    check_annotations(errors, meta.get("annotations"), f"{path}.annotations")
    check_pod_spec(errors, template["spec"], f"{path}.spec")


def check_pod_spec(errors: FieldErrors, spec: Obj, path: str) -> None:
    """Check a pod's spec."""
    volumes = check_volumes(errors, spec.get("volumes", []), f"{path}.volumes")
    regular = spec.get("containers", [])
    check_containers(errors, regular, volumes, f"{path}.containers")
    inits = spec.get("initContainers", [])
    check_init_containers(errors, inits, regular, volumes, f"{path}.initContainers")
    policies = ("Always", "OnFailure", "Never")
    errors.one_of(f"{path}.restartPolicy", spec.get("restartPolicy", ""), policies)
    dns = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
    errors.one_of(f"{path}.dnsPolicy", spec.get("dnsPolicy", ""), dns)
    grace = spec.get("terminationGracePeriodSeconds")
    check_labels(errors, spec.get("nodeSelector"), f"{path}.nodeSelector")
    check_affinity(errors, spec.get("affinity", {}), f"{path}.affinity")
    spread = spec.get("topologySpreadConstraints", ())
    check_spread(errors, spread, f"{path}.topologySpreadConstraints")
    for field, form in (
        ("serviceAccountName", names.subdomain),
        ("nodeName", names.subdomain),
        ("hostname", names.label),
        ("subdomain", names.label),
        ("priorityClassName", names.subdomain),
        ("runtimeClassName", names.subdomain),
    ):
        if value := spec.get(field):
            errors.invalid(f"{path}.{field}", value, *form(value))
    deadline = spec.get("activeDeadlineSeconds")
    if deadline is not None and not 1 <= deadline <= _LONGEST:
        text = names.between(1, _LONGEST)
        errors.invalid(f"{path}.activeDeadlineSeconds", deadline, text)
    if grace is not None and grace < 0:
        errors.not_negative(f"{path}.terminationGracePeriodSeconds", grace)
    check_tolerations(errors, spec.get("tolerations", ()), f"{path}.tolerations")
    if policy := spec.get("preemptionPolicy"):
        errors.one_of(f"{path}.preemptionPolicy", policy, ("PreemptLowerPriority", "Never"))


def check_tolerations(errors: FieldErrors, tolerations: Any, path: str) -> None:
    """Check the tolerations of a pod."""
    for number, toleration in enumerate(tolerations):
        at = f"{path}[{number}]"
        key, operator = toleration.get("key", ""), toleration.get("operator", "")
        value, effect = toleration.get("value", ""), toleration.get("effect", "")
        if key:
            errors.invalid(f"{at}.key", key, *names.qualified(key))
        elif operator != "Exists":
            text = (
                "operator must be Exists when `key` is empty, which means "
                '"match all values and all keys"'
            )
            errors.invalid(f"{at}.operator", operator, text)
        if "tolerationSeconds" in toleration and effect != "NoExecute":
            text = "effect must be 'NoExecute' when `tolerationSeconds` is set"
            errors.invalid(f"{at}.effect", effect, text)
        match operator:
            case "" | "Equal":
                if wrong := names.label_value(value):
                    errors.invalid(f"{at}.operator", value, ";".join(wrong))
            case "Exists":
                if value:
                    text = "value must be empty when `operator` is 'Exists'"
                    errors.invalid(f"{at}.operator", value, text)
            case _:
                errors.not_supported(f"{at}.operator", operator, ("Equal", "Exists"))
        if effect and effect not in _EFFECTS:
            errors.not_supported(f"{at}.effect", effect, _EFFECTS)


def _unlimited(toleration: Obj) -> Obj:
    return {field: value for field, value in toleration.items() if field != "tolerationSeconds"}


def _fixed(spec: Obj) -> Obj:
    """The part of a pod's spec that may not change."""
    fixed: Obj = clone(spec)
    for container in [*fixed.get("containers", ()), *fixed.get("initContainers", ())]:
        container.pop("image", None)
    for field in _MUTABLE:
        fixed.pop(field, None)
    return fixed
