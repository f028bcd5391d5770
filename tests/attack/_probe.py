"""Presses HALT when it is told to: python -m tests.attack._probe PORT SOCKET, the token in $TOKEN.

A line with a number of presses on its standard input is answered with a line of JSON: seconds for
each way. It is a process of its own, so that nothing else delays the measuring.
"""

import json
import os
import re
import sys
import time

import httpx

from tests.patience import PATIENCE

EVERY = 0.05
"""Seconds between two presses."""

ADDRESS = "127.0.0.9"
"""The presenter's own: no attacker has it."""


def main(port: int, door: str, token: str) -> None:
    ways = {
        "port": httpx.Client(
            base_url=f"http://127.0.0.1:{port}",
            headers={"Authorization": f"Bearer {token}"},
            transport=httpx.HTTPTransport(local_address=ADDRESS),
            timeout=PATIENCE,
        ),
        "control socket": httpx.Client(
            base_url="http://localhost", transport=httpx.HTTPTransport(uds=door), timeout=PATIENCE
        ),
    }
    for line in sys.stdin:
        took: dict[str, list[float]] = {way: [] for way in ways}
        wrong: list[str] = []
        for _ in range(int(line)):
            for way, client in ways.items():
                began = time.perf_counter()
                try:
                    answer = client.post("/halt")
                    took[way].append(time.perf_counter() - began)
                    if answer.status_code != 200 and not _is_odd(answer):
                        wrong.append(f"{way}: {answer.status_code} {answer.text[:200]}")
                except httpx.TransportError as error:
                    wrong.append(f"{way}: {error!r}")
                time.sleep(EVERY)
        print(json.dumps({"took": took, "wrong": wrong}), flush=True)


def _is_odd(answer: httpx.Response) -> bool:
    """Whether only machines are stuck whose plugs never answered anything but nonsense."""
    stuck = re.findall(r"([\w-]+)'s (?:power|network) is ", answer.text)
    return answer.status_code == 503 and bool(stuck) and all(one.startswith("odd") for one in stuck)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], os.environ["TOKEN"])
