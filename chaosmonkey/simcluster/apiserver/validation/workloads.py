"""Validation of Deployments, ReplicaSets, StatefulSets, DaemonSets and budgets."""

from __future__ import annotations

from typing import Any

from chaosmonkey.simcluster.apiserver.selectors import selects
from chaosmonkey.simcluster.apiserver.validation import names
from chaosmonkey.simcluster.apiserver.validation.errors import FieldErrors
from chaosmonkey.simcluster.apiserver.validation.metadata import check_selector
from chaosmonkey.simcluster.apiserver.validation.pods import check_template
from chaosmonkey.simcluster.apiserver.watch_cache import Obj

_TEMPLATE = "spec.template"
_MISMATCH = "`selector` does not match template `labels`"
_STATEFUL_MUTABLE = (
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
)


def check_deployment(errors: FieldErrors, owner: Obj) -> None:
    """Check a Deployment."""
    spec = owner["spec"]
    errors.not_negative("spec.replicas", spec.get("replicas"))
    _check_selector(errors, spec, "deployment")
    _check_pods(errors, spec, "ReplicaSet")
    _check_rollout(errors, spec["strategy"])
    ready = spec.get("minReadySeconds", 0)
    errors.not_negative("spec.minReadySeconds", ready)
    errors.not_negative("spec.revisionHistoryLimit", spec.get("revisionHistoryLimit"))
    deadline = spec.get("progressDeadlineSeconds")
    errors.not_negative("spec.progressDeadlineSeconds", deadline)
    if deadline is not None and deadline <= ready:
        text = "must be greater than minReadySeconds"
        errors.invalid("spec.progressDeadlineSeconds", deadline, text)


def check_replica_set(errors: FieldErrors, owner: Obj) -> None:
    """Check a ReplicaSet."""
    spec = owner["spec"]
    errors.not_negative("spec.replicas", spec.get("replicas"))
    errors.not_negative("spec.minReadySeconds", spec.get("minReadySeconds"))
    _check_selector(errors, spec, "deployment")
    _check_pods(errors, spec, "ReplicaSet")


def check_stateful_set(errors: FieldErrors, owner: Obj) -> None:
    """Check a StatefulSet."""
    spec = owner["spec"]
    policy = spec["podManagementPolicy"]
    if policy not in {"OrderedReady", "Parallel"}:
        text = "must be 'OrderedReady' or 'Parallel'"
        errors.invalid("spec.podManagementPolicy", policy, text)
    _check_stateful_update(errors, spec["updateStrategy"])
    for field in ("whenDeleted", "whenScaled"):
        answer = spec["persistentVolumeClaimRetentionPolicy"].get(field)
        path = f"spec.persistentVolumeClaimRetentionPolicy.{field}"
        if answer not in {"Retain", "Delete"}:
            errors.not_supported(path, answer, ("Delete", "Retain"))
    errors.not_negative("spec.replicas", spec.get("replicas"))
    errors.not_negative("spec.minReadySeconds", spec.get("minReadySeconds"))
    errors.not_negative("spec.ordinals.start", spec.get("ordinals", {}).get("start"))
    _check_selector(errors, spec, "statefulset")
    _check_pods(errors, spec, "StatefulSet")
    errors.not_negative("spec.revisionHistoryLimit", spec.get("revisionHistoryLimit"))


def check_changed_stateful_set(errors: FieldErrors, owner: Obj, before: Obj) -> None:
    """Check a changed StatefulSet: most of its spec may not change."""

    def fixed(spec: Obj) -> Obj:
        return {field: value for field, value in spec.items() if field not in _STATEFUL_MUTABLE}

    if fixed(owner["spec"]) != fixed(before["spec"]):
        listed = ", ".join(f"'{field}'" for field in _STATEFUL_MUTABLE[:-1])
        errors.forbidden(
            "spec",
            f"updates to statefulset spec for fields other than {listed} and "
            f"'{_STATEFUL_MUTABLE[-1]}' are forbidden",
        )


def check_daemon_set(errors: FieldErrors, owner: Obj) -> None:
    """Check a DaemonSet."""
    spec = owner["spec"]
    check_selector(errors, spec.get("selector"), "spec.selector")
    _check_match(errors, spec)
    if spec.get("selector") == {}:
        errors.invalid("spec.selector", {}, "empty selector is invalid for daemonset")
    _check_template(errors, spec, "DaemonSet")
    errors.not_negative("spec.minReadySeconds", spec.get("minReadySeconds"))
    _check_daemon_update(errors, spec["updateStrategy"])
    errors.not_negative("spec.revisionHistoryLimit", spec.get("revisionHistoryLimit"))


def check_same_selector(errors: FieldErrors, owner: Obj, before: Obj) -> None:
    """Check that a workload selects the pods that it selected before."""
    new, old = owner["spec"].get("selector"), before["spec"].get("selector")
    errors.immutable("spec.selector", new, old)


def check_budget(errors: FieldErrors, budget: Obj) -> None:
    """Check a PodDisruptionBudget."""
    spec = budget["spec"]
    if "minAvailable" in spec and "maxUnavailable" in spec:
        shown = {
            "MinAvailable": spec["minAvailable"],
            "Selector": spec.get("selector"),
            "MaxUnavailable": spec["maxUnavailable"],
            "UnhealthyPodEvictionPolicy": spec.get("unhealthyPodEvictionPolicy"),
        }
        errors.invalid("spec", shown, "minAvailable and maxUnavailable cannot be both set")
    for field in ("minAvailable", "maxUnavailable"):
        if field in spec:
            _check_share(errors, spec[field], f"spec.{field}", whole=True)
    check_selector(errors, spec.get("selector"), "spec.selector")
    policy = spec.get("unhealthyPodEvictionPolicy")
    known = ("AlwaysAllow", "IfHealthyBudget")
    if policy is not None and policy not in known:
        errors.not_supported("spec.unhealthyPodEvictionPolicy", policy, known)


