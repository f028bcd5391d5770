"""The caller of a request: role and token scopes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from chaosmonkey.access.scopes import Scope, Verb


class Role(StrEnum):
    """The role of a caller."""

    VIEWER = "viewer"
    """Without a token: sees the board."""
    AUDIENCE = "audience"
    """A phone with a seat: plays in rounds."""
    SCRIPT = "script"
    """Has a token: may do what its scopes allow."""
    PRESENTER = "presenter"
    """Full presenter access."""


class AuthMethod(StrEnum):
    """How a caller was authenticated."""

    TOKEN = "token"  # noqa: S105 - a word
    """A secret in this very request, so the caller sent it on purpose."""
    SESSION = "session"
    """A cookie, which a browser sends with every request, whatever triggered it."""
    SOCKET = "socket"
    """The control socket, which users of this machine open on purpose."""
    PLACE = "place"
    """The address of the request, or nothing."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller of one request.

    Attributes:
        name: the token's name, or else the address.
        address: where the request came from.
        token: id of the caller's token, "" without one.
        means: how the caller was authenticated.
    """

    role: Role
    name: str
    address: str
    scopes: tuple[Scope, ...] = ()
    token: str = ""
    means: AuthMethod = AuthMethod.PLACE

    def may(self, verb: Verb, machine: str | None = None) -> bool:
        """Whether the caller may do that."""
        if self.role is Role.PRESENTER:
            return True
        return any(scope.allows(verb, machine) for scope in self.scopes)
