"""Validation of probes and lifecycle hooks."""

from __future__ import annotations

from chaosmonkey.simcluster.apiserver.validation import names
from chaosmonkey.simcluster.apiserver.validation.errors import FieldErrors
from chaosmonkey.simcluster.apiserver.watch_cache import Obj

_ACTIONS = ("exec", "httpGet", "tcpSocket", "grpc", "sleep")
_ONCE = "must be 1"
_COUNTED = (
    "initialDelaySeconds",
    "timeoutSeconds",
    "periodSeconds",
    "successThreshold",
    "failureThreshold",
)


def check_probes(errors: FieldErrors, container: Obj, path: str) -> None:
    """Check the probes of a container."""
    for kind in ("livenessProbe", "readinessProbe", "startupProbe"):
        if kind not in container:
            continue
        probe, at = container[kind], f"{path}.{kind}"
        _check_action(errors, probe, at)
        for field in _COUNTED:
            errors.not_negative(f"{at}.{field}", probe.get(field))
        grace = probe.get("terminationGracePeriodSeconds")
        if grace is not None and kind == "readinessProbe":
            text = "must not be set for readinessProbes"
            errors.invalid(f"{at}.terminationGracePeriodSeconds", grace, text)
        elif grace is not None and grace <= 0:
            text = "must be greater than 0"
            errors.invalid(f"{at}.terminationGracePeriodSeconds", grace, text)
        needed = probe.get("successThreshold", 1)
        if kind != "readinessProbe" and needed != 1:
            errors.invalid(f"{at}.successThreshold", needed, _ONCE)


def check_lifecycle(errors: FieldErrors, container: Obj, path: str) -> None:
    """Check the hooks of a container."""
    for kind in ("postStart", "preStop"):
        if kind in (hooks := container.get("lifecycle", {})):
            _check_action(errors, hooks[kind], f"{path}.lifecycle.{kind}")


def _check_action(errors: FieldErrors, handler: Obj, path: str) -> None:
    found = [kind for kind in _ACTIONS if kind in handler]
    for number, kind in enumerate(found):
        if number:
            errors.forbidden(f"{path}.{kind}", "may not specify more than 1 handler type")
            continue
        action, at = handler[kind], f"{path}.{kind}"
        match kind:
            case "exec":
                if not action.get("command"):
                    errors.required(f"{at}.command")
            case "httpGet":
                _check_http(errors, action, at)
            case "tcpSocket":
                check_port(errors, action.get("port", 0), f"{at}.port")
            case "grpc":
                check_port(errors, action.get("port", 0), f"{at}.port")
            case _:
                errors.not_negative(f"{at}.seconds", action.get("seconds"))
    if not found:
        errors.required(path, "must specify a handler type")


def _check_http(errors: FieldErrors, action: Obj, path: str) -> None:
    if not action.get("path"):
        errors.required(f"{path}.path")
    check_port(errors, action.get("port", 0), f"{path}.port")
    errors.one_of(f"{path}.scheme", action.get("scheme", ""), ("HTTP", "HTTPS"))
    for one in action.get("httpHeaders", ()):
        name = one.get("name", "")
        errors.invalid(f"{path}.httpHeaders", name, *names.header(name))


def check_port(errors: FieldErrors, port: int | str, path: str) -> None:
    """Check a port by number or by name."""
    wrong = names.port_number(port) if isinstance(port, int) else names.port_name(port)
    errors.invalid(path, port, *wrong)
