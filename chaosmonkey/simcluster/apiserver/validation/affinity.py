"""Validation of where a pod may run: affinity and spreading."""

from __future__ import annotations

from collections.abc import Iterable

from chaosmonkey.simcluster.apiserver.validation import names
from chaosmonkey.simcluster.apiserver.validation.errors import FieldErrors
from chaosmonkey.simcluster.apiserver.validation.metadata import check_selector
from chaosmonkey.simcluster.apiserver.watch_cache import Obj

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def check_affinity(errors: FieldErrors, affinity: Obj, path: str) -> None:
    """Check a pod's affinity to nodes and to other pods."""
    if node := affinity.get("nodeAffinity"):
        _check_node(errors, node, f"{path}.nodeAffinity")
    for kind in ("podAffinity", "podAntiAffinity"):
        rules = affinity.get(kind, {})
        for number, term in enumerate(rules.get(_REQUIRED, ())):
            _check_pod_term(errors, term, f"{path}.{kind}.{_REQUIRED}[{number}]")
        for number, wish in enumerate(rules.get(_PREFERRED, ())):
            at = f"{path}.{kind}.{_PREFERRED}[{number}]"
            _check_weight(errors, wish, at)
            _check_pod_term(errors, wish.get("podAffinityTerm", {}), f"{at}.podAffinityTerm")


def _check_node(errors: FieldErrors, node: Obj, path: str) -> None:
    if _REQUIRED in node:
        at = f"{path}.{_REQUIRED}.nodeSelectorTerms"
        terms = node[_REQUIRED].get("nodeSelectorTerms", ())
        if not terms:
            errors.required(at, "must have at least one node selector term")
        for number, term in enumerate(terms):
            _check_node_term(errors, term, f"{at}[{number}]")
    for number, wish in enumerate(node.get(_PREFERRED, ())):
        at = f"{path}.{_PREFERRED}[{number}]"
        _check_weight(errors, wish, at)
        _check_node_term(errors, wish.get("preference", {}), f"{at}.preference")


def _check_node_term(errors: FieldErrors, term: Obj, path: str) -> None:
    for number, rule in enumerate(term.get("matchExpressions", ())):
        at = f"{path}.matchExpressions[{number}]"
        operator, values = rule.get("operator", ""), rule.get("values", ())
        match operator:
            case "In" | "NotIn":
                if not values:
                    text = "must be specified when `operator` is 'In' or 'NotIn'"
                    errors.required(f"{at}.values", text)
            case "Exists" | "DoesNotExist":
                if values:
                    text = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
                    errors.forbidden(f"{at}.values", text)
            case "Gt" | "Lt":
                if len(values) != 1:
                    text = "must be specified single value when `operator` is 'Lt' or 'Gt'"
                    errors.required(f"{at}.values", text)
            case _:
                errors.invalid(f"{at}.operator", operator, "not a valid selector operator")
        key = rule.get("key", "")
        errors.invalid(f"{at}.key", key, *names.qualified(key))


def _check_pod_term(errors: FieldErrors, term: Obj, path: str) -> None:
    check_selector(errors, term.get("labelSelector"), f"{path}.labelSelector")
    key = term.get("topologyKey")
    if not key:
        errors.required(f"{path}.topologyKey", "can not be empty")
    else:
        errors.invalid(f"{path}.topologyKey", key, *names.qualified(key))


def _check_weight(errors: FieldErrors, wish: Obj, path: str) -> None:
    weight = wish.get("weight", 0)
    if not 1 <= weight <= 100:
        errors.invalid(f"{path}.weight", weight, "must be in the range 1-100")


def check_spread(errors: FieldErrors, constraints: Iterable[Obj], path: str) -> None:
    """Check the constraints that spread pods."""
    for number, one in enumerate(constraints):
        at, skew = f"{path}[{number}]", one.get("maxSkew", 0)
        if skew <= 0:
            errors.invalid(f"{at}.maxSkew", skew, "must be greater than zero")
        if not one.get("topologyKey"):
            errors.required(f"{at}.topologyKey", "can not be empty")
        answer = one.get("whenUnsatisfiable", "")
        if answer not in {"DoNotSchedule", "ScheduleAnyway"}:
            known = ("DoNotSchedule", "ScheduleAnyway")
            errors.not_supported(f"{at}.whenUnsatisfiable", answer, known)
        check_selector(errors, one.get("labelSelector"), f"{at}.labelSelector")
