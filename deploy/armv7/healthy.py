"""Whether the server in this container answers: exit code 0 or 1, and one line that says why.

Asked every half minute, on a small Pi too: it imports nothing of ours and nothing that is large.
The address is the server's own: from the environment, then from lab.toml, then 127.0.0.1:8080.
"""

from __future__ import annotations

import http.client
import os
import sys
import tomllib
from pathlib import Path

LAB = Path("/etc/chaosmonkey/lab.toml")
LOCAL = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - looked up, not bound
"""Whoever listens everywhere is asked here."""

PATIENCE = 5.0
"""Seconds; the image gives up after 10."""


def address(lab: Path) -> tuple[str, int]:
    """Where the server listens, seen from here."""
    told = tomllib.loads(lab.read_text(encoding="utf-8")) if lab.is_file() else {}
    found = {"host": "127.0.0.1", "port": 8080, **told.get("server", {})}
    for key in ("host", "port"):
        given = os.environ.get(f"CHAOSMONKEY_SERVER__{key.upper()}")  # noqa: TID251 - a program of its own
        found[key] = given or found[key]
    host = str(found["host"])
    return LOCAL.get(host, host), int(found["port"])


def main(lab: Path = LAB) -> int:
    """Ask /healthz once."""
    try:
        connection = http.client.HTTPConnection(*address(lab), timeout=PATIENCE)
        connection.request("GET", "/healthz")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException, ValueError) as error:
        sys.stdout.write(f"no answer: {error}\n")
        return 1
    sys.stdout.write(f"/healthz: {status}\n")
    return 0 if status == 200 else 1


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
