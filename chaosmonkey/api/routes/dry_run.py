"""The answer to `?dry_run=true`: the effect of a cut, the pods it displaces, what forbids it."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request
from starlette.responses import Response

from chaosmonkey.api import responses
from chaosmonkey.api.context import Context
from chaosmonkey.control.guard import CutRequest, find_machine
from chaosmonkey.errors import ChaosMonkeyError
from chaosmonkey.model import Fate, FeedKind


@dataclass(frozen=True, slots=True)
class RefusalView:
    """A rule that forbids a cut.

    Attributes:
        allowed_at: when the rule will allow the cut; null if unknown.
    """

    rule: str
    detail: str
    remedy: str
    allowed_at: float | None


@dataclass(frozen=True, slots=True)
class PlannedPod:
    """A pod that a cut would displace; `toleration` in seconds, null means forever."""

    namespace: str
    name: str
    workload: str
    fate: Fate
    toleration: float | None


@dataclass(frozen=True, slots=True)
class PlanView:
    """The effect that a cut would have; nothing was done.

    Attributes:
        kind: the old name of `feed`.
        refusals: everything that forbids the cut now.
        notices_after: seconds of silence after which Kubernetes should mark the machine as lost.
        evicts_after: seconds until the last pod that moves should be evicted; null if none is.
    """

    machine: str
    feed: FeedKind
    kind: FeedKind
    seconds: float
    allowed: bool
    refusals: list[RefusalView]
    displaced: list[PlannedPod]
    notices_after: float
    evicts_after: float | None
    warnings: list[str]


async def planned(request: Request, ctx: Context, wanted: CutRequest) -> Response:
    """Answer a dry run of a cut."""
    plan = await ctx.monkey.plan(wanted)
    budgets = await _budgets(ctx, find_machine(ctx.lab, plan.machine).node_name)
    seen = PlanView(
        machine=plan.machine,
        feed=plan.feed,
        kind=plan.feed,
        seconds=plan.seconds,
        allowed=not plan.objections,
        refusals=[
            RefusalView(
                rule=refusal.rule or "unavailable",
                detail=refusal.message,
                remedy=refusal.remedy,
                allowed_at=_allowed_at(refusal),
            )
            for refusal in plan.objections
        ],
        displaced=[
            PlannedPod(pod.namespace, pod.name, pod.workload, pod.fate, pod.toleration)
            for pod in plan.pods
        ],
        notices_after=plan.notices_after,
        evicts_after=plan.evicts_after,
        warnings=[*plan.warnings, *budgets],
    )
    return responses.answer(request, seen, *_rows(seen))


def _rows(seen: PlanView) -> list[str]:
    names = ", ".join(f"{pod.name} ({pod.fate})" for pod in seen.displaced) or "none"
    return [
        f"{seen.machine} would lose its {seen.feed} for {seen.seconds:g} s. Nothing was done.",
        f"Pods there now: {names}.",
        f"Kubernetes should notice after about {seen.notices_after:g} s.",
        *(f"Refused now: {refusal.detail} {refusal.remedy}" for refusal in seen.refusals),
        *(f"Note: {warning}" for warning in seen.warnings),
    ]


async def _budgets(ctx: Context, node: str) -> list[str]:
    """Return the PodDisruptionBudgets that the cut violates, as warnings; they never forbid it."""
    try:
        return await ctx.inspector.budgets_overrun(node)
    except ChaosMonkeyError as error:
        return [f"Cannot read PodDisruptionBudgets: {error.message}"]


def _allowed_at(refusal: ChaosMonkeyError) -> float | None:
    at = refusal.facts.get("allowed_at")
    return at if isinstance(at, float) else None
