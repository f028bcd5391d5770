"""What this server may do in the cluster, by the API server's own SelfSubjectAccessReview."""

from __future__ import annotations

from collections.abc import AsyncIterator

from chaosmonkey.cluster import Client
from chaosmonkey.cluster.errors import NotFound
from chaosmonkey.cluster.resources import BUDGETS, PODS, WATCHED, Resource
from chaosmonkey.preflight.findings import Finding, fault, note, ok, unknown

ALSO = (
    ("get", PODS, "/log", "no logs are shown on the console", "read"),
    ("delete", PODS, "", "no pod can be deleted on the console", "act"),
    ("list", BUDGETS, "", "dry runs do not know of them", "read"),
)
"""Verb, resource and part, what is missing without it, and which rbac-*.yaml gives it."""


async def check_permissions(client: Client) -> AsyncIterator[Finding]:
    """Whether all that is watched may be watched, and what else would be missed.

    Without what is vital nothing is measured; without the rest less is shown.
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
                f"This server may not {', '.join(vital)}: without that it measures nothing.",
                "kubectl apply -f deploy/kubernetes/rbac-read.yaml, or name the namespaces that "
                "it may see in [cluster] namespaces.",
            )
        if others := [right for resource, right in lacking if not resource.vital]:
            yield note(
                "rights",
                f"This server may not {', '.join(others)}: less is shown of what they are.",
                "kubectl apply -f deploy/kubernetes/rbac-read.yaml",
            )
        if not lacking:
            yield ok("rights", "This server may watch all that it needs to.")
        for verb, resource, part, without, file in ALSO:
            async for right in _lacking(client, verb, resource, part):
                yield note(
                    "rights",
                    f"This server may not {right}: {without}.",
                    f"kubectl apply -f deploy/kubernetes/rbac-{file}.yaml",
                )
    except NotFound:
        yield unknown("rights", "This API server does not answer who may do what.", "No matter.")


async def _lacking(
    client: Client, verb: str, resource: Resource, part: str = ""
) -> AsyncIterator[str]:
    """The right in words, for each namespace of the settings in which this server lacks it."""
    for namespace in client.places(resource):
        if not await client.may(verb, resource.group, resource.name + part, namespace=namespace):
            named = resource.rule() if not part else resource.name + part
            yield f"{verb} {named}" + (f" in {namespace}" if namespace else "")
