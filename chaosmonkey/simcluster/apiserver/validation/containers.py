"""Validation of the containers in a pod's spec."""

from __future__ import annotations

from collections.abc import Iterable

from chaosmonkey.simcluster.apiserver.validation import names
from chaosmonkey.simcluster.apiserver.validation.errors import FieldErrors
from chaosmonkey.simcluster.apiserver.validation.probes import check_lifecycle, check_probes
from chaosmonkey.simcluster.apiserver.validation.resources import check_resources
from chaosmonkey.simcluster.apiserver.watch_cache import Obj

_PROTOCOLS = ("SCTP", "TCP", "UDP")
_PULL_POLICIES = ("Always", "IfNotPresent", "Never")
_FOR_SIDECARS = ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe")
_NOT_A_SIDECAR = "may not be set for init containers without restartPolicy=Always"

Volumes = dict[str, Obj]
"""The volumes of a pod, by name."""


def check_containers(
    errors: FieldErrors, containers: list[Obj], volumes: Volumes, path: str
) -> None:
    """Check the containers of a pod."""
    if not containers:
        errors.required(path)
        return
    known: set[str] = set()
    for number, container in enumerate(containers):
        at = f"{path}[{number}]"
        _check_common(errors, container, volumes, at)
        if container.get("name", "") in known:
            errors.duplicate(f"{at}.name", container.get("name", ""))
        known.add(container.get("name", ""))
        check_lifecycle(errors, container, at)
        check_probes(errors, container, at)
        if "restartPolicy" in container:
            errors.forbidden(f"{at}.restartPolicy", "may not be set for non-init containers")
    _check_host_ports(errors, containers, path)


def check_init_containers(
    errors: FieldErrors, containers: list[Obj], regular: list[Obj], volumes: Volumes, path: str
) -> None:
    """Check the init containers of a pod; those with restartPolicy Always are sidecars."""
    known = {container.get("name", "") for container in regular}
    for number, container in enumerate(containers):
        at = f"{path}[{number}]"
        _check_common(errors, container, volumes, at)
        policy = container.get("restartPolicy")
        if policy is not None:
            errors.one_of(f"{at}.restartPolicy", policy, ("Always",))
        name = container.get("name", "")
        if name in known:
            errors.duplicate(f"{at}.name", name)
        elif name:
            known.add(name)
        _check_host_ports(errors, [container], path)
        if policy == "Always":
            check_lifecycle(errors, container, at)
            check_probes(errors, container, at)
        else:
            for field in _FOR_SIDECARS:
                if field in container:
                    errors.forbidden(f"{at}.{field}", _NOT_A_SIDECAR)


def _check_common(errors: FieldErrors, container: Obj, volumes: Volumes, path: str) -> None:
    if name := container.get("name"):
        errors.invalid(f"{path}.name", name, *names.label(name))
    else:
        errors.required(f"{path}.name")
    if not container.get("image"):
        errors.required(f"{path}.image")
    policy = container.get("terminationMessagePolicy", "")
    kept = ("File", "FallbackToLogsOnError")
    errors.one_of(f"{path}.terminationMessagePolicy", policy, kept)
    _check_ports(errors, container.get("ports", ()), f"{path}.ports")
    _check_env(errors, container.get("env", ()), f"{path}.env")
    _check_env_from(errors, container.get("envFrom", ()), f"{path}.envFrom")
    _check_mounts(errors, container.get("volumeMounts", ()), volumes, f"{path}.volumeMounts")
    errors.one_of(f"{path}.imagePullPolicy", container.get("imagePullPolicy", ""), _PULL_POLICIES)
    check_resources(errors, container.get("resources", {}), f"{path}.resources")


def _check_ports(errors: FieldErrors, ports: Iterable[Obj], path: str) -> None:
    known: set[str] = set()
    for number, port in enumerate(ports):
        at = f"{path}[{number}]"
        if name := port.get("name"):
            wrong = names.port_name(name)
            errors.invalid(f"{at}.name", name, *wrong)
            if not wrong and name in known:
                errors.duplicate(f"{at}.name", name)
            known.add(name)
        if inner := port.get("containerPort"):
            errors.invalid(f"{at}.containerPort", inner, *names.port_number(inner))
        else:
            errors.required(f"{at}.containerPort")
        if outer := port.get("hostPort"):
            errors.invalid(f"{at}.hostPort", outer, *names.port_number(outer))
        errors.one_of(f"{at}.protocol", port.get("protocol", ""), _PROTOCOLS)


