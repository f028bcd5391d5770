"""Writes over HTTP: media types, strictness and warnings are those of a real API server."""

from __future__ import annotations

from typing import Any

import aiohttp
import orjson
import pytest
import yaml

MAPS = "/api/v1/namespaces/shop/configmaps"
DEPLOYMENTS = "/apis/apps/v1/namespaces/shop/deployments"
GOLD = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "gold"}, "data": {"a": "1"}}
MERGE = {"Content-Type": "application/merge-patch+json"}
STRATEGIC = {"Content-Type": "application/strategic-merge-patch+json"}
ODD = b'{"metadata":{"name":"odd"},"colour":"red","data":{"a":"1","a":"2"}}'
PROBLEMS = ['unknown field "colour"', 'duplicate field "data.a"']


async def send(http: aiohttp.ClientSession, method: str, path: str, **more: Any) -> tuple[int, Any]:
    async with http.request(method, path, **more) as answer:
        return answer.status, await answer.json(content_type=None)


async def test_a_body_in_a_media_type_that_is_not_served_is_refused(
    http: aiohttp.ClientSession,
) -> None:
    for method, path in (("POST", MAPS), ("PUT", f"{MAPS}/gold")):
        code, status = await send(
            http, method, path, data=b"a=b", headers={"Content-Type": "text/plain"}
        )
        assert (code, status["reason"]) == (415, "UnsupportedMediaType")
        assert status["message"] == (
            "the body of the request was in an unknown format - accepted media types include: "
            "application/json, application/yaml, application/vnd.kubernetes.protobuf"
        )


@pytest.mark.parametrize("accept", ["text/html", "application/vnd.kubernetes.protobuf", "image/*"])
async def test_an_answer_in_a_media_type_that_is_not_served_is_refused(
    http: aiohttp.ClientSession, accept: str
) -> None:
    code, status = await send(http, "GET", MAPS, headers={"Accept": accept})
    assert (code, status["reason"]) == (406, "NotAcceptable")


@pytest.mark.parametrize(
    "accept", ["", "*/*", "application/*", "application/vnd.kubernetes.protobuf,application/json"]
)
async def test_the_first_media_type_that_is_served_is_answered(
    http: aiohttp.ClientSession, accept: str
) -> None:
    async with http.get(MAPS, headers={"Accept": accept}) as answer:
        assert (answer.status, answer.content_type) == (200, "application/json")


async def test_a_client_may_want_metadata_alone(http: aiohttp.ClientSession) -> None:
    await send(http, "POST", MAPS, json=GOLD)
    form = "application/json;as={};g=meta.k8s.io;v=v1"
    one = {"Accept": form.format("PartialObjectMetadata")}
    _, found = await send(http, "GET", f"{MAPS}/gold", headers=one)
    assert (found["kind"], found["apiVersion"]) == ("PartialObjectMetadata", "meta.k8s.io/v1")
    assert set(found) == {"kind", "apiVersion", "metadata"}
    every = {"Accept": form.format("PartialObjectMetadataList")}
    _, listed = await send(http, "GET", MAPS, headers=every)
    assert listed["kind"] == "PartialObjectMetadataList"
    assert {frozenset(item) for item in listed["items"]} == {frozenset({"metadata"})}
    async with http.get(MAPS, headers=one, params={"watch": "1"}) as stream:
        event = orjson.loads(await stream.content.readline())
    assert event["object"]["kind"] == "PartialObjectMetadata"


async def test_a_log_is_plain_text_for_who_wants_nothing_else(http: aiohttp.ClientSession) -> None:
    path = "/api/v1/namespaces/shop/pods/orders-0/log"
    async with http.get(path, headers={"Accept": "text/plain"}) as answer:
        assert (answer.status, answer.content_type) == (200, "text/plain")


async def test_yaml_is_read_and_written(http: aiohttp.ClientSession) -> None:
    kind = {"Content-Type": "application/yaml", "Accept": "application/yaml"}
    async with http.post(MAPS, data=yaml.safe_dump(GOLD), headers=kind) as answer:
        assert (answer.status, answer.content_type) == (201, "application/yaml")
        assert yaml.safe_load(await answer.text())["data"] == {"a": "1"}


