"""Which rules are for which kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chaosmonkey.simcluster.apiserver import refusals
from chaosmonkey.simcluster.apiserver.resources import (
    BUDGETS,
    CONFIG_MAPS,
    DAEMON_SETS,
    DEPLOYMENTS,
    ENDPOINT_SLICES,
    ENDPOINTS,
    EVENTS,
    LEASES,
    NAMESPACES,
    NODES,
    PODS,
    REPLICA_SETS,
    SERVICES,
    STATEFUL_SETS,
    ApiResource,
)
from chaosmonkey.simcluster.apiserver.validation import (
    names,
    others,
    pods,
    services,
    workloads,
)
from chaosmonkey.simcluster.apiserver.validation.errors import FieldErrors
from chaosmonkey.simcluster.apiserver.validation.metadata import (
    NameForm,
    check_changed_metadata,
    check_new_metadata,
)
from chaosmonkey.simcluster.apiserver.watch_cache import Obj

Check = Callable[[FieldErrors, Obj], None]
CheckChange = Callable[[FieldErrors, Obj, Obj], None]


@dataclass(frozen=True)
class KindRules:
    """The rules of one kind."""

    name: NameForm = names.subdomain
    """The form of its objects' names."""
    check: Check | None = None
    """What a new object must fulfil."""
    changed: CheckChange | None = None
    """What may change."""
    status: Check | None = None
    """What a changed status must fulfil."""


_RULES: dict[ApiResource, KindRules] = {
    BUDGETS: KindRules(check=workloads.check_budget),
    CONFIG_MAPS: KindRules(check=others.check_config_map, changed=others.check_changed_config_map),
    DAEMON_SETS: KindRules(check=workloads.check_daemon_set, changed=workloads.check_same_selector),
    DEPLOYMENTS: KindRules(check=workloads.check_deployment, changed=workloads.check_same_selector),
    ENDPOINTS: KindRules(check=services.check_endpoints),
    ENDPOINT_SLICES: KindRules(
        check=services.check_endpoint_slice, changed=services.check_changed_endpoint_slice
    ),
    EVENTS: KindRules(check=others.check_event),
    LEASES: KindRules(check=others.check_lease),
    NAMESPACES: KindRules(name=names.label, check=others.check_namespace),
    NODES: KindRules(check=others.check_node),
    PODS: KindRules(
        check=pods.check_pod, changed=pods.check_changed_pod, status=pods.check_pod_status
    ),
    REPLICA_SETS: KindRules(
        check=workloads.check_replica_set, changed=workloads.check_same_selector
    ),
    SERVICES: KindRules(
        name=names.dns_1035,
        check=services.check_service,
        changed=services.check_changed_service,
    ),
    STATEFUL_SETS: KindRules(
        name=names.label,
        check=workloads.check_stateful_set,
        changed=workloads.check_changed_stateful_set,
    ),
}


def check_new(resource: ApiResource, obj: Obj) -> None:
    """Refuse an invalid new object with 422."""
    rules, errors = _RULES.get(resource, KindRules()), FieldErrors()
    check_new_metadata(errors, obj["metadata"], namespaced=resource.namespaced, form=rules.name)
    if rules.check:
        rules.check(errors, obj)
    _refuse(resource, obj, errors)


def check_changed(resource: ApiResource, obj: Obj, before: Obj, *, status: bool) -> None:
    """Refuse an invalid change with 422; `status` says that only the status may change."""
    rules, errors = _RULES.get(resource, KindRules()), FieldErrors()
    check_changed_metadata(errors, obj["metadata"], before["metadata"])
    if status and rules.status:
        rules.status(errors, obj)
    if not status:
        if rules.check:
            rules.check(errors, obj)
        if rules.changed:
            rules.changed(errors, obj, before)
    _refuse(resource, obj, errors)


def _refuse(resource: ApiResource, obj: Obj, errors: FieldErrors) -> None:
    if errors:
        raise refusals.invalid(resource, obj["metadata"].get("name", ""), *errors)
