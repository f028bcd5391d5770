"""Validation: whether an object with its defaults makes a valid object of its kind.

It follows Kubernetes' `pkg/apis/*/validation`: the same rules in the same order, with the same
words. `kinds.py` says which rules are for which kind.
"""
