"""Find PodDisruptionBudgets that the loss of a node would overrun. Pure: JSON in, sentences out.

A power cut respects no budget, so a presenter should know before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

Json = dict[str, Any]


def overrun(budgets: Iterable[Json], pods: Iterable[Json]) -> Iterator[str]:
    """A sentence for each budget that allows fewer disruptions than the lost pods would be.

    Args:
        budgets: PodDisruptionBudgets, of policy/v1 or v1beta1.
        pods: the pods of the node.
    """
    lost = [pod for pod in pods if _is_ready(pod)]
    for budget in budgets:
        name, namespace = budget["metadata"]["name"], budget["metadata"]["namespace"]
        allowed = int((budget.get("status") or {}).get("disruptionsAllowed") or 0)
        count = sum(_selects(budget, pod) for pod in lost)
        if count > allowed:
            yield (
                f"PodDisruptionBudget {namespace}/{name} allows {allowed} unavailable pods, "
                f"this takes down {count}. A power cut does not respect it."
            )


def _selects(budget: Json, pod: Json) -> bool:
    if budget["metadata"]["namespace"] != pod["metadata"]["namespace"]:
        return False
    selector = (budget.get("spec") or {}).get("selector")
    if selector is None:
        return False
    labels = pod["metadata"].get("labels") or {}
    wanted = selector.get("matchLabels") or {}
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        _holds(one, labels) for one in selector.get("matchExpressions") or ()
    )


def _holds(one: Json, labels: dict[str, str]) -> bool:
    key, values = one["key"], one.get("values") or ()
    match one["operator"]:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case _:
            return False


def _is_ready(pod: Json) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