@pytest.mark.parametrize(
    ("validation", "code", "warned"),
    [("Strict", 400, []), ("Warn", 201, PROBLEMS), ("", 201, PROBLEMS), ("Ignore", 201, [])],
)
async def test_unknown_and_repeated_fields_are_refused_warned_of_or_ignored(
    http: aiohttp.ClientSession, validation: str, code: int, warned: list[str]
) -> None:
    kind = {"Content-Type": "application/json"}
    asked = {"fieldValidation": validation} if validation else {}
    async with http.post(MAPS, data=ODD, headers=kind, params=asked) as answer:
        assert answer.status == code
        said = await answer.json()
        found = answer.headers.getall("Warning", [])
    assert found == [f"299 - {orjson.dumps(text).decode()}" for text in warned]
    if code == 400:
        assert said["message"] == (
            'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: '
            + ", ".join(PROBLEMS)
        )
    else:
        assert said["data"] == {"a": "2"}
        assert "colour" not in said


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            {"fieldValidation": "Maybe"},
            'CreateOptions.meta.k8s.io "" is invalid: fieldValidation: Unsupported value: "Maybe": '
            'supported values: "", "Ignore", "Strict", "Warn"',
        ),
        (
            {"dryRun": "Some"},
            'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["Some"]: '
            'supported values: "All"',
        ),
    ],
)
async def test_parameters_that_do_not_exist_are_refused(
    http: aiohttp.ClientSession, asked: dict[str, str], message: str
) -> None:
    code, status = await send(http, "POST", MAPS, json=GOLD, params=asked)
    assert (code, status["message"]) == (422, message)


@pytest.mark.parametrize(
    ("obj", "message"),
    [
        (
            {"metadata": {}},
            "the name of the object (based on URL) was undeterminable: name must be provided",
        ),
        (
            {"metadata": {"name": "silver"}},
            "the name of the object (silver) does not match the name on the URL (gold)",
        ),
        (
            {"metadata": {"name": "gold", "namespace": "demo"}},
            "the namespace of the object (demo) does not match the namespace on the request (shop)",
        ),
        (
            {"kind": "Pod", "metadata": {"name": "gold"}},
            'Pod in version "v1" cannot be handled as a ConfigMap: converting (v1.Pod) to '
            "(core.ConfigMap): unknown conversion",
        ),
        (
            {"kind": "Widget", "metadata": {"name": "gold"}},
            'Widget in version "v1" cannot be handled as a ConfigMap: no kind "Widget" is '
            'registered for version "v1" in scheme "pkg/api/legacyscheme/scheme.go:30"',
        ),
    ],
)
async def test_an_object_that_is_not_the_one_of_the_url_is_refused(
    http: aiohttp.ClientSession, obj: Any, message: str
) -> None:
    await send(http, "POST", MAPS, json=GOLD)
    code, status = await send(http, "PUT", f"{MAPS}/gold", json=obj)
    assert (code, status["message"]) == (400, message)


@pytest.mark.parametrize(
    ("path", "field", "message"),
    [
        ("/api/v1/pods", "spec.foo=1", "field label not supported: spec.foo"),
        ("/api/v1/nodes", "status.phase!=x", "field label not supported: status.phase"),
        (
            "/apis/apps/v1/deployments",
            "spec.replicas=1",
            '"spec.replicas" is not a known field selector: only "metadata.name", '
            '"metadata.namespace"',
        ),
    ],
)
async def test_a_field_that_cannot_be_selected_is_refused(
    http: aiohttp.ClientSession, path: str, field: str, message: str
) -> None:
    code, status = await send(http, "GET", path, params={"fieldSelector": field})
    assert (code, status["message"]) == (400, message)
    watch = {"fieldSelector": field, "watch": "1", "timeoutSeconds": "1"}
    assert (await send(http, "GET", path, params=watch))[0] == 400


async def test_events_can_be_selected_by_their_source_and_their_object(
    http: aiohttp.ClientSession,
) -> None:
    asked = {"fieldSelector": "source=kubelet,involvedObject.kind=Pod"}
    _, found = await send(http, "GET", "/api/v1/events", params=asked)
    assert found["items"]
    assert {item["source"]["component"] for item in found["items"]} == {"kubelet"}


