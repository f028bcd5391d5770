"""Defaults are Kubernetes' own, whether a field is absent, null or empty."""

from __future__ import annotations

from typing import Any

import pytest

from chaosmonkey.simcluster.apiserver.defaults.kinds import apply_defaults
from chaosmonkey.simcluster.apiserver.resources import (
    DAEMON_SETS,
    DEPLOYMENTS,
    ENDPOINT_SLICES,
    EVENTS,
    NAMESPACES,
    NODES,
    PODS,
    REPLICA_SETS,
    RESOURCES,
    SERVICES,
    STATEFUL_SETS,
    ApiResource,
)
from chaosmonkey.simcluster.apiserver.storage import clone
from chaosmonkey.simcluster.schema.decoding import Decoder
from chaosmonkey.simcluster.schema.types import type_of

ROLLING = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}}
DAEMON = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}}
STATEFUL = {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}


def completed(resource: ApiResource, obj: Any) -> Any:
    kind = type_of(resource.api_version, resource.kind)
    decoded = Decoder().decode(kind, obj)
    apply_defaults(resource, decoded)
    return decoded


@pytest.mark.parametrize(
    "given", [{}, {"strategy": None}, {"strategy": {}}, {"strategy": {"type": ""}},
              {"strategy": {"rollingUpdate": None}}, {"strategy": {"rollingUpdate": {}}}]
)  # fmt: skip
def test_a_deployment_rolls_unless_it_says_otherwise(given: Any) -> None:
    spec = completed(DEPLOYMENTS, {"spec": given})["spec"]
    assert spec["strategy"] == ROLLING
    assert (spec["replicas"], spec["revisionHistoryLimit"]) == (1, 10)
    assert spec["progressDeadlineSeconds"] == 600


def test_half_a_rolling_update_is_completed() -> None:
    strategy = {"rollingUpdate": {"maxSurge": 0}}
    spec = completed(DEPLOYMENTS, {"spec": {"strategy": strategy}})["spec"]
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 0, "maxUnavailable": "25%"}


def test_another_strategy_gets_no_rolling_update() -> None:
    spec = completed(DEPLOYMENTS, {"spec": {"strategy": {"type": "Recreate"}}})["spec"]
    assert spec["strategy"] == {"type": "Recreate"}
    sets = completed(STATEFUL_SETS, {"spec": {"updateStrategy": {"type": "OnDelete"}}})["spec"]
    assert sets["updateStrategy"] == {"type": "OnDelete"}


@pytest.mark.parametrize("given", [{}, {"updateStrategy": None}, {"updateStrategy": {}}])
def test_daemon_and_stateful_sets_roll_unless_they_say_otherwise(given: Any) -> None:
    assert completed(DAEMON_SETS, {"spec": given})["spec"]["updateStrategy"] == DAEMON
    spec = completed(STATEFUL_SETS, {"spec": given})["spec"]
    assert spec["updateStrategy"] == STATEFUL
    assert spec["podManagementPolicy"] == "OrderedReady"
    assert spec["persistentVolumeClaimRetentionPolicy"] == {
        "whenDeleted": "Retain",
        "whenScaled": "Retain",
    }


@pytest.mark.parametrize("resource", [DEPLOYMENTS, REPLICA_SETS, STATEFUL_SETS, DAEMON_SETS])
def test_a_template_gets_the_defaults_of_a_pods_spec(resource: ApiResource) -> None:
    given = {"spec": {"template": {"spec": {"containers": [{"name": "a", "image": "b"}]}}}}
    spec = completed(resource, given)["spec"]["template"]["spec"]
    assert spec["restartPolicy"] == "Always"
    assert spec["terminationGracePeriodSeconds"] == 30
    assert "enableServiceLinks" not in spec
    assert spec["containers"][0]["terminationMessagePolicy"] == "File"


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("nginx", "Always"),
        ("nginx:latest", "Always"),
        ("nginx:1.27", "IfNotPresent"),
        ("registry.example:5000/nginx", "Always"),
        ("registry.example:5000/nginx:1", "IfNotPresent"),
        ("nginx@sha256:0123", "IfNotPresent"),
        ("nginx:latest@sha256:0123", "IfNotPresent"),
    ],
)
def test_an_image_without_a_fixed_tag_is_always_pulled(image: str, policy: str) -> None:
    pod = completed(PODS, {"spec": {"containers": [{"name": "a", "image": image}]}})
    assert pod["spec"]["containers"][0]["imagePullPolicy"] == policy


