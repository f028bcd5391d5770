"""Answers over HTTP are those of a real API server: refusals word for word, objects by shape.

`recorded.json` holds a few answers of Kubernetes 1.36.2, without managedFields.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

RECORDED = orjson.loads((Path(__file__).parent / "recorded.json").read_bytes())
GOLD = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "gold"}, "data": {"a": "1"}}

NOT_SIMULATED = {
    "declaredFeatures",
    "providerID",
    "aggregationTimestamp",
    "whenScaled",
    "storageVersionHash",
}
"""Fields of the recordings that the simulator leaves out."""


def ours(text: Any) -> Any:
    """A recorded path or body in the demo's names."""
    plain = orjson.dumps(text).decode()
    for theirs, mine in (("demo", "shop"), ("web-3", "orders-3"), ("web-0", "orders-0")):
        plain = plain.replace(theirs, mine)
    return orjson.loads(plain.replace("podinfo", "storefront").replace("/plain", "/cart"))


async def ask(http: aiohttp.ClientSession, row: dict[str, Any]) -> tuple[int, Any]:
    path, body = ours(row["path"]), ours(row["request"])
    if isinstance(body, dict):
        body.get("metadata", {}).pop("resourceVersion", None)
        body.get("metadata", {}).pop("uid", None)
        if body.get("metadata", {}).get("name") == "plain":
            body["metadata"]["name"] = "cart"
    data = body.encode() if isinstance(body, str) else orjson.dumps(body) if body else None
    headers = {"Accept": row["accept"] or "*/*"}
    if row["type"]:
        headers["Content-Type"] = row["type"]
    async with http.request(row["method"], path, data=data, headers=headers) as answer:
        return answer.status, orjson.loads(await answer.read())


def name(row: dict[str, Any]) -> str:
    return f"{row['method']} {row['path']} {row['status']}"


@pytest.mark.parametrize("row", RECORDED["exact"], ids=name)
async def test_a_refusal_is_word_for_word_the_recorded_one(
    http: aiohttp.ClientSession, row: dict[str, Any]
) -> None:
    if row["body"]["reason"] == "AlreadyExists":
        await (await http.post("/api/v1/namespaces/shop/configmaps", json=GOLD)).read()
    assert await ask(http, row) == (row["status"], ours(row["body"]))


@pytest.mark.parametrize("row", RECORDED["shape"], ids=name)
async def test_an_answer_has_the_fields_of_the_recorded_one(
    http: aiohttp.ClientSession, row: dict[str, Any]
) -> None:
    if "/gold" in row["path"]:
        await (await http.post("/api/v1/namespaces/shop/configmaps", json=GOLD)).read()
    status, body = await ask(http, row)
    assert status == row["status"]
    assert not list(missing(row["body"], body, ""))


def missing(want: Any, got: Any, path: str) -> Any:
    """The paths at which a recorded field is not there, or is of another type."""
    if isinstance(want, dict):
        if not isinstance(got, dict):
            yield f"{path}: {got!r} is no object"
            return
        free = path.endswith(("labels", "annotations", "matchLabels", "data"))
        for field, value in want.items():
            if field in NOT_SIMULATED or free:
                continue
            if field not in got:
                yield f"{path}.{field}"
            else:
                yield from missing(value, got[field], f"{path}.{field}")
    elif isinstance(want, list) and want:
        if not isinstance(got, list) or not got:
            yield f"{path}: {got!r} is no list with something in it"
        else:
            yield from missing(want[0], got[0], f"{path}[0]")
    elif want is not None and not isinstance(got, type(want)):
        yield f"{path}: {got!r} is not of the type of {want!r}"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("pods", []),
        ("pods", {"metadata": []}),
        ("pods", {"metadata": {"name": "x"}, "spec": {"containers": [{"name": 3}]}}),
        ("pods", {"metadata": {"name": "x"}, "spec": "running"}),
        ("services", {"metadata": {"name": "x"}, "spec": {"ports": ["http"]}}),
    ],
)
async def test_what_the_controllers_could_not_work_with_is_refused(
    http: aiohttp.ClientSession, kind: str, body: Any
) -> None:
    async with http.post(f"/api/v1/namespaces/shop/{kind}", json=body) as answer:
        assert answer.status in {400, 422}
        assert (await answer.json())["kind"] == "Status"


