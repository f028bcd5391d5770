"""The scopes of a token: verbs, some of them for one machine only.

kill:node3    cut that machine, and restore it       kill    any machine
read          logs, descriptions and the audit log; the board itself is public
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from chaosmonkey.errors import BadInput, did_you_mean

_MACHINE = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")


class Verb(StrEnum):
    """What a caller may do."""

    READ = "read"
    KILL = "kill"
    RESTORE = "restore"
    ARM = "arm"
    HALT = "halt"
    RELEASE = "release"
    PRESENT = "present"
    """Everything else that a presenter does: scenes, rounds, deleting pods, the demo's plugs."""


OF_A_MACHINE = (Verb.KILL, Verb.RESTORE)


@dataclass(frozen=True, slots=True)
class Scope:
    """A verb, for one machine or for all."""

    verb: Verb
    machine: str | None = None

    def __str__(self) -> str:
        return self.verb if self.machine is None else f"{self.verb}:{self.machine}"

    def allows(self, verb: Verb, machine: str | None = None) -> bool:
        """Whether this allows the verb. A scope to cut a machine allows restoring it."""
        same = verb is self.verb or (verb is Verb.RESTORE and self.verb is Verb.KILL)
        return same and (self.machine is None or self.machine == machine)


def parse_scope(text: str) -> Scope:
    """Parse a scope such as "read", "kill", "kill:node3"; raises BadInput."""
    word, colon, machine = text.strip().partition(":")
    try:
        verb = Verb(word)
    except ValueError:
        raise BadInput(
            f"'{text[:80]}' is not a scope.",
            remedy=f"{did_you_mean(word, list(Verb))}Scopes: {', '.join(Verb)}; kill:node3 allows "
            "one machine only.",
        ) from None
    if colon and (verb not in OF_A_MACHINE or not _MACHINE.fullmatch(machine)):
        raise BadInput(
            f"'{text[:80]}' is not a scope.",
            remedy=f"Only {' and '.join(OF_A_MACHINE)} take a machine, such as kill:node3.",
        )
    return Scope(verb, machine if colon else None)
