"""The API server's error responses, each with the Status that it sends."""

from __future__ import annotations

from typing import Any

from chaosmonkey.simcluster.apiserver.resources import ApiResource


class Refusal(Exception):
    """A refused request; `status()` is the body that the client reads."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        *,
        details: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
        self.headers = headers or {}

    def status(self) -> dict[str, Any]:
        """The Status object for the client."""
        answer: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
        }
        if self.reason:
            answer["reason"] = self.reason
        if self.details is not None:
            answer["details"] = self.details
        return answer | {"code": self.code}


def _named(resource: ApiResource, name: str) -> dict[str, Any]:
    group = {"group": resource.group} if resource.group else {}
    return {"name": name, **group, "kind": resource.plural}


def not_found(resource: ApiResource, name: str) -> Refusal:
    """The object does not exist."""
    message = f'{resource.qualified} "{name}" not found'
    return Refusal(404, "NotFound", message, details=_named(resource, name))


def unknown_path() -> Refusal:
    """The resource does not exist."""
    message = "the server could not find the requested resource"
    return Refusal(404, "NotFound", message, details={})


def already_exists(resource: ApiResource, name: str) -> Refusal:
    """An object of that name exists."""
    message = f'{resource.qualified} "{name}" already exists'
    return Refusal(409, "AlreadyExists", message, details=_named(resource, name))


def conflict(resource: ApiResource, name: str, why: str = "") -> Refusal:
    """The writer read an older version, or meant another object of the same name."""
    why = why or (
        "the object has been modified; please apply your changes to the latest version and try "
        "again"
    )
    message = f'Operation cannot be fulfilled on {resource.qualified} "{name}": {why}'
    return Refusal(409, "Conflict", message, details=_named(resource, name))


def bad_request(message: str) -> Refusal:
    """The request is malformed."""
    return Refusal(400, "BadRequest", message)


def invalid(resource: ApiResource, name: str, *causes: tuple[str, str, str]) -> Refusal:
    """The object is invalid; each cause is (reason, message, field)."""
    kind = f"{resource.kind}.{resource.group}" if resource.group else resource.kind
    details: dict[str, Any] = {"name": name} if name else {}
    if resource.group:
        details["group"] = resource.group
    details["kind"] = resource.kind
    details["causes"] = [
        {"reason": reason, "message": message, "field": field} for reason, message, field in causes
    ]
    return Refusal(
        422, "Invalid", f'{kind} "{name}" is invalid: {_listed(causes)}', details=details
    )


def invalid_scale(name: str, *causes: tuple[str, str, str]) -> Refusal:
    """The scale is invalid."""
    rows = [{"reason": reason, "message": text, "field": field} for reason, text, field in causes]
    details = {"name": name, "group": "autoscaling", "kind": "Scale", "causes": rows}
    message = f'Scale.autoscaling "{name}" is invalid: {_listed(causes)}'
    return Refusal(422, "Invalid", message, details=details)


def invalid_options(kind: str, *causes: tuple[str, str, str]) -> Refusal:
    """The request's parameters are invalid; with an empty `kind`, its patch is."""
    rows = [{"reason": reason, "message": text, "field": field} for reason, text, field in causes]
    details: dict[str, Any] = {"causes": rows}
    named = kind
    if kind:
        details = {"group": "meta.k8s.io", "kind": kind, **details}
        named = f"{kind}.meta.k8s.io"
    return Refusal(422, "Invalid", f'{named} "" is invalid: {_listed(causes)}', details=details)


def _listed(causes: tuple[tuple[str, str, str], ...]) -> str:
    """The causes in one text; the same text counts once."""
    texts = list(dict.fromkeys(f"{field}: {message}" for _, message, field in causes))
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"


def unfit_patch() -> Refusal:
    """The JSON patch does not fit the object."""
    message = "the server rejected our request due to an error in our request"
    return Refusal(422, "Invalid", message, details={})


def method_not_allowed() -> Refusal:
    """The resource does not support the verb."""
    message = "the server does not allow this method on the requested resource"
    return Refusal(405, "MethodNotAllowed", message, details={})


def unsupported_media(*known: str) -> Refusal:
    """The server cannot read the body's media type."""
    message = (
        "the body of the request was in an unknown format - accepted media types include: "
        f"{', '.join(known)}"
    )
    return Refusal(415, "UnsupportedMediaType", message)


def not_acceptable(*known: str) -> Refusal:
    """The server cannot answer in a media type that the client accepts."""
    message = f"only the following media types are accepted: {', '.join(known)}"
    return Refusal(406, "NotAcceptable", message)


def expired(requested: int, oldest: int) -> Refusal:
    """The requested version is no longer in the history."""
    return Refusal(410, "Expired", f"too old resource version: {requested} ({oldest})")


def too_large_version(requested: int, current: int) -> Refusal:
    """The requested version was not reached, even after waiting."""
    cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    return Refusal(
        504,
        "Timeout",
        f"Timeout: Too large resource version: {requested}, current: {current}",
        details={"causes": [cause], "retryAfterSeconds": 1},
    )


def too_many(seconds: int) -> Refusal:
    """The server is busy; `seconds` says when to retry."""
    return Refusal(
        429,
        "TooManyRequests",
        "The server has received too many requests and has asked us to try again later",
        details={"retryAfterSeconds": seconds},
        headers={"Retry-After": str(seconds)},
    )


def disruption_budget(budget: str, needed: int, healthy: int) -> Refusal:
    """The eviction would violate a PodDisruptionBudget."""
    cause = (
        f"The disruption budget {budget} needs {needed} healthy pods and has {healthy} currently"
    )
    return Refusal(
        429,
        "TooManyRequests",
        "Cannot evict pod as it would violate the pod's disruption budget.",
        details={"causes": [{"reason": "DisruptionBudget", "message": cause}]},
    )


def unprocessed_budget(budget: str) -> Refusal:
    """The PodDisruptionBudget changed and was not counted since."""
    cause = f"The disruption budget {budget} is still being processed by the server."
    return Refusal(
        429,
        "TooManyRequests",
        "Cannot evict pod as it would violate the pod's disruption budget.",
        details={
            "causes": [{"reason": "DisruptionBudget", "message": cause}],
            "retryAfterSeconds": 10,
        },
        headers={"Retry-After": "10"},
    )


def terminating_namespace(resource: ApiResource, name: str, namespace: str) -> Refusal:
    """The namespace is being deleted and accepts no new objects."""
    why = f"unable to create new content in namespace {namespace} because it is being terminated"
    cause = {
        "reason": "NamespaceTerminating",
        "message": f"namespace {namespace} is being terminated",
        "field": "metadata.namespace",
    }
    details = _named(resource, name) | {"causes": [cause]}
    message = f'{resource.qualified} "{name}" is forbidden: {why}'
    return Refusal(403, "Forbidden", message, details=details)


def shutting_down() -> Refusal:
    """The server is shutting down and closes the connection."""
    message = "apiserver is shutting down"
    return Refusal(503, "ServiceUnavailable", message, headers={"Connection": "close"})


def list_expired() -> Refusal:
    """The version of the requested list is no longer in the history."""
    return Refusal(410, "Expired", "The resourceVersion for the provided list is too old.")
