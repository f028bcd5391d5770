"""A minimal OpenAPI document that makes `kubectl apply` leave validation to the server.

Before it sends a manifest, kubectl checks whether patching the kind takes the parameter
`fieldValidation`. It reads nothing else, so no schemas are described.
"""

from __future__ import annotations

from chaosmonkey.simcluster.apiserver.resources import RESOURCES, ApiResource
from chaosmonkey.simcluster.apiserver.watch_cache import Obj
from chaosmonkey.simcluster.node.nodestatus import VERSION

_ROOT = "/openapi/v3"


def answer(path: str) -> Obj | None:
    """The index, or the document of one group and version; None if it does not exist."""
    documents = {_document_path(row): row for row in RESOURCES}
    if path == _ROOT:
        urls = {found: {"serverRelativeURL": f"{_ROOT}/{found}?hash=0"} for found in documents}
        return {"paths": urls}
    found = documents.get(path.removeprefix(f"{_ROOT}/"))
    return _document(found) if found else None


def _document_path(row: ApiResource) -> str:
    return f"apis/{row.api_version}" if row.group else f"api/{row.version}"


def _document(of: ApiResource) -> Obj:
    rows = [row for row in RESOURCES if row.api_version == of.api_version]
    paths = {}
    for row in rows:
        scope = "/namespaces/{namespace}" if row.namespaced else ""
        kind = {"group": row.group, "version": row.version, "kind": row.kind}
        patch = {
            "x-kubernetes-group-version-kind": kind,
            "parameters": [{"name": "fieldValidation", "in": "query"}],
            "responses": {},
        }
        paths[f"/{_document_path(row)}{scope}/{row.plural}/{{name}}"] = {"patch": patch}
    info = {"title": "Kubernetes", "version": VERSION}
    return {"openapi": "3.0.0", "info": info, "paths": paths, "components": {"schemas": {}}}