async def test_an_update_with_an_old_version_is_a_conflict(http: aiohttp.ClientSession) -> None:
    created = await (await http.post("/api/v1/namespaces/shop/configmaps", json=GOLD)).json()
    url = "/api/v1/namespaces/shop/configmaps/gold"
    created["data"]["a"] = "2"
    async with http.put(url, json=created) as first:
        assert first.status == 200
    answer = await http.put(url, json=created)
    said = await answer.json()
    assert (answer.status, said["reason"]) == (409, "Conflict")
    assert "please apply your changes to the latest version" in said["message"]


async def test_pages_of_a_list_are_of_one_version(http: aiohttp.ClientSession) -> None:
    url, seen, follow, versions = "/api/v1/namespaces/shop/pods", [], "", set()
    while True:
        query = {"limit": "7"} | ({"continue": follow} if follow else {})
        page = await (await http.get(url, params=query)).json()
        seen += [pod["metadata"]["name"] for pod in page["items"]]
        versions.add(page["metadata"]["resourceVersion"])
        follow = page["metadata"].get("continue", "")
        if not follow:
            break
        await (await http.post("/api/v1/namespaces/shop/configmaps", json=GOLD)).read()
    assert seen == sorted(seen)
    assert len(seen) == 30
    assert len(versions) == 1


async def test_a_list_from_the_future_waits_and_then_times_out(http: aiohttp.ClientSession) -> None:
    answer = await http.get("/api/v1/pods", params={"resourceVersion": "99999999"})
    said = await answer.json()
    assert (answer.status, said["reason"]) == (504, "Timeout")
    assert said["details"]["causes"][0]["reason"] == "ResourceVersionTooLarge"


async def test_an_unknown_machine_on_the_bench_is_told_which_there_are(
    http: aiohttp.ClientSession,
) -> None:
    answer = await http.put("/bench/machines/node9/power", json={"plugged": False})
    said = await answer.json()
    assert answer.status == 404
    assert said["known"] == ["node1", "node2", "node3", "node4", "node5"]


async def test_the_simulation_says_how_it_runs(http: aiohttp.ClientSession) -> None:
    said = await (await http.get("/sim")).json()
    assert (said["speed"], said["seed"], said["preset"]) == (50.0, 1, "stage")
    assert said["now"] >= said["started"]


async def write_conditions(http: aiohttp.ClientSession, conditions: Any) -> tuple[int, Any]:
    url = "/api/v1/namespaces/shop/pods"
    pods = await (await http.get(url)).json()
    name = pods["items"][0]["metadata"]["name"]
    answer = await http.patch(
        f"{url}/{name}/status",
        data=orjson.dumps({"status": {"conditions": conditions}}),
        headers={"Content-Type": "application/merge-patch+json"},
    )
    return answer.status, await answer.json()


@pytest.mark.parametrize(
    ("conditions", "why"),
    [
        ("Ready", "json: cannot unmarshal string into Go struct field PodStatus.status.conditions"),
        (["Ready"], "cannot unmarshal string into Go struct field PodStatus.status.conditions"),
        ([{"status": "True"}], "name part must be non-empty"),
    ],
)
async def test_conditions_of_another_type_are_refused(
    http: aiohttp.ClientSession, conditions: Any, why: str
) -> None:
    code, refusal = await write_conditions(http, conditions)
    assert code == 422
    assert why in refusal["message"]


async def test_a_condition_without_a_status_has_an_empty_one(http: aiohttp.ClientSession) -> None:
    code, pod = await write_conditions(http, [{"type": "Ready"}])
    assert (code, pod["status"]["conditions"]) == (200, [{"type": "Ready", "status": ""}])