def _check_host_ports(errors: FieldErrors, containers: list[Obj], path: str) -> None:
    """Refuse two containers that want the same port of the node."""
    taken: set[tuple[str, str, int]] = set()
    for number, container in enumerate(containers):
        for index, port in enumerate(container.get("ports", ())):
            if not port.get("hostPort"):
                continue
            wanted = (port.get("protocol", ""), port.get("hostIP", ""), port["hostPort"])
            if wanted in taken:
                shown = "/".join(str(part) for part in wanted)
                errors.duplicate(f"{path}[{number}].ports[{index}].hostPort", shown)
            taken.add(wanted)


def _check_env(errors: FieldErrors, variables: Iterable[Obj], path: str) -> None:
    for number, variable in enumerate(variables):
        at = f"{path}[{number}]"
        if name := variable.get("name"):
            errors.invalid(f"{at}.name", name, *names.variable(name))
        else:
            errors.required(f"{at}.name")
        if (source := variable.get("valueFrom")) is not None:
            _check_source(errors, source, variable.get("value", ""), f"{at}.valueFrom")


def _check_source(errors: FieldErrors, source: Obj, value: str, path: str) -> None:
    if "fieldRef" in source and not source["fieldRef"].get("fieldPath"):
        errors.required(f"{path}.fieldRef.fieldPath")
    if "resourceFieldRef" in source and not source["resourceFieldRef"].get("resource"):
        errors.required(f"{path}.resourceFieldRef.resource")
    for kind in ("configMapKeyRef", "secretKeyRef"):
        if kind in source:
            name, key = source[kind].get("name", ""), source[kind].get("key")
            errors.invalid(f"{path}.{kind}.name", name, *names.subdomain(name))
            if key:
                errors.invalid(f"{path}.{kind}.key", key, *names.config_key(key))
            else:
                errors.required(f"{path}.{kind}.key")
    if not source:
        errors.invalid(
            path,
            "",
            "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or "
            "`secretKeyRef`",
        )
    elif value:
        errors.invalid(path, "", "may not be specified when `value` is not empty")
    elif len(source) > 1:
        errors.invalid(path, "", "may not have more than one field specified at a time")


def _check_env_from(errors: FieldErrors, sources: Iterable[Obj], path: str) -> None:
    for number, source in enumerate(sources):
        at = f"{path}[{number}]"
        if prefix := source.get("prefix"):
            errors.invalid(f"{at}.prefix", prefix, *names.variable(prefix))
        found = [kind for kind in ("configMapRef", "secretRef") if kind in source]
        for kind in found:
            if name := source[kind].get("name"):
                errors.invalid(f"{at}.{kind}.name", name, *names.subdomain(name))
            else:
                errors.required(f"{at}.{kind}.name")
        if not found:
            errors.invalid(path, "", "must specify one of: `configMapRef` or `secretRef`")
        elif len(found) > 1:
            errors.invalid(path, "", "may not have more than one field specified at a time")


def _check_mounts(errors: FieldErrors, mounts: Iterable[Obj], volumes: Volumes, path: str) -> None:
    taken: set[str] = set()
    for number, mount in enumerate(mounts):
        at = f"{path}[{number}]"
        name, where = mount.get("name", ""), mount.get("mountPath", "")
        if not name:
            errors.required(f"{at}.name")
        if name not in volumes:
            errors.not_found(f"{at}.name", name)
        if not where:
            errors.required(f"{at}.mountPath")
        if where in taken:
            errors.invalid(f"{at}.mountPath", where, "must be unique")
        taken.add(where)
        if below := mount.get("subPath"):
            check_path_below(errors, below, f"{path}.subPath")


def check_path_below(errors: FieldErrors, value: str, path: str) -> None:
    """Check a path that must stay below another."""
    if value.startswith("/"):
        errors.invalid(path, value, "must be a relative path")
    if ".." in value.split("/"):
        errors.invalid(path, value, "must not contain '..'")
