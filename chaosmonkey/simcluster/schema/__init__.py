"""Kubernetes' own types: what fields an object has, and of which type.

`kubernetes.json` holds the published OpenAPI definitions of the served kinds, and nothing else. It
is written by `make schemas` (`__main__.py`) from a pinned package.
"""
