"""What is done about each way in which a list or a watch can end. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from chaosmonkey.cluster.errors import (
    Forbidden,
    NotFound,
    Replaced,
    ServerError,
    TooManyRequests,
)
from chaosmonkey.cluster.resources import Resource
from chaosmonkey.errors import ClusterUnavailable

RARELY = 60.0
"""Seconds between two retries of what is forbidden or not found."""

LONGEST_WAIT = 60.0
"""Longest wait in seconds, whatever Retry-After says."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How to react to the end of a pass.

    Attributes:
        wait: seconds until the next attempt.
        stale: the collection is no longer current.
        forget_version: the version is useless: list again.
        forget_history: the cluster is another one, or was restored: forget everything.
        older: the older form of the resource, to watch instead.
        put_off: the server has asked, for the first time, to wait a little.
    """

    wait: float
    stale: bool = True
    forget_version: bool = False
    forget_history: bool = False
    older: Resource | None = None
    put_off: bool = False


def after(trouble: ClusterUnavailable, wait: float, resource: Resource, *, put_off: bool) -> Ending:
    """What to do after a trouble.

    Args:
        trouble: what ended it.
        wait: seconds that the backoff says.
        resource: what is watched.
        put_off: the server has asked to wait a little since the last success.
    """
    match trouble:
        case Replaced():
            return Ending(wait, forget_history=True)
        case NotFound() if resource.older:
            return Ending(wait, stale=False, older=resource.older)
        case NotFound() | Forbidden():
            return Ending(RARELY, forget_version=True)
        case (
            TooManyRequests(retry_after=retry_after)
            | ServerError(code=502 | 503 | 504, retry_after=retry_after)
        ):
            wait = min(max(retry_after or 0.0, wait), LONGEST_WAIT)
            first = isinstance(trouble, TooManyRequests) and not put_off
            return Ending(wait, stale=not first, put_off=first)  # once is no reason for doubt
        case _:
            return Ending(wait, forget_version=True)
