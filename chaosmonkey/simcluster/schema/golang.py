"""What Go's own types add to the published ones: their names, and which zero values are kept.

Error messages name Go's types, and Go writes an optional field only if it is not empty. Whether a
zero is empty depends on whether Go holds it by a pointer, which the published definitions omit.
"""

from __future__ import annotations

_STRINGS: dict[str, str] = {
    "Container.imagePullPolicy": "v1.PullPolicy",
    "Container.terminationMessagePolicy": "v1.TerminationMessagePolicy",
    "Container.restartPolicy": "v1.ContainerRestartPolicy",
    "ContainerPort.protocol": "v1.Protocol",
    "DaemonSetUpdateStrategy.type": "v1.DaemonSetUpdateStrategyType",
    "DeploymentStrategy.type": "v1.DeploymentStrategyType",
    "EndpointPort.protocol": "v1.Protocol",
    "EndpointSlice.addressType": "v1.AddressType",
    "HTTPGetAction.scheme": "v1.URIScheme",
    "LabelSelectorRequirement.operator": "v1.LabelSelectorOperator",
    "NodeSelectorRequirement.operator": "v1.NodeSelectorOperator",
    "ObjectMeta.uid": "types.UID",
    "OwnerReference.uid": "types.UID",
    "PodSpec.dnsPolicy": "v1.DNSPolicy",
    "PodSpec.preemptionPolicy": "v1.PreemptionPolicy",
    "PodSpec.restartPolicy": "v1.RestartPolicy",
    "PodStatus.phase": "v1.PodPhase",
    "NamespaceStatus.phase": "v1.NamespacePhase",
    "ServicePort.protocol": "v1.Protocol",
    "ServiceSpec.externalTrafficPolicy": "v1.ServiceExternalTrafficPolicy",
    "ServiceSpec.internalTrafficPolicy": "v1.ServiceInternalTrafficPolicy",
    "ServiceSpec.ipFamilyPolicy": "v1.IPFamilyPolicy",
    "ServiceSpec.sessionAffinity": "v1.ServiceAffinity",
    "ServiceSpec.type": "v1.ServiceType",
    "StatefulSetSpec.podManagementPolicy": "v1.PodManagementPolicyType",
    "StatefulSetUpdateStrategy.type": "v1.StatefulSetUpdateStrategyType",
    "Taint.effect": "v1.TaintEffect",
    "Toleration.effect": "v1.TaintEffect",
    "Toleration.operator": "v1.TolerationOperator",
}
"""Fields whose Go type is a string with a name of its own."""

_KEPT_STRINGS = frozenset(
    {
        "ClusterTrustBundleProjection.signerName",
        "CSIVolumeSource.fsType",
        "EndpointPort.appProtocol",
        "EndpointPort.name",
        "EndpointPort.protocol",
        "Endpoint.hostname",
        "Endpoint.nodeName",
        "Endpoint.zone",
        "EndpointAddress.nodeName",
        "HostPathVolumeSource.type",
        "LeaseSpec.holderIdentity",
        "LeaseSpec.preferredHolder",
        "LeaseSpec.strategy",
        "PersistentVolumeClaimSpec.storageClassName",
        "PersistentVolumeClaimSpec.volumeAttributesClassName",
        "PodSpec.hostnameOverride",
        "PodSpec.runtimeClassName",
        "ServicePort.appProtocol",
        "ServiceSpec.loadBalancerClass",
        "TypedLocalObjectReference.apiGroup",
        "TypedObjectReference.apiGroup",
        "TypedObjectReference.namespace",
    }
)
"""Optional strings that Go holds by a pointer: an empty one is written."""

_DROPPED_ZEROS = frozenset(
    {
        "AWSElasticBlockStoreVolumeSource.partition",
        "Container.stdin",
        "Container.stdinOnce",
        "Container.tty",
        "ContainerPort.hostPort",
        "ContainerStateTerminated.signal",
        "EphemeralContainer.stdin",
        "EphemeralContainer.stdinOnce",
        "EphemeralContainer.tty",
        "DaemonSetSpec.minReadySeconds",
        "DaemonSetStatus.numberAvailable",
        "DaemonSetStatus.numberUnavailable",
        "DaemonSetStatus.observedGeneration",
        "DaemonSetStatus.updatedNumberScheduled",
        "DeploymentSpec.minReadySeconds",
        "DeploymentSpec.paused",
        "DeploymentStatus.availableReplicas",
        "DeploymentStatus.observedGeneration",
        "DeploymentStatus.readyReplicas",
        "DeploymentStatus.replicas",
        "DeploymentStatus.unavailableReplicas",
        "DeploymentStatus.updatedReplicas",
        "Event.count",
        "EventSeries.count",
        "GCEPersistentDiskVolumeSource.partition",
        "ISCSIVolumeSource.chapAuthDiscovery",
        "ISCSIVolumeSource.chapAuthSession",
        "NodeSpec.unschedulable",
        "ObjectMeta.generation",
        "PodCondition.observedGeneration",
        "PodSpec.hostIPC",
        "PodSpec.hostNetwork",
        "PodSpec.hostPID",
        "PodDisruptionBudgetStatus.observedGeneration",
        "PodStatus.observedGeneration",
        "Probe.failureThreshold",
        "Probe.initialDelaySeconds",
        "Probe.periodSeconds",
        "Probe.successThreshold",
        "Probe.timeoutSeconds",
        "ReplicaSetSpec.minReadySeconds",
        "ReplicaSetStatus.availableReplicas",
        "ReplicaSetStatus.fullyLabeledReplicas",
        "ReplicaSetStatus.observedGeneration",
        "ReplicaSetStatus.readyReplicas",
        "ScaleIOVolumeSource.sslEnabled",
        "ServicePort.nodePort",
        "ServiceSpec.healthCheckNodePort",
        "ServiceSpec.publishNotReadyAddresses",
        "StatefulSetSpec.minReadySeconds",
        "StatefulSetStatus.currentReplicas",
        "StatefulSetStatus.observedGeneration",
        "StatefulSetStatus.readyReplicas",
        "StatefulSetStatus.updatedReplicas",
    }
)
"""Optional numbers and booleans that Go holds by value: a zero is not written."""


def go_name(reference: str) -> str:
    """What Go prints for a definition: `v1.PodSpec`, `resource.Quantity`."""
    package, _, name = reference.rpartition(".")
    return f"{package.rpartition('.')[2]}.{name}"


def struct_name(printed: str) -> str:
    """A Go type without its package: `PodSpec`."""
    return printed.rpartition(".")[2]


def named_string(owner: str, field: str) -> str:
    """The Go type of a string field that has one of its own; empty for a plain string."""
    return _STRINGS.get(f"{struct_name(owner)}.{field}", "")


_KEPT_READ_ONLY = frozenset({"AzureDiskVolumeSource", "CSIVolumeSource"})
"""The volumes whose `readOnly` Go holds by a pointer; all others hold it by value."""


def keeps_zero(owner: str, field: str, value: object) -> bool:
    """Whether an optional field is written with this zero: `""`, 0 or false."""
    name = f"{owner}.{field}"
    if field == "readOnly":
        return owner in _KEPT_READ_ONLY
    return name in _KEPT_STRINGS if value == "" else name not in _DROPPED_ZEROS
