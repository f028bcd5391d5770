"""Whoever sends a request: by role, and by what a token of theirs allows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from chaosmonkey.access.scopes import Scope, Verb


class Role(StrEnum):
    """Who somebody is."""

    VIEWER = "viewer"
    """Anybody: sees the board."""
    AUDIENCE = "audience"
    """A phone with a seat: plays in rounds."""
    SCRIPT = "script"
    """Bears a token: may what its scopes say."""
    PRESENTER = "presenter"
    """May everything."""


class AuthMethod(StrEnum):
    """By what a caller was recognised."""

    TOKEN = "token"  # noqa: S105 - a word
    """A secret that this very request bears: it was written on purpose."""
    SESSION = "session"
    """A cookie, which a browser sends with every request, whatever made it ask."""
    SOCKET = "socket"
    """The control socket, which users of this machine open on purpose."""
    PLACE = "place"
    """Where the request comes from, if anything."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody, for the time of one request.

    Attributes:
        name: the token's name, or the address if there is none.
        address: where the request came from.
        token: id of the token that made them who they are, "" without one.
        means: by what they were recognised.
    """

    role: Role
    name: str
    address: str
    scopes: tuple[Scope, ...] = ()
    token: str = ""
    means: AuthMethod = AuthMethod.PLACE

    def may(self, verb: Verb, machine: str | None = None) -> bool:
        """Whether that is allowed to them."""
        if self.role is Role.PRESENTER:
            return True
        return any(scope.allows(verb, machine) for scope in self.scopes)
