"""Checks of this server's RBAC permissions, by SelfSubjectAccessReview."""

from __future__ import annotations

from collections.abc import AsyncIterator

from chaosmonkey.cluster import Client
from chaosmonkey.cluster.errors import NotFound
from chaosmonkey.cluster.resources import BUDGETS, PODS, WATCHED, Resource
from chaosmonkey.preflight.findings import Finding, fault, note, ok, unknown

ALSO = (
    ("get", PODS, "/log", "the console shows no logs", "read"),
    ("delete", PODS, "", "the console cannot delete pods", "act"),
    ("list", BUDGETS, "", "dry runs ignore them", "read"),
)
"""Verb, resource and subresource, what is missing without it, and which rbac-*.yaml grants it."""


async def check_permissions(client: Client) -> AsyncIterator[Finding]:
    """Whether the server may list and watch all that it needs, and what else it lacks.

    Without a vital permission it measures nothing; without the others it shows less.
    """
    try:
        lacking = [
            (resource, right)
            for resource in WATCHED
            for verb in ("list", "watch")
            async for right in _lacking(client, verb, resource)
        ]
        if vital := [right for resource, right in lacking if resource.vital]:
            yield fault(
                "rights",
                f"This server may not {', '.join(vital)}. Without that it measures nothing.",
                "kubectl apply -f deploy/kubernetes/rbac-read.yaml, or list the namespaces that "
                "it may see in [cluster] namespaces.",
            )
        if others := [right for resource, right in lacking if not resource.vital]:
            yield note(
                "rights",
                f"This server may not {', '.join(others)}, so the pages show less about them.",
                "kubectl apply -f deploy/kubernetes/rbac-read.yaml",
            )
        if not lacking:
            yield ok("rights", "This server has all the permissions that it needs.")
        for verb, resource, part, without, file in ALSO:
            async for right in _lacking(client, verb, resource, part):
                yield note(
                    "rights",
                    f"This server may not {right}: {without}.",
                    f"kubectl apply -f deploy/kubernetes/rbac-{file}.yaml",
                )
    except NotFound:
        yield unknown(
            "rights",
            "This API server does not support access reviews.",
            "Nothing to do, if the cluster's findings below are fine.",
        )


async def _lacking(
    client: Client, verb: str, resource: Resource, part: str = ""
) -> AsyncIterator[str]:
    """The missing permission in words, for each namespace of the settings."""
    for namespace in client.places(resource):
        if not await client.may(verb, resource.group, resource.name + part, namespace=namespace):
            named = resource.rule() if not part else resource.name + part
            yield f"{verb} {named}" + (f" in {namespace}" if namespace else "")