async def test_a_patch_that_makes_an_unknown_field_is_refused_if_the_client_is_strict(
    http: aiohttp.ClientSession,
) -> None:
    path, change = f"{DEPLOYMENTS}/cart", orjson.dumps({"spec": {"foo": 1}})
    strictly = {"fieldValidation": "Strict"}
    code, status = await send(http, "PATCH", path, data=change, headers=STRATEGIC, params=strictly)
    assert (code, status["reason"], status["details"]["causes"][0]["field"]) == (
        422,
        "Invalid",
        "patch",
    )
    assert status["message"] == (
        ' "" is invalid: patch: Invalid value: "map[spec:map[foo:1]]": strict decoding error: '
        'unknown field "spec.foo"'
    )
    async with http.patch(path, data=change, headers=STRATEGIC) as answer:
        assert answer.headers["Warning"] == '299 - "unknown field \\"spec.foo\\""'
        assert "foo" not in (await answer.json())["spec"]


async def test_a_patch_that_makes_another_type_is_refused(http: aiohttp.ClientSession) -> None:
    change = orjson.dumps({"spec": {"replicas": "x"}})
    code, status = await send(http, "PATCH", f"{DEPLOYMENTS}/cart", data=change, headers=MERGE)
    assert code == 422
    assert status["message"].endswith(
        "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type "
        "int32"
    )


async def test_a_put_creates_what_kubernetes_lets_it_create(http: aiohttp.ClientSession) -> None:
    lease = {"metadata": {"name": "new"}, "spec": {"leaseDurationSeconds": 5}}
    path = "/apis/coordination.k8s.io/v1/namespaces/shop/leases/new"
    assert (await send(http, "PUT", path, json=lease))[0] == 201
    code, status = await send(http, "PUT", path, json=lease)
    assert code == 422
    assert "metadata.resourceVersion: Invalid value: 0: must be specified" in status["message"]
    assert (await send(http, "PUT", f"{MAPS}/new", json={"metadata": {"name": "new"}}))[0] == 404


@pytest.mark.parametrize("value", ["soon", "1.5"])
async def test_a_number_in_a_query_that_is_none_is_refused(
    http: aiohttp.ClientSession, value: str
) -> None:
    await send(http, "POST", MAPS, json=GOLD)
    asked = {"gracePeriodSeconds": value}
    assert (await send(http, "DELETE", f"{MAPS}/gold", params=asked))[0] == 400
    asked = {"watch": "1", "timeoutSeconds": value}
    assert (await send(http, "GET", MAPS, params=asked))[0] == 400


async def test_an_event_with_nothing_but_a_name_breaks_no_list(http: aiohttp.ClientSession) -> None:
    events = "/api/v1/namespaces/default/events"
    assert (await send(http, "POST", events, json={"metadata": {"name": "bare"}}))[0] == 201
    table = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
    code, found = await send(http, "GET", events, headers=table)
    assert code == 200
    row = next(row for row in found["rows"] if row["cells"][-1] == "bare")
    assert row["cells"][:4] == ["<unknown>", "", "", ""]


async def test_a_deprecated_resource_is_served_with_a_warning(http: aiohttp.ClientSession) -> None:
    async with http.get("/api/v1/namespaces/shop/endpoints") as answer:
        assert answer.headers["Warning"] == (
            '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"'
        )


async def test_the_openapi_documents_describe_what_is_served(http: aiohttp.ClientSession) -> None:
    _, index = await send(http, "GET", "/openapi/v3")
    assert "apis/policy/v1" in index["paths"]
    url = index["paths"]["apis/apps/v1"]["serverRelativeURL"]
    _, found = await send(http, "GET", url)
    schemas = found["components"]["schemas"]
    spec = schemas["io.k8s.api.apps.v1.DeploymentSpec"]["properties"]["strategy"]
    assert spec["allOf"] == [{"$ref": "#/components/schemas/io.k8s.api.apps.v1.DeploymentStrategy"}]
    referred = {
        part.partition('"')[0]
        for part in orjson.dumps(found).decode().split('"#/components/schemas/')[1:]
    }
    assert referred <= set(schemas)
    _, old = await send(http, "GET", "/openapi/v2")
    assert old["swagger"] == "2.0"
    assert "io.k8s.api.core.v1.Pod" in old["definitions"]
