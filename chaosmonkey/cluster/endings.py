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
    """What follows.

    Attributes:
        wait: seconds until the next attempt.
        doubt: what is known can no longer be believed.
        forget_version: the version is of no use: list again.
        forget_history: it is another cluster's, or its past has changed: forget all that is known.
        older: the older form of the resource, to be watched in its place.
        put_off: the server has asked, for the first time, to wait a little.
    """

    wait: float
    doubt: bool = True
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
            return Ending(wait, doubt=False, older=resource.older)
        case NotFound() | Forbidden():
            return Ending(RARELY, forget_version=True)
        case (
            TooManyRequests(retry_after=asked)
            | ServerError(code=502 | 503 | 504, retry_after=asked)
        ):
            wait = min(max(asked or 0.0, wait), LONGEST_WAIT)
            first = isinstance(trouble, TooManyRequests) and not put_off
            return Ending(wait, doubt=not first, put_off=first)  # once is no reason for doubt
        case _:
            return Ending(wait, forget_version=True)
