"""The board in a terminal: machines, their pods, the outages under way, and those that ended."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import orjson
from rich.console import Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text
from websockets.asyncio.client import connect, unix_connect
from websockets.exceptions import WebSocketException

from chaosmonkey.cli.http import UNIX
from chaosmonkey.outage.story import took
from chaosmonkey.visible import visible

RETRY = 1.0
"""Seconds between attempts to reach a server that does not answer."""

MARKS = {
    "ready": ("✓", "cyan"),
    "starting": ("…", "yellow"),
    "pending": ("…", "blue"),
    "unreachable": ("!", "red"),
    "terminating": ("✕", "bright_black"),
    "failed": ("!", "red"),
    "finished": ("·", "bright_black"),
}
"""State of a pod → its mark and colour; important states never differ by colour alone."""

State = dict[str, dict[str, Any]]


async def follow(server: str) -> None:
    """Redraw the board at every change, and reconnect when the server comes back."""
    state: State = {}
    with Live(Text(f"Waiting for {server}"), auto_refresh=False) as live:
        while True:
            try:
                async with _stream(server) as socket:
                    async for message in socket:
                        update = seen(orjson.loads(message))
                        apply_message(state, update)
                        live.update(draw(state, update["at"]), refresh=True)
            except (OSError, WebSocketException) as error:
                live.update(Text(visible(f"No server at {server}: {error}")), refresh=True)
            await asyncio.sleep(RETRY)


def _stream(server: str) -> connect:
    if server.startswith(UNIX):
        return unix_connect(server.removeprefix(UNIX), "ws://localhost/ws", max_size=None)
    return connect(server.replace("http", "ws", 1).rstrip("/") + "/ws", max_size=None)


def seen(message: Any) -> Any:
    """Escape every text of a server's message, because rich prints text raw."""
    match message:
        case str():
            return visible(message)
        case list():
            return [seen(one) for one in message]
        case dict():
            return {key: seen(one) for key, one in message.items()}
        case _:
            return message


def apply_message(state: State, message: dict[str, Any]) -> None:
    """Update a state with a message of the websocket (docs/protocol.md)."""
    if message["type"] == "beat":
        return
    if message["type"] == "snapshot":
        state.clear()
        state.update(message["state"])
        return
    for section, entities in message["set"].items():
        state.setdefault(section, {}).update(entities)
    for section, keys in message["gone"].items():
        for key in keys:
            state.get(section, {}).pop(key, None)


def draw(state: State, at: float) -> RenderableType:
    """Draw the board at a time of the server's clock."""
    parts: list[RenderableType] = []
    cluster = state["cluster"].get("cluster", {})
    if cluster.get("stale_since") is not None:
        age = max(0.0, at - cluster["stale_since"])
        parts.append(Text(f"STALE for {age:.0f} s: {cluster['why']}", style="bold red"))
    parts.append(_machines(state))
    outages = sorted(state["outages"].values(), key=lambda outage: outage["t0"])
    parts += [_outage(outage, at) for outage in outages if outage["open"]]
    done = [outage for outage in outages if not outage["open"]][-5:]
    if done:
        parts.append(_history(done))
    return Group(*parts)


def _machines(state: State) -> Table:
    table = Table("machine", "power", "network", "Kubernetes", "pods")
    for machine in state["machines"].values():
        pods = [pod for pod in state["pods"].values() if pod["node"] == machine["node"]]
        ready = machine["ready"]
        status = {"True": "Ready", None: "unknown node"}.get(ready, f"NotReady ({ready})")
        table.add_row(
            machine["name"],
            _feed(machine["power"]),
            _feed(machine["network"]),
            Text(status, style="cyan" if ready == "True" else "bold red"),
            _pods(pods),
        )
    waiting = [pod for pod in state["pods"].values() if pod["node"] is None]
    if waiting:
        table.add_row("not scheduled", "", "", "", _pods(waiting))
    return table


def _feed(feed: dict[str, Any] | None) -> Text:
    if feed is None:
        return Text("-", style="bright_black")
    word = feed["stage"] or feed["state"]
    return Text(word, style="cyan" if word == "on" else "bold red")


def _pods(pods: list[dict[str, Any]]) -> Text:
    counts = Counter((pod["app"], pod["state"]) for pod in pods)
    text = Text()
    for (app, state), count in sorted(counts.items()):
        mark, style = MARKS[state]
        text.append(f"{mark}{app}" + (f"×{count}" if count > 1 else "") + " ", style=style)
    return text


def _outage(outage: dict[str, Any], at: float) -> Text:
    now = f"recovered in {_time(outage)}"
    if outage["recovery_seconds"] is None:
        since = f"{max(0.0, at - outage['t0']):.1f} s since the loss"
        now = f"{since}, in phase {outage['phase']}" if outage["phase"] else f"{since}, waiting"
    text = Text(f"\n{outage['machine']}: {now}", style="bold")
    for line in outage["story"]:
        text.append(f"\n  {line['at']:+7.1f} s  {line['text']}", style="not bold")
    return text


def _time(outage: dict[str, Any]) -> str:
    """Format the recovery time; "" if there is none."""
    most, least = outage["recovery_seconds"], outage.get("recovery_at_least")
    return "" if most is None else took(most, least)


def _history(outages: list[dict[str, Any]]) -> Table:
    table = Table("ended outage", "what", "outcome", "recovery time")
    for outage in reversed(outages):
        table.add_row(
            outage["id"],
            outage["feed"] or "observed",
            outage["outcome"],
            _time(outage),
        )
    return table
