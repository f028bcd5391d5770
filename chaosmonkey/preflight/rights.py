"""What this server may do in the cluster, by the API server's own SelfSubjectAccessReview."""

from __future__ import annotations

from collections.abc import AsyncIterator

from chaosmonkey.cluster import Client
from chaosmonkey.cluster.resources import WATCHED, Resource
from chaosmonkey.cluster.trouble import Absent
from chaosmonkey.preflight.findings import Finding, fault, note, ok, unknown

ALSO = (
    ("get", "", "pods/log", "no logs are shown on the console", "read"),
    ("delete", "", "pods", "no pod can be deleted on the console", "act"),
    ("list", "policy", "poddisruptionbudgets", "dry runs do not know of them", "read"),
)
"""Verb, group, resource, what is missing without it, and which rbac-*.yaml gives it."""


async def look_at_rights(client: Client) -> AsyncIterator[Finding]:
    """Whether all that is watched may be watched, and what else would be missed."""
    try:
        lacking = [
            f"{verb} {resource.rule()}"
            for resource in WATCHED
            for verb in ("list", "watch")
            if not await client.may(
                verb, _group(resource), resource.name, namespace=resource.only_in
            )
        ]
        if lacking:
            yield fault(
                "rights",
                f"This server may not {', '.join(lacking)}.",
                "kubectl apply -f deploy/kubernetes/rbac-read.yaml",
            )
        else:
            yield ok("rights", "This server may watch all that it needs to.")
        for verb, group, name, without, file in ALSO:
            if not await client.may(verb, group, name):
                yield note(
                    "rights",
                    f"This server may not {verb} {name}: {without}.",
                    f"kubectl apply -f deploy/kubernetes/rbac-{file}.yaml",
                )
    except Absent:
        yield unknown("rights", "This API server does not answer who may do what.", "No matter.")


def _group(resource: Resource) -> str:
    return resource.api.split("/")[2] if resource.api.startswith("/apis/") else ""
