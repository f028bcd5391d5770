"""The simulator's Kubernetes API server: URLs, lists, watches, validation and storage."""