def test_probes_and_ports_are_completed_in_every_container() -> None:
    container = {
        "name": "a",
        "ports": [{"containerPort": 80}],
        "livenessProbe": {"httpGet": {"port": 80}},
        "startupProbe": {"tcpSocket": {"port": 80}, "periodSeconds": 1},
        "lifecycle": {"preStop": {"httpGet": {"port": 80}}},
    }
    given = {"spec": {"containers": [container], "initContainers": [clone(container)]}}
    spec = completed(PODS, given)["spec"]
    for found in (spec["containers"][0], spec["initContainers"][0]):
        assert found["ports"] == [{"containerPort": 80, "protocol": "TCP"}]
        assert found["livenessProbe"] == {
            "httpGet": {"port": 80, "path": "/", "scheme": "HTTP"},
            "timeoutSeconds": 1,
            "periodSeconds": 10,
            "successThreshold": 1,
            "failureThreshold": 3,
        }
        assert found["startupProbe"]["periodSeconds"] == 1
        assert found["lifecycle"]["preStop"]["httpGet"]["scheme"] == "HTTP"


def test_a_pods_requests_follow_its_limits_but_not_a_templates() -> None:
    containers = [{"name": "a", "resources": {"limits": {"cpu": "1"}, "requests": {"memory": "1"}}}]
    pod = completed(PODS, {"spec": {"containers": containers}})
    resources = pod["spec"]["containers"][0]["resources"]
    assert resources["requests"] == {"cpu": "1", "memory": "1"}
    owner = completed(DEPLOYMENTS, {"spec": {"template": {"spec": {"containers": containers}}}})
    resources = owner["spec"]["template"]["spec"]["containers"][0]["resources"]
    assert resources["requests"] == {"memory": "1"}


@pytest.mark.parametrize(
    ("volume", "stored"),
    [
        ({}, {"emptyDir": {}}),
        ({"secret": {"secretName": "s"}}, {"secret": {"secretName": "s", "defaultMode": 420}}),
        ({"configMap": {"name": "c"}}, {"configMap": {"name": "c", "defaultMode": 420}}),
        ({"hostPath": {"path": "/x"}}, {"hostPath": {"path": "/x", "type": ""}}),
        (
            {"projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}},
            {
                "projected": {
                    "sources": [{"serviceAccountToken": {"path": "t", "expirationSeconds": 3600}}],
                    "defaultMode": 420,
                }
            },
        ),
        (
            {"downwardAPI": {"items": [{"path": "p", "fieldRef": {"fieldPath": "metadata.name"}}]}},
            {
                "downwardAPI": {
                    "items": [
                        {
                            "path": "p",
                            "fieldRef": {"fieldPath": "metadata.name", "apiVersion": "v1"},
                        }
                    ],
                    "defaultMode": 420,
                }
            },
        ),
    ],
)
def test_a_volume_is_completed(volume: Any, stored: Any) -> None:
    pod = completed(PODS, {"spec": {"volumes": [{"name": "v", **volume}]}})
    assert pod["spec"]["volumes"] == [{"name": "v", **stored}]


def test_host_ports_follow_container_ports_on_the_hosts_network() -> None:
    containers = [{"name": "a", "ports": [{"containerPort": 80}]}]
    pod = completed(PODS, {"spec": {"hostNetwork": True, "containers": containers}})
    assert pod["spec"]["containers"][0]["ports"][0]["hostPort"] == 80


def test_a_service_is_completed_by_its_type() -> None:
    spec = completed(SERVICES, {"spec": {"ports": [{"port": 80}]}})["spec"]
    assert spec["ports"] == [{"port": 80, "protocol": "TCP", "targetPort": 80}]
    assert (spec["type"], spec["sessionAffinity"]) == ("ClusterIP", "None")
    assert "externalTrafficPolicy" not in spec
    outside = completed(SERVICES, {"spec": {"type": "LoadBalancer"}})["spec"]
    assert outside["externalTrafficPolicy"] == "Cluster"
    assert outside["allocateLoadBalancerNodePorts"] is True
    sticky = completed(SERVICES, {"spec": {"sessionAffinity": "ClientIP"}})["spec"]
    assert sticky["sessionAffinityConfig"] == {"clientIP": {"timeoutSeconds": 10800}}


def test_nodes_namespaces_events_and_slices_have_what_others_read() -> None:
    assert completed(NAMESPACES, {"metadata": {"name": "a"}})["status"] == {"phase": "Active"}
    node = completed(NODES, {"status": {"capacity": {"cpu": "4"}}})
    assert node["status"]["allocatable"] == {"cpu": "4"}
    event = completed(EVENTS, {})
    assert (event["source"], event["firstTimestamp"], event["eventTime"]) == ({}, None, None)
    piece = completed(ENDPOINT_SLICES, {"addressType": "IPv4", "ports": [{"port": 80}]})
    assert piece["ports"] == [{"port": 80, "name": "", "protocol": "TCP"}]


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda row: row.plural)
def test_defaults_applied_twice_are_those_applied_once(resource: ApiResource) -> None:
    once = completed(resource, {"metadata": {"name": "a"}, "spec": {}})
    twice = clone(once)
    apply_defaults(resource, twice)
    assert twice == once
