"""The whole chain against a real Kubernetes control plane: `make real`."""
