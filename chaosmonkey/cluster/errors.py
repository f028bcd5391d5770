"""What can go wrong between us and the API server, each with its remedy.

    ClusterUnavailable
    ├── Unreachable      no connection, or it broke            list again
    ├── Silent           the stream is open and says nothing   list again
    ├── Garbled          an answer that makes no sense         list again
    ├── Replaced         not the cluster, or history, we knew  list everything again
    └── Answered         the server answered, and refused
        ├── Unauthorized   401   read the configuration again
        ├── Forbidden      403   ask again rarely
        ├── Absent         404   ask again rarely
        ├── Expired        410   list again
        ├── Busy           429   wait, then go on from the last version
        └── Failing        5xx   wait, then go on from the last version

The right column is what the reflector makes of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from chaosmonkey.errors import ClusterUnavailable


class Unreachable(ClusterUnavailable):
    """There is no connection to the API server, or it broke in the middle of an answer."""

    title = "Cluster unreachable"


class ReadTimeout(ClusterUnavailable):
    """A watch is open, but nothing has come over it for so long that it must be dead."""

    title = "Cluster silent"


class MalformedResponse(ClusterUnavailable):
    """The API server sent something that is not what it should be."""

    title = "Answer not understood"


class Replaced(ClusterUnavailable):
    """The cluster is not the one it was: its versions run backwards, or it is another one."""

    title = "Not the same cluster"


class StatusError(ClusterUnavailable):
    """The API server refused.

    Attributes:
        code: the HTTP status, or the one in a watch's ERROR line.
        retry_after: seconds after which the server wants to be asked again, if it said so.
    """

    title = "Refused by the cluster"
    hint: ClassVar[str] = ""

    def __init__(self, status: Status, asked: str) -> None:
        super().__init__(
            f"{asked}: {status.message or status.reason or 'no reason given'} ({status.code}).",
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
        "'kubectl config view --raw' shows it and 'openssl x509 -noout -enddate' its end; "
        "k3s renews its own when it is restarted. The configuration is read again by itself."
    )


class Forbidden(StatusError):
    """The API server knows who we are, and does not allow it."""

    title = "Not allowed by the cluster"
    hint = "Grant it with a ClusterRole and a ClusterRoleBinding; docs/cluster.md has one to copy."


class NotFound(StatusError):
    """The API server does not have that object, or that kind of object at all."""

    status = 404
    title = "Not in the cluster"


class Expired(StatusError):
    """The version or the continue token that we went on from is too old."""

    title = "Version expired"


class TooManyRequests(StatusError):
    """The API server has too much to do."""

    title = "Cluster busy"


class ServerError(StatusError):
    """The API server has trouble of its own."""

    title = "Cluster failing"


@dataclass(frozen=True, slots=True)
class Status:
    """A refusal as Kubernetes words it: an object of kind Status, or what an HTTP answer says."""

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


def refusal(status: Status, asked: str) -> StatusError:
    """The error for a Status; `asked` says what was refused, as "list pods"."""
    fallback = ServerError if status.code >= 500 else StatusError
    return _BY_CODE.get(status.code, fallback)(status, asked)


def let_go(trouble: ClusterUnavailable) -> None:
    """Keep only the words of a trouble that is kept: its traceback holds the answer it is about."""
    trouble.__traceback__ = trouble.__cause__ = trouble.__context__ = None
