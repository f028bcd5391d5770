"""Read the environment of this process, and make that of its children.

`read` handles keys of lab.toml in the environment, `base` handles secrets.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

PREFIX = "CHAOSMONKEY_"
"""Prefix of environment variables that override a key, as CHAOSMONKEY_SERVER__PORT."""


@dataclass(frozen=True, slots=True)
class Supervision:
    """Settings of a supervisor such as systemd.

    Attributes:
        notify_socket: where it listens; a leading @ is an abstract socket.
        watchdog_seconds: silence after which it kills this process; None for no watchdog.
    """

    notify_socket: str | None = None
    watchdog_seconds: float | None = None


def supervision() -> Supervision:
    """The settings of systemd for this process: NOTIFY_SOCKET, WATCHDOG_USEC (sd_notify(3))."""
    given = os.environ  # noqa: TID251 - this is the home of the environment
    microseconds = given.get("WATCHDOG_USEC", "")
    meant = given.get("WATCHDOG_PID") in (None, str(os.getpid()))
    seconds = int(microseconds) / 1e6 if microseconds.isdigit() and meant else None
    return Supervision(given.get("NOTIFY_SOCKET") or None, seconds or None)


def environment_with(presenter_token: str | None) -> dict[str, str]:
    """The environment for a child server, with a presenter's token if it needs one."""
    given = child_environment()
    if presenter_token is not None:
        given[f"{PREFIX}SERVER__PRESENTER_TOKEN"] = presenter_token
    return given


def child_environment(**more: str) -> dict[str, str]:
    """The environment for a child process."""
    return dict(os.environ) | more  # noqa: TID251 - the environment's home


def own_token() -> str | None:
    """The token that a command sends, from $CHAOSMONKEY_TOKEN."""
    return os.environ.get("CHAOSMONKEY_TOKEN") or None  # noqa: TID251 - the environment's home