def _check_selector(errors: FieldErrors, spec: Obj, kind: str) -> None:
    selector = spec.get("selector")
    if selector is None:
        errors.required("spec.selector")
        return
    check_selector(errors, selector, "spec.selector")
    if not selector:
        errors.invalid("spec.selector", {}, f"empty selector is invalid for {kind}")


def _check_pods(errors: FieldErrors, spec: Obj, kind: str) -> None:
    if spec.get("selector") != {}:
        _check_match(errors, spec)
    _check_template(errors, spec, kind)


def _check_match(errors: FieldErrors, spec: Obj) -> None:
    labels = spec["template"]["metadata"].get("labels")
    if not selects(spec.get("selector"), labels or {}):
        errors.invalid(f"{_TEMPLATE}.metadata.labels", labels, _MISMATCH)


def _check_template(errors: FieldErrors, spec: Obj, kind: str) -> None:
    template = spec["template"]
    check_template(errors, template, _TEMPLATE)
    policy = template["spec"].get("restartPolicy")
    if policy != "Always":
        errors.not_supported(f"{_TEMPLATE}.spec.restartPolicy", policy, ("Always",))
    if "activeDeadlineSeconds" in template["spec"]:
        text = f"activeDeadlineSeconds in {kind} is not Supported"
        errors.forbidden(f"{_TEMPLATE}.spec.activeDeadlineSeconds", text)


def _check_rollout(errors: FieldErrors, strategy: Obj) -> None:
    path, rolling = "spec.strategy", strategy.get("rollingUpdate")
    match strategy["type"]:
        case "Recreate":
            if rolling is not None:
                text = "may not be specified when strategy `type` is 'Recreate'"
                errors.forbidden(f"{path}.rollingUpdate", text)
        case "RollingUpdate":
            path, limits = f"{path}.rollingUpdate", strategy["rollingUpdate"]
            missing, extra = limits["maxUnavailable"], limits["maxSurge"]
            _check_share(errors, missing, f"{path}.maxUnavailable")
            _check_share(errors, extra, f"{path}.maxSurge")
            if _is_none(missing) and _is_none(extra):
                text = "may not be 0 when `maxSurge` is 0"
                errors.invalid(f"{path}.maxUnavailable", missing, text)
            _check_whole(errors, missing, f"{path}.maxUnavailable")
        case _:
            errors.not_supported(path, _strategy(strategy), ("Recreate", "RollingUpdate"))


def _check_daemon_update(errors: FieldErrors, strategy: Obj) -> None:
    path = "spec.updateStrategy"
    match strategy["type"]:
        case "OnDelete":
            return
        case "RollingUpdate":
            path, rolling = f"{path}.rollingUpdate", strategy["rollingUpdate"]
            missing, extra = rolling["maxUnavailable"], rolling["maxSurge"]
            _check_share(errors, missing, f"{path}.maxUnavailable", whole=True)
            _check_share(errors, extra, f"{path}.maxSurge", whole=True)
            if _is_none(missing) and _is_none(extra):
                errors.required(f"{path}.maxUnavailable", "cannot be 0 when maxSurge is 0")
            elif not _is_none(missing) and not _is_none(extra):
                text = "may not be set when maxUnavailable is non-zero"
                errors.invalid(f"{path}.maxSurge", extra, text)
        case _:
            errors.not_supported(path, _strategy(strategy), ("RollingUpdate", "OnDelete"))


def _check_stateful_update(errors: FieldErrors, strategy: Obj) -> None:
    path, rolling = "spec.updateStrategy", strategy.get("rollingUpdate")
    match strategy["type"]:
        case "OnDelete":
            if rolling is not None:
                text = "only allowed for updateStrategy 'RollingUpdate'"
                errors.invalid(f"{path}.rollingUpdate", rolling, text)
        case "RollingUpdate":
            errors.not_negative(f"{path}.rollingUpdate.partition", (rolling or {}).get("partition"))
        case _:
            text = "must be 'RollingUpdate' or 'OnDelete'"
            errors.invalid(path, _strategy(strategy), text)


def _strategy(strategy: Obj) -> Obj:
    """A strategy as Go prints it, by the names of its internal fields."""
    return {"Type": strategy["type"], "RollingUpdate": strategy.get("rollingUpdate")}


def _check_share(errors: FieldErrors, value: Any, path: str, *, whole: bool = False) -> None:
    """Check a number, or a percentage."""
    if isinstance(value, str):
        errors.invalid(path, value, *names.percent(value))
    else:
        errors.not_negative(path, value)
    if whole:
        _check_whole(errors, value, path)


def _check_whole(errors: FieldErrors, value: Any, path: str) -> None:
    if isinstance(value, str) and not names.percent(value) and int(value[:-1]) > 100:
        errors.invalid(path, value, "must not be greater than 100%")


def _is_none(value: int | str) -> bool:
    return str(value).removesuffix("%").strip("0") == "" if isinstance(value, str) else value == 0
