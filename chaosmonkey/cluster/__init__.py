"""Watch Kubernetes and publish what happens as events of the model.

Client ─► Reflector ─► Cache ─► publish        docs/cluster.md says when its state is current
"""

from chaosmonkey.cluster.client import Client
from chaosmonkey.cluster.health import Health
from chaosmonkey.cluster.inspector import Inspector
from chaosmonkey.cluster.watch import ClusterWatch

__all__ = ["Client", "ClusterWatch", "Health", "Inspector"]
