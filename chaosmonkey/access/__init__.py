"""Access control: tokens and scopes, sessions of presenters, rate limits."""

from chaosmonkey.access.callers import AuthMethod, Caller, Role
from chaosmonkey.access.rates import Rate, Rates, TooMany
from chaosmonkey.access.scopes import Scope, Verb, parse_scope
from chaosmonkey.access.sessions import Session, Sessions
from chaosmonkey.access.tokens import Token, Tokens

__all__ = [
    "AuthMethod",
    "Caller",
    "Rate",
    "Rates",
    "Role",
    "Scope",
    "Session",
    "Sessions",
    "Token",
    "Tokens",
    "TooMany",
    "Verb",
    "parse_scope",
]
