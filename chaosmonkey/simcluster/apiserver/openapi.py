"""The OpenAPI documents, version 3 by group and version 2 as a whole.

Their schemas are the definitions by which objects are decoded, so that `kubectl explain` describes
what the server accepts. The documents are put together when a client reads them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import orjson

from chaosmonkey.simcluster.apiserver.resources import RESOURCES, ApiResource
from chaosmonkey.simcluster.apiserver.watch_cache import Obj
from chaosmonkey.simcluster.node.nodestatus import VERSION
from chaosmonkey.simcluster.schema.openapi_proto import document
from chaosmonkey.simcluster.schema.types import definitions, name_of

_ROOT = "/openapi/v3"
_OLD = "#/definitions/"
_NEW = "#/components/schemas/"
_WRITES = ("post", "put", "patch", "delete")
_VERBS = {verb: verb for verb in ("get", "put", "patch", "delete")}


def answer(path: str) -> Obj | None:
    """An index or a document; None if it does not exist."""
    if path == "/openapi/v2":
        return _version_2()
    documents = {_document_path(row): row for row in RESOURCES}
    if path == _ROOT:
        urls = {found: {"serverRelativeURL": _url(found)} for found in documents}
        return {"paths": urls}
    found = documents.get(path.removeprefix(f"{_ROOT}/"))
    return _version_3(found) if found else None


def _url(document: str) -> str:
    """The address of a document, with a hash that changes with its content."""
    rows = sorted(row.plural for row in RESOURCES if _document_path(row) == document)
    stamp = f"{VERSION}/{document}/{','.join(rows)}".encode()
    return f"{_ROOT}/{document}?hash={hashlib.blake2s(stamp).hexdigest().upper()}"


def _document_path(row: ApiResource) -> str:
    return f"apis/{row.api_version}" if row.group else f"api/{row.version}"


def _version_3(of: ApiResource) -> Obj:
    rows = [row for row in RESOURCES if row.api_version == of.api_version]
    known = definitions()
    schemas = {name: _either(known[name]) for name in _needed(rows, known)}
    paths = {path: _modern(item) for row in rows for path, item in _paths(row).items()}
    info = {"title": "Kubernetes", "version": VERSION}
    return {"openapi": "3.0.0", "info": info, "paths": paths, "components": {"schemas": schemas}}


def _version_2() -> Obj:
    paths = {path: item for row in RESOURCES for path, item in _paths(row).items()}
    info = {"title": "Kubernetes", "version": VERSION}
    return {"swagger": "2.0", "info": info, "paths": paths, "definitions": definitions()}


def version_2_protobuf() -> bytes:
    """The document of version 2 in protobuf, without paths."""
    return document("Kubernetes", VERSION, definitions())


def _paths(row: ApiResource) -> dict[str, Obj]:
    """The paths of a resource and its parts."""
    scope = "/namespaces/{namespace}" if row.namespaced else ""
    every = f"/{_document_path(row)}{scope}/{row.plural}"
    paths = {
        every: _operations(row, {"get": "list", "post": "post", "delete": "deletecollection"}),
        f"{every}/{{name}}": _operations(row, _VERBS),
    }
    for part in row.subresources:
        acts = {"log": {"get": "connect"}, "status": {"get": "get", "put": "put", "patch": "patch"}}
        default = {"post": "post"} if part in {"binding", "eviction"} else acts["status"]
        paths[f"{every}/{{name}}/{part}"] = _operations(row, acts.get(part, default))
    return paths


def _operations(row: ApiResource, actions: dict[str, str]) -> Obj:
    kind = {"group": row.group, "version": row.version, "kind": row.kind}
    reference = {"$ref": f"{_OLD}{name_of(row.api_version, row.kind)}"}
    item: Obj = {}
    for method, action in actions.items():
        parameters = [_parameter("pretty")]
        if method in _WRITES:
            parameters.append(_parameter("dryRun"))
        if method in {"post", "put", "patch"}:
            parameters += [_parameter("fieldManager"), _parameter("fieldValidation")]
        item[method] = {
            "operationId": f"{action}{row.kind}",
            "x-kubernetes-action": action,
            "x-kubernetes-group-version-kind": kind,
            "parameters": parameters,
            "responses": {
                "200": {
                    "description": "OK",
                    "content": {"application/json": {"schema": reference}},
                }
            },
        }
    return item


def _parameter(name: str) -> Obj:
    return {"name": name, "in": "query", "schema": {"type": "string"}}


def _needed(rows: Iterable[ApiResource], known: dict[str, Obj]) -> list[str]:
    """The definitions of some kinds and their lists, and of all that they refer to."""
    waiting = [name_of(row.api_version, row.kind) for row in rows]
    waiting += [f"{name}List" for name in waiting]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            text = orjson.dumps(known[name]).decode()
            waiting += [part.partition('"')[0] for part in text.split(f'"{_OLD}')[1:]]
    return sorted(found)


def _either(found: Obj) -> Any:
    """A definition as version 3 writes it: a quantity, or a number or text, is either."""
    if found.get("format") == "int-or-string":
        return {"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]}
    if found == {"type": "string"}:
        return {"oneOf": [{"type": "string"}, {"type": "number"}]}
    return _modern(found)


def _modern(value: Any) -> Any:
    """A part of version 2 as version 3 writes it: a reference has no siblings."""
    if isinstance(value, list):
        return [_modern(item) for item in value]
    if not isinstance(value, dict):
        return value
    new = {key: _modern(inner) for key, inner in value.items()}
    if isinstance(target := new.get("$ref"), str):
        reference = {"$ref": target.replace(_OLD, _NEW)}
        if len(new) == 1:
            return reference
        del new["$ref"]
        return {"allOf": [reference], **new}
    return new
