"""Kubernetes' JSON becomes the model, or one clear error."""

import contextlib

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaosmonkey.cluster import decoders, decoding
from chaosmonkey.cluster.errors import MalformedResponse, Status
from chaosmonkey.cluster.resources import WATCHED, Resource
from chaosmonkey.model import Node, Owner, Pod, Taint

META = {"name": "p", "namespace": "demo", "uid": "u", "resourceVersion": "7"}


def test_the_four_kinds_of_lines_are_told_apart() -> None:
    added = decoding.read_line(
        orjson.dumps({"type": "ADDED", "object": {"metadata": META}}), decoders.pod
    )
    assert added == decoding.Present(
        decoding.DecodedObject("u", "demo/p", "7", Pod("u", "demo", "p", toleration=0.0))
    )
    gone = decoding.read_line(
        orjson.dumps({"type": "DELETED", "object": {"metadata": META}}), decoders.pod
    )
    assert isinstance(gone, decoding.Deleted)
    bookmark = b'{"type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":"12"}}}'
    assert decoding.read_line(bookmark, decoders.pod) == decoding.Bookmark("12")
    error = (
        b'{"type":"ERROR","object":{"kind":"Status","reason":"Expired","code":410,"message":"m"}}'
    )
    assert decoding.read_line(error, decoders.pod) == Status(410, "Expired", "m")


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"<html>502 Bad Gateway</html>",
        b"[]",
        b'{"type":"ADDED"}',
        b'{"type":"ADDED","object":null}',
        b'{"type":"DANCED","object":{"metadata":{"name":"x","uid":"u"}}}',
        b'{"type":"BOOKMARK","object":{}}',
        b'{"type":"ADDED","object":{"metadata":{"name":"x","uid":"u","namespace":"n"},"status":[]',
    ],
)
def test_garbage_is_one_clear_error(line: bytes) -> None:
    with pytest.raises(MalformedResponse):
        decoding.read_line(line, decoders.pod)


@pytest.mark.parametrize(
    ("found", "why"),
    [
        ({"metadata": {"name": "x"}}, "x: uid is missing"),
        ({"metadata": META | {"name": 3}}, "demo: name is 3, not a text"),
        ({"metadata": META | {"namespace": {"a": 1}}}, "p: namespace is {'a': 1}, not a text"),
        ({"metadata": META | {"resourceVersion": 12}}, "resourceVersion is 12, not a text"),
        ({"metadata": META | {"resourceVersion": "9" * 5000}}, "has 4096 characters"),
        ({"metadata": META, "spec": 7}, "spec is 7, not an object"),
        ({"metadata": META, "status": {"containerStatuses": [{"restartCount": -1}]}}, "a count"),
        (
            {"metadata": META, "spec": {"tolerations": [{"tolerationSeconds": "soon"}]}},
            "tolerationSeconds is 'soon', not a number of seconds",
        ),
    ],
)  # fmt: skip
def test_one_object_that_makes_no_sense_is_dropped_and_says_why(
    found: dict[str, object], why: str
) -> None:
    line = decoding.read_line(orjson.dumps({"type": "ADDED", "object": found}), decoders.pod)
    assert isinstance(line, decoding.Dropped)
    assert why in line.why
    other = {"metadata": META | {"name": "other", "uid": "o"}}
    body = {"metadata": {"resourceVersion": "9"}, "items": [found, other]}
    page = decoding.read_page(orjson.dumps(body), decoders.pod)
    assert [entry.key for entry in page.entries] == ["demo/other"]
    assert len(page.dropped) == 1


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["metadata", "spec", "status", "conditions", "taints", "name", "uid", "ownerReferences",
             "type", "labels", "containerStatuses", "tolerations", "endpoints", "subsets", "state"]
        ),
        inner,
        max_size=6,
    ),
    max_leaves=20,
)  # fmt: skip


@given(st.sampled_from(WATCHED), _JSON, _JSON, _JSON)
def test_no_object_however_malformed_raises_anything_else(
    resource: Resource, spec: object, status: object, rest: object
) -> None:
    found = {"metadata": META, "spec": spec, "status": status}
    if isinstance(rest, dict):
        found = rest | found
    line = orjson.dumps({"type": "ADDED", "object": found})
    with contextlib.suppress(MalformedResponse):
        decoding.read_line(line, resource.decode)


@given(st.binary(max_size=60))
def test_no_bytes_raise_anything_else(body: bytes) -> None:
    for read in (decoding.read_page, decoding.read_line):
        with pytest.raises(MalformedResponse):
            read(body, decoders.pod)
    assert decoding.read_status(502, body).code


