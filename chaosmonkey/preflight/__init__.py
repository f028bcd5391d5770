"""Checks before a show: each finding is one line, with its remedy."""

from chaosmonkey.preflight.findings import Finding, Level, fault
from chaosmonkey.preflight.host import check_host
from chaosmonkey.preflight.run import (
    PreflightContext,
    check_cluster,
    check_everything,
    check_table,
)

__all__ = [
    "Finding",
    "Level",
    "PreflightContext",
    "check_cluster",
    "check_everything",
    "check_host",
    "check_table",
    "fault",
]
