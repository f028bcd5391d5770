"""Invalid objects are refused with Kubernetes' own causes, in its order."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from chaosmonkey.simcluster.apiserver.handlers import Handlers
from chaosmonkey.simcluster.apiserver.negotiation import Body
from chaosmonkey.simcluster.apiserver.paths import Target
from chaosmonkey.simcluster.apiserver.refusals import Refusal
from chaosmonkey.simcluster.apiserver.resources import (
    BUDGETS,
    CONFIG_MAPS,
    DAEMON_SETS,
    DEPLOYMENTS,
    EVENTS,
    LEASES,
    NAMESPACES,
    NODES,
    PODS,
    SERVICES,
    STATEFUL_SETS,
    ApiResource,
)
from chaosmonkey.simcluster.apiserver.validation import names
from chaosmonkey.simcluster.world import World

LABEL = names.label("A_b")[0]
Causes = list[tuple[str, str]]


@pytest.fixture(scope="module")
def verbs() -> Handlers:
    world = World()
    world.run_for(1)
    return Handlers(world.store, world.admission)


def body(obj: Any) -> Body:
    return Body(orjson.dumps(obj), "application/json")


def target(resource: ApiResource, name: str = "") -> Target:
    return Target(resource, "default" if resource.namespaced else "", name)


def causes(refusal: Refusal) -> Causes:
    assert refusal.code == 422, refusal.message
    assert refusal.details is not None
    return [(cause["field"], cause["message"]) for cause in refusal.details["causes"]]


def refused(verbs: Handlers, resource: ApiResource, obj: Any) -> Causes:
    named = {"metadata": {"name": "x"}} | obj
    with pytest.raises(Refusal) as refusal:
        verbs.create(target(resource), body(named), {"dryRun": "All"})
    return causes(refusal.value)


def pod(**spec: Any) -> Any:
    return {"spec": {"containers": [{"name": "a", "image": "b"}], **spec}}


def container(**fields: Any) -> Any:
    return {"spec": {"containers": [{"name": "a", "image": "b", **fields}]}}


def owner(**spec: Any) -> Any:
    template = {"metadata": {"labels": {"a": "b"}}, **pod()}
    return {"spec": {"selector": {"matchLabels": {"a": "b"}}, "template": template, **spec}}


AT = "spec.containers[0]"


@pytest.mark.parametrize(
    ("obj", "wanted"),
    [
        ({}, [("spec.containers", "Required value")]),
        (
            {"spec": {"containers": [{}]}},
            [(f"{AT}.name", "Required value"), (f"{AT}.image", "Required value")],
        ),
        (
            {"spec": {"containers": [{"name": "A_b", "image": "x"}]}},
            [(f"{AT}.name", f'Invalid value: "A_b": {LABEL}')],
        ),
        (
            {"spec": {"containers": [{"name": "a", "image": "x"}] * 2}},
            [("spec.containers[1].name", 'Duplicate value: "a"')],
        ),
        (
            container(ports=[{"name": "p", "containerPort": 1}, {"name": "p", "containerPort": 0}]),
            [
                (f"{AT}.ports[1].name", 'Duplicate value: "p"'),
                (f"{AT}.ports[1].containerPort", "Required value"),
            ],
        ),
        (
            container(ports=[{"containerPort": 70000, "protocol": "ICMP"}]),
            [
                (
                    f"{AT}.ports[0].containerPort",
                    "Invalid value: 70000: must be between 1 and 65535, inclusive",
                ),
                (
                    f"{AT}.ports[0].protocol",
                    'Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"',
                ),
            ],
        ),
        (
            container(resources={"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}),
            [
                (
                    f"{AT}.resources.requests",
                    'Invalid value: "2": must be less than or equal to cpu limit of 1',
                )
            ],
        ),
        (
            container(resources={"requests": {"memory": "-1"}}),
            [
                (
                    f"{AT}.resources.requests[memory]",
                    'Invalid value: "-1": must be greater than or equal to 0',
                )
            ],
        ),
        (
            container(volumeMounts=[{"name": "v", "mountPath": "/v"}]),
            [(f"{AT}.volumeMounts[0].name", 'Not found: "v"')],
        ),
        (
            pod(volumes=[{"name": "v", "emptyDir": {}}, {"name": "v", "emptyDir": {}}]),
            [("spec.volumes[1].name", 'Duplicate value: "v"')],
        ),
        (
            container(readinessProbe={"periodSeconds": 1}),
            [(f"{AT}.readinessProbe", "Required value: must specify a handler type")],
        ),
        (
            container(livenessProbe={"tcpSocket": {"port": 80}, "successThreshold": 2}),
            [(f"{AT}.livenessProbe.successThreshold", "Invalid value: 2: must be 1")],
        ),
        (
            container(imagePullPolicy="Sometimes"),
            [
                (
                    f"{AT}.imagePullPolicy",
                    'Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", '
                    '"Never"',
                )
            ],
        ),
        (
            pod(restartPolicy="Maybe"),
            [
                (
                    "spec.restartPolicy",
                    'Unsupported value: "Maybe": supported values: "Always", "OnFailure", "Never"',
                )
            ],
        ),
        (
            pod(tolerations=[{"effect": "NoSchedule", "operator": "Exists",
                              "tolerationSeconds": 1}]),
            [
                (
                    "spec.tolerations[0].effect",
                    "Invalid value: \"NoSchedule\": effect must be 'NoExecute' when "
                    "`tolerationSeconds` is set",
                )
            ],
        ),
        (
            pod() | {"metadata": {"name": "x", "labels": {"a b": "c d"}}},
            [
                ("metadata.labels", f'Invalid value: "a b": {names.qualified("a b")[0]}'),
                ("metadata.labels", f'Invalid value: "c d": {names.label_value("c d")[0]}'),
            ],
        ),
    ],
)  # fmt: skip
def test_an_invalid_pod_is_refused(verbs: Handlers, obj: Any, wanted: Causes) -> None:
    assert refused(verbs, PODS, obj) == wanted


@pytest.mark.parametrize(
    ("resource", "obj", "wanted"),
    [
        (
            DEPLOYMENTS,
            owner(replicas=-1),
            [("spec.replicas", "Invalid value: -1: must be greater than or equal to 0")],
        ),
        (
            DEPLOYMENTS,
            owner(selector=None),
            [
                ("spec.selector", "Required value"),
                (
                    "spec.template.metadata.labels",
                    'Invalid value: {"a":"b"}: `selector` does not match template `labels`',
                ),
            ],
        ),
        (
            DEPLOYMENTS,
            owner(selector={}),
            [("spec.selector", "Invalid value: {}: empty selector is invalid for deployment")],
        ),
        (
            DEPLOYMENTS,
            owner(strategy={"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}),
            [
                (
                    "spec.strategy.rollingUpdate.maxUnavailable",
                    "Invalid value: 0: may not be 0 when `maxSurge` is 0",
                )
            ],
        ),
        (
            DEPLOYMENTS,
            owner(strategy={"type": "Recreate", "rollingUpdate": {"maxSurge": 1}}),
            [
                (
                    "spec.strategy.rollingUpdate",
                    "Forbidden: may not be specified when strategy `type` is 'Recreate'",
                )
            ],
        ),
        (
            DEPLOYMENTS,
            owner(template={"metadata": {"labels": {"a": "b"}}, **pod(restartPolicy="Never")}),
            [
                (
                    "spec.template.spec.restartPolicy",
                    'Unsupported value: "Never": supported values: "Always"',
                )
            ],
        ),
        (
            DAEMON_SETS,
            owner(updateStrategy={"rollingUpdate": {"maxUnavailable": 0}}),
            [
                (
                    "spec.updateStrategy.rollingUpdate.maxUnavailable",
                    "Required value: cannot be 0 when maxSurge is 0",
                )
            ],
        ),
        (
            STATEFUL_SETS,
            owner(podManagementPolicy="Random"),
            [
                (
                    "spec.podManagementPolicy",
                    "Invalid value: \"Random\": must be 'OrderedReady' or 'Parallel'",
                )
            ],
        ),
        (SERVICES, {"spec": {"selector": {"a": "b"}}}, [("spec.ports", "Required value")]),
        (
            SERVICES,
            {"spec": {"ports": [{"port": 80}, {"port": 80}]}},
            [
                ("spec.ports[0].name", "Required value"),
                ("spec.ports[1].name", "Required value"),
                (
                    "spec.ports[1]",
                    'Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,'
                    '"TargetPort":0,"NodePort":0}',
                ),
            ],
        ),
        (
            SERVICES,
            {"metadata": {"name": "1x"}, "spec": {"ports": [{"port": 0}]}},
            [
                ("metadata.name", f'Invalid value: "1x": {names.dns_1035("1x")[0]}'),
                ("spec.ports[0].port", "Invalid value: 0: must be between 1 and 65535, inclusive"),
                (
                    "spec.ports[0].targetPort",
                    "Invalid value: 0: must be between 1 and 65535, inclusive",
                ),
            ],
        ),
        (
            BUDGETS,
            {"spec": {"minAvailable": "half"}},
            [("spec.minAvailable", f'Invalid value: "half": {names.percent("half")[0]}')],
        ),
        (
            CONFIG_MAPS,
            {"data": {"a b": "c"}},
            [("data[a b]", f'Invalid value: "a b": {names.config_key("a b")[0]}')],
        ),
        (
            CONFIG_MAPS,
            {"metadata": {}},
            [("metadata.name", "Required value: name or generateName is required")],
        ),
        (
            NAMESPACES,
            {"metadata": {"name": "a.b"}},
            [("metadata.name", 'Invalid value: "a.b": must not contain dots')],
        ),
        (
            NODES,
            {"spec": {"taints": [{"key": "a", "effect": "Never"}]}},
            [
                (
                    "metadata.taints[0].effect",
                    'Unsupported value: "Never": supported values: "NoSchedule", '
                    '"PreferNoSchedule", "NoExecute"',
                )
            ],
        ),
        (
            EVENTS,
            {"involvedObject": {"namespace": "elsewhere"}},
            [
                (
                    "involvedObject.namespace",
                    'Invalid value: "elsewhere": does not match event.namespace',
                )
            ],
        ),
        (
            LEASES,
            {"spec": {"leaseDurationSeconds": 0}},
            [("spec.leaseDurationSeconds", "Invalid value: 0: must be greater than 0")],
        ),
    ],
)
def test_an_invalid_object_is_refused(
    verbs: Handlers, resource: ApiResource, obj: Any, wanted: Causes
) -> None:
    assert refused(verbs, resource, obj) == wanted


def test_a_selector_of_expressions_alone_is_valid(verbs: Handlers) -> None:
    selector = {"matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}]}
    obj = {"metadata": {"name": "x"}} | owner(selector=selector)
    assert verbs.create(target(DEPLOYMENTS), body(obj), {"dryRun": "All"}).code == 201


def change(verbs: Handlers, resource: ApiResource, obj: Any, **spec: Any) -> Causes:
    """Create an object, change its spec, and return why that was refused."""
    name = f"kept-{resource.plural}"
    verbs.create(target(resource), body({"metadata": {"name": name}} | obj), {})
    patch = Body(orjson.dumps({"spec": spec}), "application/merge-patch+json")
    with pytest.raises(Refusal) as refusal:
        verbs.patch(target(resource, name), patch, {})
    return causes(refusal.value)


@pytest.mark.parametrize("resource", [DEPLOYMENTS, DAEMON_SETS])
def test_a_selector_may_not_change(verbs: Handlers, resource: ApiResource) -> None:
    template = {"metadata": {"labels": {"a": "c"}}}
    selector = {"matchLabels": {"a": "c"}}
    found = change(verbs, resource, owner(), selector=selector, template=template)
    text = 'Invalid value: {"matchLabels":{"a":"c"}}: field is immutable'
    assert found == [("spec.selector", text)]


def test_most_of_a_stateful_set_may_not_change(verbs: Handlers) -> None:
    [(field, message)] = change(verbs, STATEFUL_SETS, owner(), serviceName="other")
    assert field == "spec"
    assert message.startswith("Forbidden: updates to statefulset spec for fields other than")


def test_a_service_keeps_its_address(verbs: Handlers) -> None:
    found = change(verbs, SERVICES, {"spec": {"ports": [{"port": 80}]}}, clusterIP="10.96.1.2",
                   clusterIPs=["10.96.1.2"])  # fmt: skip
    assert found == [
        ("spec.clusterIPs[0]", 'Invalid value: ["10.96.1.2"]: may not change once set')
    ]


def test_a_pods_node_may_not_change(verbs: Handlers) -> None:
    [(field, message)] = change(verbs, PODS, pod(nodeName="node1"), nodeName="node2")
    assert field == "spec"
    assert message.startswith("Forbidden: pod updates may not change fields other than")


def test_the_same_cause_is_listed_twice_but_said_once(verbs: Handlers) -> None:
    two = [{"name": "v", "emptyDir": {}}] * 3
    obj = {"metadata": {"name": "x"}} | pod(tolerations=[{"key": "a b"}] * 2, volumes=two)
    with pytest.raises(Refusal) as refusal:
        verbs.create(target(PODS), body(obj), {})
    assert len(causes(refusal.value)) == 4
    assert refusal.value.message.count("Duplicate value") == 2
