"""Messages of the websocket that nobody sent: boards of any size and in any trouble."""

from __future__ import annotations

from typing import Any

NOW = 1_800_000_000.0
APPS = ("storefront", "catalog", "cart", "orders", "search", "mail")

Json = dict[str, Any]


def feed(state: str = "on", **cut: Any) -> Json:
    return {
        "state": state,
        "stage": None,
        "restore_by": None,
        "why": "",
        "trouble": "",
        "sensed": None,
        "finding": "",
        "refused": None,
    } | cut


def machine(name: str, **changes: Any) -> Json:
    return {
        "name": name,
        "node": name,
        "power": feed(),
        "network": feed(),
        "ready": "True",
        "reason": "KubeletReady",
        "cordoned": False,
        "control_plane": False,
        "guarded": "",
        "rests_until": None,
        "place": None,
        "refused": None,
    } | changes


def pod(uid: str, node: str | None, app: str = "storefront", **changes: Any) -> Json:
    return {
        "uid": uid,
        "namespace": "shop",
        "name": f"{app}-{uid}",
        "app": app,
        "workload": f"Deployment/{app}",
        "node": node,
        "lineage": uid,
        "state": "ready",
        "reason": "",
        "restarts": 0,
    } | changes


def pods(machines: int, each: int) -> dict[str, Json]:
    return {
        uid: pod(uid, f"node{at + 1}", APPS[number % len(APPS)])
        for at in range(machines)
        for number in range(each)
        if (uid := f"{at + 1}-{number}")
    }


def service(ready: int, total: int, name: str = "storefront", **changes: Any) -> Json:
    history = [[NOW - 600, total, total], [NOW - 5, ready, total]]
    return {
        "namespace": "shop",
        "name": name,
        "ready": ready,
        "total": total,
        "history": history,
    } | changes


def telling(machine: str, **changes: Any) -> Json:
    """What the server tells of an outage; `outage/telling.py` is where it is made and tested."""
    return {
        "headline": f"{machine} has no power. Kubernetes has not noticed yet.",
        "brief": "",
        "result": f"{machine} lost its power",
        "ending": "",
        "lost": "power cut",
        "who": "Cut by 127.0.0.1.",
    } | changes


def ending(machine: str, outcome: str | None, interrupted: str) -> str:
    """Why there is no recovery time, as the server says it; "" if there is one."""
    return {
        "unnoticed": f"Unnoticed: {machine} was back before Kubernetes missed it",
        "incomplete": "Not everything came back: pods are missing",
        "aborted": f"Only partly measured: {interrupted}",
    }.get(outcome or "", "")


def outage(machine: str, **changes: Any) -> Json:
    ended = ending(machine, changes.get("outcome"), changes.get("interrupted", ""))
    return {
        "telling": telling(machine, ending=ended),
        "id": f"20270115-080000-{machine}",
        "machine": machine,
        "node": machine,
        "origin": "commanded",
        "feed": "power",
        "by": "127.0.0.1",
        "began": "2027-01-15T08:00:00.000+00:00",
        "t0": NOW - 5,
        "t0_within": 0.0,
        "clocked": "read-back",
        "cause": None,
        "restore_by": NOW + 40,
        "open": True,
        "milestones": {"cut": 0.0},
        "phases": {},
        "phase": "detect",
        "recovery_seconds": None,
        "outcome": None,
        "awaited": 3,
        "story": [],
        "held": "",
        "blind": 0.0,
        "interrupted": "",
        "pods": [],
    } | changes


def displaced(name: str, **changes: Any) -> Json:
    return {
        "namespace": "shop",
        "name": name,
        "workload": "Deployment/storefront",
        "lineage": name,
        "fate": "moves",
        "why": "tolerates a lost machine for 300 s",
        "evicts_at": None,
        "successor": None,
        "successor_node": None,
        "resolved": None,
    } | changes


def snapshot(seq: int = 1, at: float = NOW, **sections: Any) -> Json:
    """A snapshot; sections by name replace those of a calm board of five machines."""
    cluster = {
        "title": "Pull the plug",
        "stale_since": None,
        "why": "",
        "speed": 1.0,
        "preset": "stage",
        "notices_after": 8,
        "default_off": 60,
        "demo": False,
        "limits": {
            "max_off": 1,
            "min_ready": 1,
            "min_seconds": 3,
            "max_seconds": 3600,
            "machine_cooldown": 10,
            "cooldown": 2,
            "disarm_after": 600,
            "quiet_hours": ["22:00-06:00"],
            "protected": [],
            "protected_roles": ["etcd"],
        },
    } | sections.pop("cluster", {})
    show = {
        "scene": "board",
        "blank": False,
        "feed": "power",
        "armed_until": NOW + 500,
        "halted": None,
        "halted_by": "",
        "light": False,
        "join_url": "http://192.168.8.10:8080/j",
        "join_code": "KTX4P",
        "wifi": "",
        "nicknames": False,
        "stages": 1,
        "consoles": 1,
        "phones": 0,
        "stage_delay_ms": 12,
    } | sections.pop("show", {})
    state: Json = {
        "cluster": {"cluster": cluster},
        "machines": {f"node{n}": machine(f"node{n}") for n in range(1, 6)},
        "pods": pods(5, 6),
        "services": {"shop/storefront": service(10, 10)},
        "outages": {},
        "show": {"show": show},
        "rounds": {},
    }
    return {
        "type": "snapshot",
        "protocol": 1,
        "seq": seq,
        "at": at,
        "state": state | sections,
    }


def round_(mode: str = "vote", **changes: Any) -> Json:
    """A round; a vote unless another kind is asked for."""
    vote = mode == "vote"
    return {
        "id": "round-1800000000-1",
        "mode": mode,
        "state": "open",
        "says": "The server says how it stands.",
        "feed": "power",
        "opened": NOW - 10,
        "closes": NOW + 20,
        "approve": mode in ("raffle", "queue", "free"),
        "machine": "node3" if mode == "bet" else None,
        "choices": [f"node{n}" for n in range(1, 6)],
        "tally": {f"node{n}": n for n in range(1, 6)} if vote else {},
        "entered": 15,
        "leaders": ["node5"] if vote else [],
        "electable": ["node5"] if vote else [],
        "barred": {},
        "blocked": "",
        "commitment": "3fa912bc" * 8,
        "seed": None,
        "picked": None,
        "turn": None,
        "past": [],
        "called": 0,
        "waiting": 0,
        "gone": [],
        "chosen": None,
        "outage": None,
        "seconds": None,
        "bet": None,
        "away": False,
    } | changes


def turn(ticket: int, **changes: Any) -> Json:
    return {
        "ticket": ticket,
        "tag": "abcdef",
        "name": "",
        "stage": "choosing",
        "since": NOW - 5,
        "until": NOW + 25,
        "machine": None,
        "outage": None,
        "why": "",
    } | changes


def delta(seq: int, at: float = NOW, gone: dict[str, list[str]] | None = None, **put: Any) -> Json:
    return {"type": "delta", "seq": seq, "at": at, "set": put, "gone": gone or {}}