@pytest.mark.parametrize("manager", ["kubectl", "a]},b", 'a]},"b', "a]},"])
def test_managed_fields_are_skipped_and_never_mislead(manager: str) -> None:
    fields = [{"manager": manager, "fieldsV1": {'k:{"a":[1]},"': {}}}]
    found = {"metadata": META | {"managedFields": fields}, "spec": {"nodeName": "node3"}}
    line = decoding.read_line(orjson.dumps({"type": "ADDED", "object": found}), decoders.pod)
    assert isinstance(line, decoding.Present)
    assert isinstance(line.entry.object, Pod)
    assert line.entry.object.node == "node3"


def test_a_page_knows_how_to_go_on() -> None:
    body = {"metadata": {"resourceVersion": "9", "continue": "t"}, "items": [{"metadata": META}]}
    page = decoding.read_page(orjson.dumps(body), decoders.pod)
    assert (page.version, page.token, [entry.key for entry in page.entries]) == (
        "9",
        "t",
        ["demo/p"],
    )


def test_an_empty_list_may_say_null() -> None:
    assert decoding.read_page(
        b'{"metadata":{"resourceVersion":"9"},"items":null}', decoders.pod
    ) == (decoding.ListPage((), "9"))


def test_a_status_says_how_long_to_wait_and_need_not_be_one() -> None:
    body = b'{"kind":"Status","message":"slow down","code":429,"details":{"retryAfterSeconds":3}}'
    assert decoding.read_status(429, body) == Status(429, "", "slow down", 3.0)
    assert decoding.read_status(404, b"404 page not found\n") == Status(
        404, "", "404 page not found"
    )


@pytest.mark.parametrize("odd", ["NaN", "1e999", "-1", "0", '"7"', "true", "[]", "null", "{}"])
def test_a_status_with_an_odd_time_to_wait_names_none(odd: str) -> None:
    body = f'{{"kind":"Status","code":429,"details":{{"retryAfterSeconds":{odd}}}}}'
    found = decoding.read_status(429, body.encode())
    assert (found.code, found.retry_after) == (429, None)


# --- objects --------------------------------------------------------------------------------------


def test_a_node_is_unknown_until_its_kubelet_says_otherwise() -> None:
    assert decoders.node({"metadata": {"name": "n", "uid": "u"}}) == Node("n", "u")


def test_a_node_carries_its_taints_and_its_boot() -> None:
    found = decoders.node(
        {
            "metadata": {
                "name": "n", "uid": "u", "labels": {"node-role.kubernetes.io/control-plane": ""},
            },
            "spec": {
                "unschedulable": True,
                "taints": [{"key": "node.kubernetes.io/unreachable", "effect": "NoExecute"}],
            },
            "status": {
                "nodeInfo": {"bootID": "b"},
                "addresses": [
                    {"type": "InternalIP", "address": "10.0.0.7"},
                    {"type": "Hostname", "address": "n"},
                ],
                "conditions": [
                    {"type": "MemoryPressure", "status": "False"},
                    {"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown"},
                ],
            },
        }
    )  # fmt: skip
    assert found == Node(
        "n", "u", "Unknown", "NodeStatusUnknown", "", unschedulable=True, control_plane=True,
        roles=frozenset({"control-plane"}), addresses=("10.0.0.7",),
        boot_id="b", taints=(Taint("node.kubernetes.io/unreachable", "NoExecute"),),
    )  # fmt: skip
    assert found.tainted("NoExecute")


UNREACHABLE = {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute"}


@pytest.mark.parametrize(
    ("tolerations", "seconds"),
    [
        ([], 0.0),
        ([UNREACHABLE], None),
        ([UNREACHABLE | {"tolerationSeconds": 5}], 5.0),
        ([UNREACHABLE | {"tolerationSeconds": -3}], 0.0),
        ([UNREACHABLE | {"tolerationSeconds": 0}], 0.0),
        ([UNREACHABLE | {"effect": "NoSchedule"}], 0.0),
        ([UNREACHABLE | {"effect": ""}], None),
        ([{"operator": "Exists"}], None),
        ([{"operator": "Exists", "tolerationSeconds": 7}], 7.0),
        ([{"key": "node.kubernetes.io/unreachable"}], None),
        ([{"key": "node.kubernetes.io/unreachable", "value": "x"}], 0.0),
        ([{"key": "node.kubernetes.io/not-ready", "operator": "Exists"}], 0.0),
        ([{"key": "node.kubernetes.io/unreachable", "operator": "Gt", "value": "1"}], 0.0),
        (
            [UNREACHABLE | {"effect": "NoSchedule"}, UNREACHABLE | {"tolerationSeconds": 300}],
            300.0,
        ),
        # The taint manager takes the first that matches.
        ([UNREACHABLE | {"tolerationSeconds": 9}, UNREACHABLE | {"tolerationSeconds": 2}], 9.0),
    ],
)
def test_a_pod_stays_on_an_unreachable_node_as_long_as_kubernetes_lets_it(
    tolerations: list[dict[str, object]], seconds: float | None
) -> None:
    assert decoders.toleration(tolerations) == seconds


def test_a_pod_says_why_it_does_not_run() -> None:
    waiting = {"state": {"waiting": {"reason": "CrashLoopBackOff"}}, "restartCount": 4}
    status = {
        "phase": "Pending",
        "initContainerStatuses": [{"state": {"terminated": {"reason": "Completed"}}}],
        "containerStatuses": [{"state": {"running": {}}, "restartCount": 1}, waiting],
    }
    found = decoders.pod({"metadata": META, "status": status})
    assert (found.reason, found.restarts) == ("CrashLoopBackOff", 5)
    evicted = decoders.pod({"metadata": META, "status": {"phase": "Failed", "reason": "Evicted"}})
    assert evicted.reason == "Evicted"


def test_a_pod_says_why_no_node_takes_it() -> None:
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
                 "message": "0/5 nodes are available"}  # fmt: skip
    found = decoders.pod({"metadata": META, "status": {"conditions": [condition]}})
    assert found.unschedulable == "0/5 nodes are available"


