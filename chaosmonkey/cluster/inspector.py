"""Describe single objects on demand, when a user clicks one."""

from __future__ import annotations

from chaosmonkey.cluster.budgets import overrun
from chaosmonkey.cluster.client import Client
from chaosmonkey.cluster.describe import Kind, description, events_query, path
from chaosmonkey.cluster.errors import Forbidden, NotFound
from chaosmonkey.cluster.resources import BUDGETS, PODS
from chaosmonkey.model import Description


class Inspector:
    """Describes objects, reads logs and deletes pods.

    Everything raises one of `errors`: NotFound without such an object, Forbidden when this server
    may not read it.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    async def describe(self, kind: Kind, namespace: str, name: str) -> Description:
        """An object with its events."""
        found = await self._client.get(path(kind, namespace, name), f"get {kind} {name}")
        where, query = events_query(kind, namespace, name)
        events = await self._client.get(where, f"list events of {kind} {name}", query)
        return description(kind, found, events.get("items") or [])

    async def logs(
        self, namespace: str, pod: str, *, container: str | None = None, tail: int = 100
    ) -> str:
        """The last lines of a container's log."""
        return await self._client.logs(namespace, pod, container=container, tail=tail)

    async def budgets_overrun(self, node: str) -> list[str]:
        """A sentence for each PodDisruptionBudget that the loss of a node would overrun.

        And one for each namespace whose budgets this server may not read.
        """
        found_overrun: list[str] = []
        query = {"fieldSelector": f"spec.nodeName={node}"}
        for namespace in self._client.places(BUDGETS):
            of = f" of {namespace}" if namespace else ""
            try:
                budgets = await self._client.get(
                    BUDGETS.path(namespace), f"list PodDisruptionBudgets{of}"
                )
                pods = await self._client.get(
                    PODS.path(namespace), f"list pods{of} on {node}", query
                )
            except NotFound:
                return []  # before Kubernetes 1.21
            except Forbidden:
                found_overrun.append(
                    f"This server may not read the PodDisruptionBudgets{of}, so it cannot tell "
                    "whether a cut overruns them."
                )
            else:
                found_overrun += overrun(budgets.get("items") or (), pods.get("items") or ())
        return found_overrun

    async def delete_pod(self, namespace: str, pod: str, *, uid: str | None = None) -> None:
        """Delete a pod, if it is still the one with that uid."""
        await self._client.delete_pod(namespace, pod, uid=uid)
