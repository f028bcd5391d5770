"""Pull the plug on a Kubernetes node, watch the pods move, measure how long it took."""

__version__ = "0.1.0"