@pytest.mark.parametrize(
    ("labels", "owner", "app"),
    [
        ({"app.kubernetes.io/name": "best", "app": "other"}, "x-1", "best"),
        ({"k8s-app": "dns"}, "coredns-abc", "dns"),
        ({"pod-template-hash": "7df48bd89b"}, "shop-7df48bd89b", "shop"),
        ({}, "db", "db"),
        ({}, None, ""),
    ],
)
def test_a_pod_names_its_application(labels: dict[str, str], owner: str | None, app: str) -> None:
    references = [{"kind": "Foo", "name": owner, "uid": "o", "controller": True}] if owner else []
    found = decoders.pod({"metadata": META | {"labels": labels, "ownerReferences": references}})
    assert found.app == app
    assert found.owner == (Owner("Foo", owner, "o") if owner else None)


def test_an_owner_that_does_not_control_is_no_owner() -> None:
    references = [{"kind": "Node", "name": "n", "uid": "o"}]
    assert decoders.pod({"metadata": META | {"ownerReferences": references}}).owner is None


def test_slices_and_endpoints_count_addresses() -> None:
    endpoints = [
        {"addresses": ["10.0.0.1"], "conditions": {"ready": True}},
        {"addresses": ["10.0.0.2"], "conditions": {"ready": False}},
        {"addresses": ["10.0.0.3"]},
    ]
    labels = {"kubernetes.io/service-name": "shop"}
    found = decoders.endpoint_slice({"metadata": META | {"labels": labels}, "endpoints": endpoints})
    assert (found.service, found.ready, found.total) == ("shop", 2, 3)
    subsets = [{"addresses": [{"ip": "1"}, {"ip": "2"}], "notReadyAddresses": [{"ip": "3"}]}]
    older = decoders.endpoints({"metadata": META, "subsets": subsets})
    assert (older.service, older.ready, older.total) == ("p", 2, 3)


def test_moments_are_read_whatever_their_resolution() -> None:
    assert decoders.moment("2026-11-20T04:25:01Z") == 1795148701.0
    assert decoders.moment("2026-11-20T04:25:01.250000Z") == 1795148701.25
    assert decoders.moment("0001-01-01T00:00:00Z") == 0.0
    assert decoders.moment(None) == 0.0


def test_a_daemonset_counts_in_words_of_its_own() -> None:
    status = {"desiredNumberScheduled": 5, "numberReady": 4}
    found = decoders.workload("DaemonSet", {"metadata": META, "status": status})
    assert (found.desired, found.ready) == (5, 4)
    bare = decoders.workload("Deployment", {"metadata": META})
    assert (bare.desired, bare.ready) == (1, 0)
    none = decoders.workload("Deployment", {"metadata": META, "spec": {"replicas": 0}})
    assert none.desired == 0


def test_pods_that_are_going_away_are_no_part_of_their_service() -> None:
    """On a lost node they stay in the slice for minutes after their successors are Ready."""

    def endpoint(**conditions: bool) -> dict[str, object]:
        return {"addresses": ["10.0.0.1"], "conditions": conditions}

    found = decoders.endpoint_slice(
        {
            "metadata": {"name": "web-x", "namespace": "shop", "uid": "u"},
            "endpoints": [
                endpoint(ready=True),
                endpoint(),
                endpoint(ready=False),
                endpoint(ready=False, serving=False, terminating=True),
                endpoint(ready=False, serving=True, terminating=True),
            ],
        }
    )
    assert (found.ready, found.total) == (2, 3)
