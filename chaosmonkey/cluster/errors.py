"""Errors between this server and the API server, each with its remedy.

    ClusterUnavailable
    ├── Unreachable          no connection, or it broke          list again
    ├── ReadTimeout          an open stream is silent            list again
    ├── MalformedResponse    an answer is not what it should be  list again
    ├── Replaced             another cluster, or another history list everything again
    └── StatusError          the server answered, and refused
        ├── Unauthorized     401   read the configuration again
        ├── Forbidden        403   retry rarely
        ├── NotFound         404   retry rarely
        ├── Expired          410   list again
        ├── TooManyRequests  429   wait, then resume from the last version
        └── ServerError      5xx   wait, then resume from the last version

The right column is how the reflector reacts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from chaosmonkey.errors import ClusterUnavailable


class Unreachable(ClusterUnavailable):
    """There is no connection to the API server, or it broke in the middle of an answer."""

    title = "Cluster unreachable"


class ReadTimeout(ClusterUnavailable):
    """A watch is open, but has been silent for so long that it must be dead."""

    title = "Cluster silent"


class MalformedResponse(ClusterUnavailable):
    """The API server sent something that is not valid."""

    title = "Malformed answer"


class Replaced(ClusterUnavailable):
    """The cluster is another one, or its versions run backwards."""

    title = "Not the same cluster"


class StatusError(ClusterUnavailable):
    """The API server refused.

    Attributes:
        code: the HTTP status, or the one in a watch's ERROR line.
        retry_after: seconds after which the server wants a retry, if it sent one.
    """

    title = "Refused by the cluster"
    hint: ClassVar[str] = ""

    def __init__(self, status: Status, action: str) -> None:
        super().__init__(
            f"{action}: {status.message or status.reason or 'no reason given'} ({status.code}).",
            remedy=self.hint,
            code=status.code,
            reason=status.reason,
        )
        self.code = status.code
        self.retry_after = status.retry_after


class Unauthorized(StatusError):
    """The API server does not know who we are."""

    title = "Not logged in to the cluster"
    hint = (
        "The token or client certificate is wrong or has expired. For a certificate, "
        "'kubectl config view --raw' shows it and 'openssl x509 -noout -enddate' its expiry; "
        "k3s renews its own when it restarts. This server rereads the configuration by itself."
    )


class Forbidden(StatusError):
    """The API server knows who we are, but does not allow it."""

    title = "Not allowed by the cluster"
    hint = "Grant it with a ClusterRole and a ClusterRoleBinding; docs/cluster.md has an example."


class NotFound(StatusError):
    """The API server does not have that object, or that kind of object."""

    status = 404
    title = "Not in the cluster"


class Expired(StatusError):
    """The version or the continue token that we resumed from is too old."""

    title = "Version expired"


class TooManyRequests(StatusError):
    """The API server is overloaded."""

    title = "Cluster busy"


class ServerError(StatusError):
    """The API server has an internal error."""

    title = "API server error"


@dataclass(frozen=True, slots=True)
class Status:
    """A refusal: an object of kind Status, or what an HTTP answer says."""

    code: int
    reason: str = ""
    message: str = ""
    retry_after: float | None = None


_BY_CODE: dict[int, type[StatusError]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    410: Expired,
    429: TooManyRequests,
}


def refusal(status: Status, action: str) -> StatusError:
    """The error for a Status; `action` is what was refused, such as "list pods"."""
    fallback = ServerError if status.code >= 500 else StatusError
    return _BY_CODE.get(status.code, fallback)(status, action)


def let_go(trouble: ClusterUnavailable) -> None:
    """Drop the traceback of a stored error: it holds the answer in memory."""
    trouble.__traceback__ = trouble.__cause__ = trouble.__context__ = None
